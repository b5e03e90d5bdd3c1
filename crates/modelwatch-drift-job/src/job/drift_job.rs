//! Runs the comparisons of all watched models.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::error::JobError;
use super::progress::{DriftProgress, Listener};
use super::settings::ModelSettings;
use super::watched::Watched;
use crate::clock::Clock;
use crate::exporter::Board;
use crate::time_window::TimeWindow;
use crate::window_report::WindowReport;

/// Compares windows of prediction logs with their baselines, and keeps the [`Board`] up to date.
/// # Example: two days of a table against its training
///
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use modelwatch_drift_job::{
///     Contrast, DriftJob, DriftProgress, JointReport, ManualClock, ModelSettings, Moved, Past, Subject, TableColumns, Tables, TimeWindow,
///     TrainingOptions, VersionReport,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let at = |name: &str| folder.path().join(name).display().to_string();
/// let day = |day: u32, times: usize| {
///     let row = move |row: usize| format!("2026-04-0{day}T12:00:00Z,7,{}\n", (200 + row * 7 % 997) * times);
///     (0..2_000).map(row).collect::<String>()
/// };
/// std::fs::write(at("training.csv"), format!("time,model_version,income\n{}", day(1, 1)))?;
/// std::fs::write(at("april.csv"), format!("time,model_version,income\n{}{}", day(2, 1), day(3, 10)))?;
/// let mut options = TrainingOptions::new("claims-risk", [at("training.csv")]);
/// options.without = vec!["time".to_owned(), "model_version".to_owned()];
/// std::fs::write(at("baseline.json"), options.build(1, |_| {}).await?.baseline.to_json()?)?;
///
/// let mut settings = ModelSettings::new("claims-risk", at("baseline.json"), at("april.csv"));
/// let columns = TableColumns { time: Some("time".to_owned()), ..TableColumns::default() };
/// settings.table = Some(columns.clone());
/// settings.per_version = true;
/// settings.rule.consecutive_windows = 1;
/// (settings.window, settings.interval) = (TimeDelta::days(1), TimeDelta::days(1));
/// let midnight: DateTime<Utc> = "2026-04-04T00:00:00Z".parse()?;
/// let (tell, told) = std::sync::mpsc::channel();
/// let job = DriftJob::new([settings.clone()], ManualClock::new(midnight).into()).history(1);
/// let mut job = job.progress(move |step: &DriftProgress| tell.send(step.clone()).unwrap_or_default());
/// let windows = [2, 1].map(|days| TimeWindow::new(midnight - TimeDelta::days(days), midnight - TimeDelta::days(days - 1)));
/// let [Some(second), Some(third)] = windows else { unreachable!() };
///
/// assert!(!job.run_window("claims-risk", second).await?.drifts());
/// assert!(matches!(told.recv()?, DriftProgress::Counting { done: 0, of: 2, .. })); // the first day, before it
/// let report = job.run_window("claims-risk", third).await?;
/// assert!(report.drifts());
/// let before: &Past = &report.verdict.subjects()[0].history[0];
/// assert_eq!((before.window, before.above), (second, false));
/// let version: &VersionReport = &report.versions[0];
/// assert_eq!((version.name(), version.rows), ("7", 2_000));
/// let together: Option<&JointReport> = report.joint.as_ref();
/// assert!(together.is_none()); // of a single feature
///
/// let contrast = Contrast::of(&settings, &Tables::new([at("april.csv")], columns), third, Some(second)).await?;
/// let moved: &Moved = &contrast.moved[0];
/// assert_eq!(moved.subject, Subject::Feature("income".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DriftJob {
    models: Vec<Watched>,
    board: Board,
    clock: Clock,
    history: u32,
    listener: Listener,
}

/// How long the job sleeps at most before it checks for new settings.
const NAP: Duration = Duration::from_secs(5);

impl DriftJob {
    /// Creates a job that watches these models. Their rows lie in prediction logs or tables, or are counted by the
    /// engine in their settings.
    pub fn new(models: impl IntoIterator<Item = ModelSettings>, clock: Clock) -> Self {
        let mut job = Self {
            models: Vec::new(),
            board: Board::new(clock.clone()),
            clock,
            history: 0,
            listener: Listener::default(),
        };
        job.configure(models);
        job
    }

    /// Sets how many windows before a model's first one to compare, too, for the history of a report: at most 100. Defaults
    /// to 0. The job never compares fewer than a rule needs before a window for drift in a row.
    #[must_use]
    pub fn history(mut self, windows: u32) -> Self {
        self.history = windows;
        self
    }

    /// Calls this with the progress of each run, from the thread that runs it. It should return soon.
    #[must_use]
    pub fn progress(mut self, tell: impl Fn(&DriftProgress) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(tell);
        self
    }

    /// Applies new settings. Keeps the memory of models that stay, and removes models that are gone from the board.
    pub fn configure(&mut self, models: impl IntoIterator<Item = ModelSettings>) {
        let mut former: HashMap<_, _> = self
            .models
            .drain(..)
            .map(|watched| (watched.settings.model.clone(), watched))
            .collect();
        for settings in models {
            let watched = match former.remove(&settings.model) {
                Some(watched) => watched.with(settings),
                None => Watched::new(settings),
            };
            self.models.push(watched);
        }
        self.board
            .keep(self.models.iter().map(|watched| watched.settings.model.as_str()));
    }

    /// Returns the board to publish.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Returns the watched models.
    pub fn models(&self) -> impl Iterator<Item = &ModelSettings> {
        self.models.iter().map(|watched| &watched.settings)
    }

    /// Returns when the next window is due, by the job's clock. The time may be in the past.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let due = |watched: &Watched| {
            let grace = watched.settings.grace;
            match watched.due(self.clock.now()) {
                Some(window) => window.end().checked_add_signed(grace),
                None => {
                    let next = watched
                        .last?
                        .end()
                        .checked_add_signed(watched.settings.interval + grace);
                    next.into_iter().chain(watched.again()).min()
                }
            }
        };
        self.models.iter().filter_map(due).min()
    }

    /// Runs, once, the window that ended last for each model whose grace period is over.
    pub async fn run_due(&mut self) -> Vec<Result<WindowReport, JobError>> {
        let mut reports = Vec::new();
        for position in 0..self.models.len() {
            if let Some(window) = self.models[position].due(self.clock.now()) {
                reports.push(self.run(position, window).await);
            }
        }
        reports
    }

    /// Runs every window when it is due, forever. Calls `settings` every few seconds for changed settings, and `tell`
    /// with the result of every run.
    pub async fn watch(
        &mut self,
        mut settings: impl FnMut() -> Option<Vec<ModelSettings>>,
        mut tell: impl FnMut(&Result<WindowReport, JobError>),
    ) {
        loop {
            if let Some(models) = settings() {
                self.configure(models);
            }
            self.run_due().await.iter().for_each(&mut tell);
            let until_due = self.next_due().and_then(|due| (due - self.clock.now()).to_std().ok());
            tokio::time::sleep(until_due.map_or(NAP, |until_due| until_due.min(NAP))).await;
        }
    }

    /// Runs one window of one model, due or not. Use this for replays and reports.
    ///
    /// If the window does not follow the model's last one, the job compares the windows before it first, so that a
    /// window gives the same result no matter who asks.
    ///
    /// # Errors
    ///
    /// There is no such model, its baseline can't be read, or its rows can't be looked for.
    pub async fn run_window(&mut self, model: &str, window: TimeWindow) -> Result<WindowReport, JobError> {
        match self.models.iter().position(|watched| watched.settings.model == model) {
            Some(position) => self.run(position, window).await,
            None => Err(JobError::NoSuchModel {
                model: model.into(),
                models: self.models().map(|settings| settings.model.clone()).collect(),
            }),
        }
    }

    async fn run(&mut self, position: usize, window: TimeWindow) -> Result<WindowReport, JobError> {
        let started = Instant::now();
        let watched = &mut self.models[position];
        watched.last = Some(window);
        let report = watched
            .run(window, self.history, &self.listener)
            .await
            .map(|mut report| {
                report.finished = self.clock.now();
                report.took = started.elapsed();
                report
            });
        watched.ran(window, &report, self.clock.now());
        let settings = &watched.settings;
        match &report {
            Ok(report) => self.board.ran(report, settings.interval),
            Err(_) => self
                .board
                .failed(&settings.model, watched.baseline(), started.elapsed()),
        }
        report
    }
}
