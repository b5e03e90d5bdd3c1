//! What people see while files are read.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use modelwatch_drift_job::TrainingProgress;

/// How far the work is: a line that is written over on a terminal, else a line every few seconds.
pub(crate) struct Progress {
    terminal: bool,
    last: Instant,
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

    pub(crate) fn tell(&mut self, progress: &TrainingProgress) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let text = match progress {
            TrainingProgress::Looking { file, done, of } => format!("looking at file {} of {of}: {file}", done + 1),
            TrainingProgress::Reading { rows, of } => format!("{rows} of {of} rows read"),
            TrainingProgress::Column { name, done, of } => format!("{done} of {of} columns: {name}"),
            _ => return,
        };
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
