//! The quality plane: every prediction goes to a log, and a job compares windows of it with the training quarter.
//!
//! Time is that of the flights: a day of them passes in some seconds, and what runs every quarter of an hour in a real
//! service runs every day of theirs here. Under a real Prometheus, time is what it is, and the windows are short.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, TimeDelta, Utc};
use flights::data::{FEATURES, Flight};
use flights::error::Failure;
use flights::model::DelayModel;
use modelwatch::Monitor;
use modelwatch_drift::baseline::Baseline;
use modelwatch_drift_job::{DriftJob, ManualClock, ModelSettings, TimeWindow, TrainingOptions, WindowReport};
use modelwatch_log::PredictionLog;
use parquet::arrow::ArrowWriter;
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
    /// How long a window of real time is; nothing where windows are days of the flights.
    window: Option<Duration>,
}

impl Quality {
    /// Makes the baseline of the training flights and starts the log, both in this folder.
    pub(crate) fn start(
        runtime: &Runtime,
        folder: &Path,
        training: &[Flight],
        model: &DelayModel,
        monitor: &Monitor,
        window: Option<Duration>,
    ) -> Result<Self, Failure> {
        let baseline = baseline(runtime, folder, training, model)?;
        let path = folder.join("baseline.json");
        let json = baseline.to_json().map_err(|error| Failure::new(error.to_string()))?;
        std::fs::write(&path, json).map_err(|error| unwritable(&path, &error))?;
        let root = folder.join("prediction-log");
        let log = PredictionLog::builder(&root)
            .start(monitor)
            .map_err(|error| Failure::new(format!("{error}; name another folder with --log")))?;
        let mut settings = ModelSettings::new(MODEL, text(&path), text(&root));
        settings.window = window.map_or(TimeDelta::days(1), length);
        settings.interval = settings.window;
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        Ok(Self {
            log,
            job: DriftJob::new([settings], clock.clone().into()).into(),
            clock,
            latest: Mutex::new(None),
            window,
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

    /// Looks at each window when it is over, until the traffic ends.
    pub(crate) fn follow(&self, runtime: &Runtime, replay: &Replay) -> Result<(), Failure> {
        let Some(window) = self.window else {
            return self.follow_days(runtime, replay);
        };
        let mut due = Instant::now() + window;
        loop {
            while Instant::now() < due {
                if !replay.goes_on() {
                    return Ok(());
                }
                thread::sleep(LOOK);
            }
            due += window;
            let end = Utc::now() - length(TAIL);
            if let Some(window) = TimeWindow::new(end - length(window), end) {
                self.look(runtime, window)?;
            }
        }
    }

    /// Looks at each day when it is over, until the traffic ends; at those that went by meanwhile, too, unless the traffic was stopped.
    fn follow_days(&self, runtime: &Runtime, replay: &Replay) -> Result<(), Failure> {
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
                self.look(runtime, day)?;
            }
        }
        Ok(())
    }

    /// Compares one window with the training quarter, and keeps what that says.
    fn look(&self, runtime: &Runtime, window: TimeWindow) -> Result<(), Failure> {
        let report = self.run(runtime, window)?;
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
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

/// As `modelwatch baseline --time event_time --score score --class class` makes it of a file of the training flights that has
/// what the model says of each.
fn baseline(runtime: &Runtime, folder: &Path, training: &[Flight], model: &DelayModel) -> Result<Baseline, Failure> {
    let file = folder.join("training.parquet");
    write_training(&file, training, model).map_err(|error| unwritable(&file, error.as_ref()))?;
    let mut options = TrainingOptions::new(MODEL, [text(&file)]);
    options.time = Some("event_time".into());
    options.score = Some("score".into());
    options.class = Some("class".into());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let built = runtime.block_on(options.build(threads, |_| ()));
    built
        .map(|built| built.baseline)
        .map_err(|error| Failure::new(format!("can't make a baseline of the training flights: {error}")))
}

fn write_training(file: &Path, training: &[Flight], model: &DelayModel) -> Result<(), Box<dyn std::error::Error>> {
    let times = training.iter().map(|flight| {
        let departs = DateTime::<Utc>::from(flight.scheduled);
        departs.timestamp_micros()
    });
    let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
    let scores: Vec<f64> = training.iter().map(|flight| model.score(&flight.features)).collect();
    let classes = StringArray::from_iter_values(scores.iter().map(|score| class(*score)));
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("event_time", Arc::new(times)),
        ("score", Arc::new(Float64Array::from(scores))),
        ("class", Arc::new(classes)),
    ];
    for (position, name) in FEATURES.into_iter().enumerate() {
        let values: Float64Array = training.iter().map(|flight| flight.features[position]).collect();
        columns.push((name, Arc::new(values)));
    }
    let rows = RecordBatch::try_from_iter(columns)?;
    let mut writer = ArrowWriter::try_new(File::create(file)?, rows.schema(), None)?;
    writer.write(&rows)?;
    writer.close()?;
    Ok(())
}

/// A duration as dates count it.
fn length(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn unwritable(path: &Path, error: &dyn std::error::Error) -> Failure {
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
