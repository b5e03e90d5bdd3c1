//! Measures the performance of models again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::board::{Ended, PerformanceBoard};
use super::error::{Files, PerformanceError};
use super::metrics::readings;
use super::report::PerformanceReport;
use super::settings::PerformanceSettings;
use crate::clock::Clock;

/// Measures the performance of models when it is due, and keeps the [`PerformanceBoard`] up to date. It runs one model
/// at a time, so that memory is bounded by a single run.
/// # Example: a run that fails because its files are missing
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_drift_job::Clock;
/// use modelwatch_drift_job::performance::{
///     PerformanceBoard, PerformanceError, PerformanceJob, PerformanceOptions, PerformanceRun, PerformanceSettings,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let at = |name: &str| folder.path().join(name).display().to_string();
/// let mut options = PerformanceOptions::new("late", [at("scored-q1.csv")], [at("scored-april.csv")]);
/// options.score = Some("probability".to_owned());
/// let mut job = PerformanceJob::new([PerformanceSettings::new("flight-delay", options)], Clock::system());
/// let monitor = Monitor::new();
/// let board: PerformanceBoard = job.board();
/// board.expose(&monitor);
///
/// let runs: Vec<PerformanceRun> = job.run_due().await;
/// assert!(matches!(runs[0].result, Err(PerformanceError::Files { .. })));
/// assert!(job.run_due().await.is_empty()); // the next is due in an hour
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PerformanceJob {
    models: Vec<Model>,
    board: PerformanceBoard,
    clock: Clock,
}

#[derive(Debug)]
struct Model {
    settings: PerformanceSettings,
    /// When its last run began.
    last: Option<DateTime<Utc>>,
}

/// Reports a finished run.
/// The example of [`PerformanceJob`](crate::performance::PerformanceJob) has one.
#[derive(Debug)]
#[non_exhaustive]
pub struct PerformanceRun {
    /// The model's name.
    pub model: String,
    /// The report, or why there is none.
    pub result: Result<PerformanceReport, PerformanceError>,
    /// Why outcomes can't be read, if the report has only estimates without labels.
    pub outcomes: Option<PerformanceError>,
}

/// How long the job sleeps at most before it checks for new settings.
const NAP: Duration = Duration::from_secs(5);

impl PerformanceJob {
    /// Creates a job that watches these models.
    pub fn new(models: impl IntoIterator<Item = PerformanceSettings>, clock: Clock) -> Self {
        let mut job = Self {
            models: Vec::new(),
            board: PerformanceBoard::new(clock.clone()),
            clock,
        };
        job.configure(models);
        job
    }

    /// Applies new settings. A model whose settings changed is due at once. A model that is gone leaves the board.
    pub fn configure(&mut self, models: impl IntoIterator<Item = PerformanceSettings>) {
        let mut former: HashMap<_, _> = self
            .models
            .drain(..)
            .map(|model| (model.settings.model.clone(), model))
            .collect();
        for settings in models {
            let same = former
                .remove(&settings.model)
                .filter(|former| former.settings.asks_the_same(&settings));
            let last = same.and_then(|former| former.last);
            self.models.push(Model { settings, last });
        }
        self.board
            .keep(self.models.iter().map(|model| model.settings.model.as_str()));
    }

    /// Returns the board to publish.
    #[must_use]
    pub fn board(&self) -> PerformanceBoard {
        self.board.clone()
    }

    /// Runs each model that is due, once.
    pub async fn run_due(&mut self) -> Vec<PerformanceRun> {
        let mut runs = Vec::new();
        for position in 0..self.models.len() {
            if self.models[position].is_due(self.clock.now()) {
                runs.push(self.run(position).await);
            }
        }
        runs
    }

    /// Runs every model when it is due, forever. Calls `settings` every few seconds for changed settings, and `tell`
    /// with the result of every run.
    pub async fn watch(
        &mut self,
        mut settings: impl FnMut() -> Option<Vec<PerformanceSettings>>,
        mut tell: impl FnMut(&PerformanceRun),
    ) {
        loop {
            if let Some(models) = settings() {
                self.configure(models);
            }
            self.run_due().await.iter().for_each(&mut tell);
            let now = self.clock.now();
            let due = self.models.iter().filter_map(|model| model.next()).min();
            let until_due = due.and_then(|due| (due - now).to_std().ok());
            tokio::time::sleep(until_due.map_or(NAP, |until_due| until_due.min(NAP))).await;
        }
    }

    async fn run(&mut self, position: usize) -> PerformanceRun {
        let began = Instant::now();
        let now = self.clock.now();
        let model = &mut self.models[position];
        model.last = Some(now);
        let settings = &model.settings;
        let mut options = settings.options.clone();
        options.now = now;
        options.since = now.checked_sub_signed(settings.period);
        options.timeout = Some(settings.timeout);
        let (result, outcomes) = match options.run_without_outcomes().await {
            Ok((report, outcomes)) => (Ok(report), outcomes),
            Err(error) => (Err(error), None),
        };
        let ended = match (&result, &outcomes) {
            (Ok(_), None) => Ended::Success,
            (Ok(_), Some(_)) => Ended::Outcomes,
            (Err(error), _) => ended(error),
        };
        let figures = result.as_ref().ok().map(|report| readings(report, &settings.model));
        self.board
            .ran(&settings.model, ended, began.elapsed(), figures, settings.interval);
        PerformanceRun {
            model: settings.model.clone(),
            result,
            outcomes,
        }
    }
}

impl Model {
    fn next(&self) -> Option<DateTime<Utc>> {
        self.last?.checked_add_signed(self.settings.interval)
    }

    /// Returns whether a run is due. If the clock was set back, the model does not wait until it has caught up.
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.last.is_none_or(|last| now < last) || self.next().is_some_and(|next| next <= now)
    }
}

fn ended(error: &PerformanceError) -> Ended {
    match error {
        PerformanceError::Files { of, .. } => match of {
            Files::Reference => Ended::Reference,
            Files::Predictions => Ended::Predictions,
            Files::Outcomes => Ended::Outcomes,
        },
        PerformanceError::Column { .. } | PerformanceError::ColumnType { .. } | PerformanceError::Missing { .. } => {
            Ended::Columns
        }
        PerformanceError::Timeout(_) => Ended::Timeout,
        PerformanceError::NoLabels
        | PerformanceError::Positive { .. }
        | PerformanceError::ManyClasses { .. }
        | PerformanceError::Classes(_)
        | PerformanceError::Reference(_) => Ended::Reference,
        PerformanceError::Spool(_) | PerformanceError::Unmergeable(_) => Ended::Failure,
    }
}
