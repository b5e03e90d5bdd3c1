//! The drift job itself: makes the baseline, and compares each window it is asked for.

use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, Utc};
use flights::data::{self, FEATURES, Flight};
use flights::error::Failure;
use flights::model::DelayModel;
use flights::version::{STABLE, divide};
use modelwatch_drift::baseline::Baseline;
use modelwatch_drift_job::exporter::Board;
use modelwatch_drift_job::{DriftJob, ManualClock, ModelSettings, TimeWindow, TrainingOptions, WindowReport};
use parquet::arrow::ArrowWriter;
use tokio::runtime::Runtime;

use super::protocol::{News, Order, Report, Subject, Window, length};
use crate::folder::{LOG, unwritable};
use crate::model::{MODEL, class};

/// Does what standard input orders until it is closed, and says what comes of it on standard output.
///
/// What fails is news like any other, and the exit code tells it, too.
pub fn run() -> ExitCode {
    let said = tell(&News::Started).and_then(|()| work(&orders()));
    let Err(failure) = said else {
        return ExitCode::SUCCESS;
    };
    // Whom nobody hears has nobody to tell.
    let _ = tell(&News::Failed(failure.to_string()));
    ExitCode::from(2)
}

/// The orders, as they come. Who gives them is gone when standard input is closed, and so is the job, whatever it does.
fn orders() -> mpsc::Receiver<Result<Order, Failure>> {
    let (sender, orders) = mpsc::channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let order = line.map_err(|error| error.to_string()).and_then(|line| {
                let order = serde_json::from_str(&line);
                order.map_err(|error| format!("{line:?} is no order: {error}; the demo starts this program"))
            });
            let is_last = order.is_err();
            if sender.send(order.map_err(Failure::new)).is_err() || is_last {
                return;
            }
        }
        std::process::exit(0);
    });
    orders
}

fn work(orders: &mpsc::Receiver<Result<Order, Failure>>) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::new(format!("can't start the runtime: {error}")))?;
    let mut job = None;
    for order in orders {
        match (order?, &mut job) {
            (Order::Start { data, folder, window }, _) => {
                let started = Job::start(&runtime, &data, &folder, window)?;
                tell(&News::Ready { page: started.page() })?;
                job = Some(started);
            }
            (Order::Compare(window), Some(job)) => {
                let report = job.compare(&runtime, window)?;
                tell(&News::Compared {
                    report,
                    page: job.page(),
                })?;
            }
            (Order::Compare(_), None) => return Err(Failure::new("there is no baseline to compare with yet")),
        }
    }
    Ok(())
}

fn tell(news: &News) -> Result<(), Failure> {
    let line = serde_json::to_string(news).map_err(|error| Failure::new(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    let told = writeln!(out, "{line}").and_then(|()| out.flush());
    told.map_err(|error| Failure::new(format!("can't tell the demo: {error}")))
}

struct Job {
    job: DriftJob,
    board: Board,
    clock: ManualClock,
}

impl Job {
    /// Makes the baseline of the training flights in the folder of the log.
    fn start(runtime: &Runtime, data: &Path, folder: &Path, window: Duration) -> Result<Self, Failure> {
        let (_, training) = divide(data::read(&data.join("train-2013q1.parquet"))?);
        let baseline = baseline(runtime, folder, &training, &STABLE.load()?)?;
        let path = folder.join("baseline.json");
        let json = baseline.to_json().map_err(|error| Failure::new(error.to_string()))?;
        std::fs::write(&path, json).map_err(|error| unwritable(&path, &error))?;
        let mut settings = ModelSettings::new(MODEL, text(&path), text(&folder.join(LOG)));
        settings.window = length(window);
        settings.interval = settings.window;
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let job = DriftJob::new([settings], clock.clone().into());
        Ok(Self {
            board: job.board(),
            job,
            clock,
        })
    }

    /// Compares one window with the training quarter.
    fn compare(&mut self, runtime: &Runtime, window: Window) -> Result<Report, Failure> {
        let Some(of_time) = TimeWindow::new(window.start, window.end) else {
            return Err(Failure::new(format!("{window:?} ends before it begins")));
        };
        self.clock.set(window.end);
        let report = runtime.block_on(self.job.run_window(MODEL, of_time));
        report
            .map(|report| said(window, &report))
            .map_err(|error| Failure::new(error.to_string()))
    }

    /// What it exports.
    fn page(&self) -> String {
        String::from_utf8_lossy(&self.board.page()).into_owned()
    }
}

/// What a report says to the demo.
fn said(window: Window, report: &WindowReport) -> Report {
    let subjects = report.verdict.subjects();
    let measured = subjects.iter().any(|subject| subject.measurement.is_ok());
    Report {
        window,
        rows: report.rows,
        usual: measured && subjects.iter().all(|subject| subject.in_a_row == 0),
        subjects: subjects
            .iter()
            .map(|subject| Subject {
                name: subject.subject.to_string(),
                distance: (subject.measurement.as_ref())
                    .map(|measurement| measurement.score)
                    .map_err(Clone::clone),
                drifts: (subject.measurement.as_ref()).is_ok_and(|measurement| measurement.drifts(&subject.rule)),
                detected: subject.detected,
            })
            .collect(),
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

fn text(path: &Path) -> String {
    path.display().to_string()
}
