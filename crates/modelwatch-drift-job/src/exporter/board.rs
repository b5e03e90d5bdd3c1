//! Holds the latest result for each model, until it is too old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch::contract::{self, Metric, SourceMetric};
use modelwatch::{Format, Monitor, Readings};
use modelwatch_drift::baseline::Baseline;
use parking_lot::Mutex;

use super::former;
use crate::clock::Clock;
use crate::engine::Reason;
use crate::subject::Subject;
use crate::window_report::{SubjectReport, Verdict, WindowReport};

/// The number of intervals after which scores are withdrawn: repeated forever, they would look current.
const INTERVALS_KEPT: i32 = 3;

/// Holds the published metrics of every model. Clones share the board.
///
/// Scores stay until the next run, or for three intervals if there is none or all fail. The time of the last finished
/// run, the number of runs and the baseline in use stay for longer, and with the baseline each feature's share of
/// missing values in training.
/// # Example: the page of a job that has not run yet
///
/// ```
/// use modelwatch_drift_job::exporter::Board;
/// use modelwatch_drift_job::{Clock, DriftJob, ModelSettings};
///
/// let settings = ModelSettings::new("claims-risk", "baselines/claims-risk.json", "prediction-log");
/// let board: Board = DriftJob::new([settings], Clock::system()).board();
/// let page = String::from_utf8(board.page())?;
/// assert!(page.contains("ml_drift_runs_total"), "{page}");
/// # Ok::<(), std::string::FromUtf8Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Board {
    models: Arc<Mutex<BTreeMap<String, Entry>>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Entry {
    baseline: Option<InUse>,
    last_success: Option<DateTime<Utc>>,
    duration: Option<Duration>,
    success: u64,
    too_few_rows: u64,
    no_rows: u64,
    failure: u64,
    scores: Option<Scores>,
}

/// Describes the baseline that windows are compared with.
#[derive(Debug)]
struct InUse {
    version: String,
    created: DateTime<Utc>,
    /// Each feature, with the share of training's rows that lack it.
    missing: Vec<(String, f64)>,
}

#[derive(Debug)]
struct Scores {
    until: DateTime<Utc>,
    readings: Vec<(&'static SourceMetric, Vec<String>, f64)>,
}

impl Board {
    /// Creates an empty board whose scores age by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            models: Arc::default(),
            clock,
        }
    }

    /// Creates a monitor whose page is this board, in every format that a scraper may request.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        let monitor = Monitor::new();
        self.expose(&monitor);
        monitor
    }

    /// Adds the board to the page of a monitor that also shows other metrics.
    pub fn expose(&self, monitor: &Monitor) {
        let board = self.clone();
        monitor.add_source(move |readings| board.read(readings));
    }

    /// Returns the board as a page of Prometheus text, for destinations that take pages instead of scraping.
    #[must_use]
    pub fn page(&self) -> Vec<u8> {
        let monitor = Monitor::builder().process_metrics(false).build().unwrap_or_default();
        self.expose(&monitor);
        monitor.encode(Format::PrometheusText)
    }

    /// Restores, from a page that an earlier process published, when each model last finished and its number of runs.
    /// Does not restore scores.
    pub fn resume(&self, page: &str) {
        let mut models = self.models.lock();
        for line in page.lines() {
            let read = |metric: &Metric| former::sample(line, metric.name);
            let entry = |labels: &[(String, String)]| {
                let model = labels.iter().find(|(name, _)| name == "model_name")?;
                Some(model.1.clone())
            };
            if let Some((labels, value)) = read(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP)
                && let Some(entry) = entry(&labels).and_then(|model| models.get_mut(&model))
            {
                entry.last_success = DateTime::from_timestamp_micros((value * 1e6) as i64);
            } else if let Some((labels, value)) = read(&contract::DRIFT_RUNS)
                && let Some(entry) = entry(&labels).and_then(|model| models.get_mut(&model))
                && let Some((_, result)) = labels.iter().find(|(name, _)| name == "result")
            {
                match result.as_str() {
                    "success" => entry.success = value as u64,
                    "too_few_rows" => entry.too_few_rows = value as u64,
                    "no_rows" => entry.no_rows = value as u64,
                    "failure" => entry.failure = value as u64,
                    _ => {}
                }
            }
        }
    }

    /// Removes the models that are not in `models`.
    pub(crate) fn keep<'a>(&self, models: impl Iterator<Item = &'a str>) {
        let mut board = self.models.lock();
        let mut former = std::mem::take(&mut *board);
        for model in models {
            board.insert(model.to_owned(), former.remove(model).unwrap_or_default());
        }
    }

    /// Records a run that succeeded.
    pub(crate) fn ran(&self, report: &WindowReport, interval: TimeDelta) {
        let mut models = self.models.lock();
        let entry = models.entry(report.model.clone()).or_default();
        entry.in_use(&report.baseline);
        entry.last_success = Some(report.finished);
        entry.duration = Some(report.took);
        match report.verdict {
            Verdict::Scored(_) => entry.success += 1,
            Verdict::TooFewRows { .. } => entry.too_few_rows += 1,
            Verdict::NoRows => entry.no_rows += 1,
        }
        let until = report.finished.checked_add_signed(interval * INTERVALS_KEPT);
        entry.scores = Some(Scores {
            until: until.unwrap_or(DateTime::<Utc>::MAX_UTC),
            readings: readings(report),
        });
    }

    /// Records a run that failed. The previous results stay until they are too old.
    pub(crate) fn failed(&self, model: &str, baseline: Option<&Baseline>, took: Duration) {
        let mut models = self.models.lock();
        let entry = models.entry(model.to_owned()).or_default();
        if let Some(baseline) = baseline {
            entry.in_use(baseline);
        }
        entry.duration = Some(took);
        entry.failure += 1;
    }

    fn read(&self, readings: &mut Readings) {
        let now = self.clock.now();
        for (model, entry) in &*self.models.lock() {
            let model = model.as_str();
            if let Some(baseline) = &entry.baseline {
                readings.push(&contract::DRIFT_BASELINE_INFO, &[model, &baseline.version], 1.0);
                readings.push(&contract::DRIFT_BASELINE_TIMESTAMP, &[model], seconds(baseline.created));
                for (feature, ratio) in &baseline.missing {
                    let reference = &contract::FEATURE_MISSING_REFERENCE_RATIO;
                    readings.push(reference, &[model, feature], *ratio);
                }
            }
            if let Some(last_success) = entry.last_success {
                readings.push(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP, &[model], seconds(last_success));
            }
            if let Some(duration) = entry.duration {
                readings.push(&contract::DRIFT_RUN_DURATION, &[model], duration.as_secs_f64());
            }
            let runs = [
                ("success", entry.success),
                ("too_few_rows", entry.too_few_rows),
                ("no_rows", entry.no_rows),
                ("failure", entry.failure),
            ];
            for (result, runs) in runs {
                readings.push(&contract::DRIFT_RUNS, &[model, result], runs as f64);
            }
            for (metric, labels, value) in entry
                .scores
                .iter()
                .filter(|scores| now < scores.until)
                .flat_map(|scores| &scores.readings)
            {
                let labels: Vec<_> = labels.iter().map(String::as_str).collect();
                readings.push(metric, &labels, *value);
            }
        }
    }
}

impl Entry {
    fn in_use(&mut self, baseline: &Baseline) {
        let about = baseline.about();
        let missing = baseline
            .features()
            .iter()
            .filter_map(|(feature, profile)| Some((feature.clone(), profile.missing_ratio()?)));
        self.baseline = Some(InUse {
            version: about.version.clone(),
            created: about.created,
            missing: missing.collect(),
        });
    }
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_micros() as f64 / 1e6
}

/// Returns a window's results as rows of the contract.
fn readings(report: &WindowReport) -> Vec<(&'static SourceMetric, Vec<String>, f64)> {
    let model = &report.model;
    let mut readings = vec![(&contract::DRIFT_WINDOW_ROWS, vec![model.clone()], report.rows as f64)];
    // Every reason gets a series, so that nothing left out shows as 0 instead of an absent series.
    let (files, rows) = (report.left_out.files_by_reason(), report.left_out.rows_by_reason());
    for reason in Reason::ALL {
        let labels = || vec![model.clone(), reason.name().to_owned()];
        let of = |counts: &BTreeMap<Reason, u64>| counts.get(&reason).copied().unwrap_or_default() as f64;
        readings.push((&contract::DRIFT_LEFT_OUT_FILES, labels(), of(&files)));
        readings.push((&contract::DRIFT_LEFT_OUT_ROWS, labels(), of(&rows)));
    }
    for subject in report.verdict.subjects() {
        let (metrics, labels) = match &subject.subject {
            Subject::Feature(feature) => (
                [&contract::DATA_DRIFT_SCORE, &contract::DATA_DRIFT_DETECTED],
                vec![model.clone(), feature.clone()],
            ),
            Subject::Score => (
                [&contract::PREDICTION_DRIFT_SCORE, &contract::PREDICTION_DRIFT_DETECTED],
                vec![model.clone()],
            ),
            Subject::Classes => (
                [&contract::CLASS_DRIFT_SCORE, &contract::CLASS_DRIFT_DETECTED],
                vec![model.clone()],
            ),
        };
        if let Subject::Feature(_) = &subject.subject {
            let ratios = [
                (&contract::FEATURE_MISSING_RATIO, subject.counts.missing_ratio()),
                (
                    &contract::FEATURE_OUT_OF_RANGE_RATIO,
                    subject.counts.out_of_range_ratio(),
                ),
            ];
            for (metric, ratio) in ratios {
                readings.extend(ratio.map(|ratio| (metric, labels.clone(), ratio)));
            }
        }
        if let Subject::Feature(feature) = &subject.subject {
            for change in subject.explanation.iter().flat_map(|explanation| &explanation.changes) {
                let labels = vec![model.clone(), feature.clone(), change.kind().name().to_owned()];
                readings.push((&contract::DRIFT_CHANGE, labels, 1.0));
            }
        }
        drift(&mut readings, subject, metrics, &labels);
    }
    if let Some((joint, measurement)) =
        (report.joint.as_ref()).and_then(|joint| Some((joint, joint.measurement.as_ref().ok()?)))
    {
        let labels = || vec![model.clone()];
        readings.push((&contract::JOINT_DRIFT_SCORE, labels(), measurement.score));
        let detected = f64::from(u8::from(joint.detected));
        readings.push((&contract::JOINT_DRIFT_DETECTED, labels(), detected));
        readings.push((&contract::JOINT_RECONSTRUCTION_ERROR, labels(), measurement.error));
        for pair in &measurement.pairs {
            let labels = vec![model.clone(), pair.feature.clone(), pair.other.clone()];
            readings.push((&contract::JOINT_CORRELATION_CHANGE, labels, pair.now - pair.before));
        }
    }
    for version in &report.versions {
        for subject in version.verdict.subjects() {
            let mut labels = vec![model.clone(), version.name().to_owned()];
            let metrics = match &subject.subject {
                Subject::Feature(feature) => {
                    labels.push(feature.clone());
                    [
                        &contract::VERSION_DATA_DRIFT_SCORE,
                        &contract::VERSION_DATA_DRIFT_DETECTED,
                    ]
                }
                Subject::Score => [
                    &contract::VERSION_PREDICTION_DRIFT_SCORE,
                    &contract::VERSION_PREDICTION_DRIFT_DETECTED,
                ],
                Subject::Classes => [
                    &contract::VERSION_CLASS_DRIFT_SCORE,
                    &contract::VERSION_CLASS_DRIFT_DETECTED,
                ],
            };
            drift(&mut readings, subject, metrics, &labels);
        }
    }
    for segment in &report.segments {
        for subject in segment.verdict.subjects() {
            // Features only: the scores of a segment depend on whom the segment covers.
            if let Subject::Feature(feature) = &subject.subject {
                let labels = [
                    model.clone(),
                    segment.segment.clone(),
                    segment.name().to_owned(),
                    feature.clone(),
                ];
                let metrics = [
                    &contract::SEGMENT_DATA_DRIFT_SCORE,
                    &contract::SEGMENT_DATA_DRIFT_DETECTED,
                ];
                drift(&mut readings, subject, metrics, &labels);
            }
        }
    }
    readings
}

fn drift(
    readings: &mut Vec<(&'static SourceMetric, Vec<String>, f64)>,
    subject: &SubjectReport,
    [score, detected]: [&'static SourceMetric; 2],
    labels: &[String],
) {
    if let Ok(measurement) = &subject.measurement {
        readings.push((score, labels.to_vec(), measurement.score));
        readings.push((detected, labels.to_vec(), f64::from(u8::from(subject.detected))));
    }
}
