//! What people see while long work goes on.

use std::io::{IsTerminal as _, Write as _};
#[cfg(feature = "drift")]
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[cfg(feature = "drift")]
use modelwatch_drift_job::performance::PerformanceProgress;
#[cfg(feature = "drift")]
use modelwatch_drift_job::{CompactionProgress, DriftJob, DriftProgress, TrainingProgress};

/// How far the work is: a line that is written over on a terminal, else a line every few seconds.
pub(crate) struct Progress {
    terminal: bool,
    last: Instant,
}

/// A step of the work, in words; `None` where there is nothing to say.
pub(crate) trait Step {
    fn text(&self) -> Option<String>;
}

#[cfg(feature = "drift")]
impl Step for TrainingProgress {
    fn text(&self) -> Option<String> {
        match self {
            Self::Looking { file, done, of } => Some(format!("looking at file {} of {of}: {file}", done + 1)),
            Self::Reading { rows, of } => Some(format!("{rows} of {of} rows read")),
            Self::Column { name, done, of } => Some(format!("{done} of {of} columns: {name}")),
            _ => None,
        }
    }
}

#[cfg(feature = "drift")]
impl Step for PerformanceProgress {
    fn text(&self) -> Option<String> {
        match self {
            Self::Looking { files, file, done, of } => {
                let files = files.name();
                Some(format!("{files}: looking at file {} of {of}: {file}", done + 1))
            }
            Self::Reading {
                files,
                file,
                done,
                of,
                rows,
            } => {
                let files = files.name();
                Some(format!("{rows} rows read; {files}: file {} of {of}: {file}", done + 1))
            }
            Self::Joining { done, of } => Some(format!("joining labels: {done} of {of} parts")),
            _ => None,
        }
    }
}

#[cfg(feature = "drift")]
impl Step for DriftProgress {
    fn text(&self) -> Option<String> {
        match self {
            Self::Counting {
                model,
                window,
                done,
                of,
            } => Some(format!("{model}: window {} of {of}, {window}", done + 1)),
            _ => None,
        }
    }
}

#[cfg(feature = "drift")]
impl Step for CompactionProgress {
    fn text(&self) -> Option<String> {
        match self {
            Self::Merging { hour, done, of } => Some(format!("hour {} of {of}: {}", done + 1, hour.display())),
            _ => None,
        }
    }
}

/// Before the first line and between two, where none is written over: work that is done by then needs none.
const PAUSE: Duration = Duration::from_secs(10);

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            last: Instant::now(),
        }
    }

    pub(crate) fn tell(&mut self, step: &impl Step) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let Some(text) = step.text() else { return };
        let mut stderr = std::io::stderr();
        // Nobody reads it, and the work goes on.
        if self.terminal {
            let _ = write!(stderr, "\r\x1b[K{text}");
        } else if self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            let _ = writeln!(stderr, "{text}");
        }
    }

    pub(crate) fn end(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// What a job tells while it runs, until this is dropped.
#[cfg(feature = "drift")]
pub(crate) struct Listening(Arc<Mutex<Progress>>);

#[cfg(feature = "drift")]
impl Listening {
    pub(crate) fn to(job: DriftJob) -> (DriftJob, Self) {
        let progress = Arc::new(Mutex::new(Progress::new()));
        let listening = Self(Arc::clone(&progress));
        let tell = move |step: &DriftProgress| progress.lock().unwrap_or_else(PoisonError::into_inner).tell(step);
        (job.progress(tell), listening)
    }
}

#[cfg(feature = "drift")]
impl Drop for Listening {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).end();
    }
}
