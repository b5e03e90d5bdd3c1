//! The quality plane: every prediction goes to a log, and a job compares windows of it with the training quarter.
//!
//! Time is that of the flights: a day of them passes in some seconds, and what runs every quarter of an hour in a real
//! service runs every day of theirs here.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use flights::data::{FEATURES, Flight};
use flights::error::Failure;
use flights::model::DelayModel;
use modelwatch::Monitor;
use modelwatch_drift::baseline::{Baseline, CategoricalProfile, Hygiene, NumericProfile};
use modelwatch_drift_job::{DriftJob, ManualClock, ModelSettings, TimeWindow, TrainingOptions, WindowReport};
use modelwatch_log::PredictionLog;
use tokio::runtime::Runtime;

use crate::replay::Replay;
use crate::server::{MODEL, class};

/// After the last request of a day was sent, for its answer and those before it.
const TAIL: Duration = Duration::from_millis(300);
/// How often it is looked whether a day is over.
const LOOK: Duration = Duration::from_millis(50);

/// The prediction log, and the job that reads it.
pub(crate) struct Quality {
    log: PredictionLog,
    job: tokio::sync::Mutex<DriftJob>,
    clock: ManualClock,
    latest: Mutex<Option<WindowReport>>,
}

impl Quality {
    /// Makes the baseline of the training flights and starts the log, both in this folder.
    pub(crate) fn start(
        runtime: &Runtime,
        folder: &Path,
        data: &Path,
        training: &[Flight],
        model: &DelayModel,
        monitor: &Monitor,
    ) -> Result<Self, Failure> {
        let baseline = baseline(runtime, data, training, model)?;
        let path = folder.join("baseline.json");
        let json = baseline.to_json().map_err(|error| Failure::new(error.to_string()))?;
        std::fs::write(&path, json).map_err(|error| unwritable(&path, &error))?;
        let root = folder.join("prediction-log");
        let log = PredictionLog::builder(&root)
            .start(monitor)
            .map_err(|error| Failure::new(format!("{error}; name another folder with --log")))?;
        let mut settings = ModelSettings::new(MODEL, text(&path), text(&root));
        (settings.window, settings.interval) = (TimeDelta::days(1), TimeDelta::days(1));
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        Ok(Self {
            log,
            job: DriftJob::new([settings], clock.clone().into()).into(),
            clock,
            latest: Mutex::new(None),
        })
    }

    /// Where predictions go.
    pub(crate) fn log(&self) -> &PredictionLog {
        &self.log
    }

    /// What the job has to say, for a scraper.
    pub(crate) fn exporter(&self) -> Monitor {
        self.job.blocking_lock().board().monitor()
    }

    /// What the last day said.
    pub(crate) fn latest(&self) -> Option<WindowReport> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at each day when it is over, until the traffic ends; at those that went by meanwhile, too, unless the traffic was stopped.
    pub(crate) fn follow(&self, runtime: &Runtime, replay: &Replay) -> Result<(), Failure> {
        for (number, week) in replay.weeks.iter().enumerate() {
            for day in week.days() {
                while !replay.has_passed(number, day.end()) {
                    if !replay.goes_on() {
                        return Ok(());
                    }
                    thread::sleep(LOOK);
                }
                if replay.is_stopped() {
                    return Ok(());
                }
                thread::sleep(TAIL);
                let report = self.run(runtime, day)?;
                *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
            }
        }
        Ok(())
    }

    /// Compares one window with the training quarter.
    pub(crate) fn run(&self, runtime: &Runtime, window: TimeWindow) -> Result<WindowReport, Failure> {
        self.log
            .flush()
            .map_err(|error| Failure::new(format!("{error}; name another folder with --log")))?;
        self.clock.set(window.end());
        let report = runtime.block_on(async { self.job.lock().await.run_window(MODEL, window).await });
        report.map_err(|error| Failure::new(error.to_string()))
    }
}

/// As `modelwatch baseline` makes it of the training file, and what the model says of the same flights.
fn baseline(runtime: &Runtime, data: &Path, training: &[Flight], model: &DelayModel) -> Result<Baseline, Failure> {
    let failed =
        |error: &dyn std::error::Error| Failure::new(format!("can't make a baseline of the training flights: {error}"));
    let mut options = TrainingOptions::new(MODEL, [text(&data.join("train-2013q1.parquet"))]);
    options.features = FEATURES.map(String::from).into();
    options.time = Some("event_time".into());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let built = runtime.block_on(options.build(threads, |_| ()));
    let of_features = built.map_err(|error| failed(&error))?.baseline;
    let scores: Vec<f64> = training.iter().map(|flight| model.score(&flight.features)).collect();
    let late = scores.iter().filter(|score| class(**score) == "late").count() as u64;
    let classes = [
        ("late".to_owned(), late),
        ("on_time".to_owned(), scores.len() as u64 - late),
    ];
    let hygiene = Hygiene::default();
    let score = NumericProfile::from_values("score", scores, 0, &hygiene).map_err(|error| failed(&error))?;
    let classes = CategoricalProfile::new("class", classes, 0, &hygiene).map_err(|error| failed(&error))?;
    let (about, features) = (of_features.about().clone(), of_features.features().to_vec());
    Baseline::new(about, features, Some(score), Some(classes)).map_err(|error| failed(&error))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "can't write {}: {error}; name another folder with --log",
        path.display()
    ))
}

/// Where the log is kept: a folder somebody named, or one that goes with the demo.
#[derive(Debug)]
pub(crate) enum Folder {
    Named(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    pub(crate) fn new(named: Option<&PathBuf>) -> Result<Self, Failure> {
        match named {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
                Ok(Self::Named(folder.clone()))
            }
            None => tempfile::tempdir()
                .map(Self::Temporary)
                .map_err(|error| unwritable(&std::env::temp_dir(), &error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Named(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// The day before an instant, as a person says it.
pub(crate) fn day(window: TimeWindow) -> String {
    let middle: DateTime<Utc> = window.start() + window.length() / 2;
    middle.format("%-d %B %Y").to_string()
}
