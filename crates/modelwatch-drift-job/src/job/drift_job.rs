//! The models that are watched, and the runs.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{Baseline, BaselineError, Profile};
use modelwatch_drift::decision::{Detector, Measurement};

use super::counting;
use super::settings::ModelSettings;
use crate::clock::Clock;
use crate::engine::{ColumnCounts, EngineError, Store, VersionCounts, WindowQuery};
use crate::exporter::Board;
use crate::time_window::TimeWindow;
use crate::window_report::{Subject, SubjectReport, Verdict, VersionReport, WindowReport};

/// Compares windows of prediction logs with their baselines, and keeps the [`Board`] up to date.
///
/// ```no_run
/// use modelwatch_drift_job::{Clock, DriftJob, ModelSettings, TimeWindow};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = ModelSettings::new("claims-risk", "baselines/claims-risk.json", "prediction-log");
/// let mut job = DriftJob::new([settings], Clock::system());
/// for report in job.run_due().await {
///     println!("{}", report?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DriftJob {
    models: Vec<Watched>,
    board: Board,
    clock: Clock,
    threads: usize,
}

#[derive(Debug)]
struct Watched {
    settings: ModelSettings,
    loaded: Option<Loaded>,
    /// By version, where versions are looked at apart, and nothing for all together.
    detectors: HashMap<(Option<String>, Subject), Detector>,
    last: Option<TimeWindow>,
}

#[derive(Debug)]
struct Loaded {
    digest: u64,
    baseline: Arc<Baseline>,
}

/// So many windows before the first are looked at, at most.
const MOST_REMEMBERED: u32 = 100;
/// How long the job sleeps at most before it looks whether its settings have changed.
const NAP: Duration = Duration::from_secs(5);

impl DriftJob {
    /// Watches these models; queries run on as many threads as the machine has.
    pub fn new(models: impl IntoIterator<Item = ModelSettings>, clock: Clock) -> Self {
        let mut job = Self {
            models: Vec::new(),
            board: Board::new(clock.clone()),
            clock,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        job.configure(models);
        job
    }

    /// Has each query run on so many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Takes new settings. What is remembered of a model that stays is kept; a model that is gone leaves the board.
    pub fn configure(&mut self, models: impl IntoIterator<Item = ModelSettings>) {
        let mut former: HashMap<_, _> = self
            .models
            .drain(..)
            .map(|watched| (watched.settings.model.clone(), watched))
            .collect();
        for settings in models {
            let watched = match former.remove(&settings.model) {
                Some(watched) => Watched { settings, ..watched },
                None => Watched {
                    settings,
                    loaded: None,
                    detectors: HashMap::new(),
                    last: None,
                },
            };
            self.models.push(watched);
        }
        self.board
            .keep(self.models.iter().map(|watched| watched.settings.model.as_str()));
    }

    /// What is to be published.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// The models that are watched.
    pub fn models(&self) -> impl Iterator<Item = &ModelSettings> {
        self.models.iter().map(|watched| &watched.settings)
    }

    /// When the next window is due, by the job's clock; now or earlier, if one is.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let due = |watched: &Watched| {
            let grace = watched.settings.grace;
            match watched.due(self.clock.now()) {
                Some(window) => window.end().checked_add_signed(grace),
                None => watched
                    .last?
                    .end()
                    .checked_add_signed(watched.settings.interval + grace),
            }
        };
        self.models.iter().filter_map(due).min()
    }

    /// Runs the window that ended last for each model whose grace is over, once. A model's first run looks at the windows before,
    /// too, so that drift of several windows in a row is known to a process that has just begun.
    pub async fn run_due(&mut self) -> Vec<Result<WindowReport, JobError>> {
        let mut reports = Vec::new();
        for position in 0..self.models.len() {
            let watched = &mut self.models[position];
            let Some(window) = watched.due(self.clock.now()) else {
                continue;
            };
            let before = match watched.last {
                // A process that begins knows nothing of the windows in a row before.
                None => watched.windows_before(window),
                Some(_) => Vec::new(),
            };
            for window in before {
                // What fails here fails again below, where it is told.
                if watched.run(window, self.threads).await.is_err() {
                    break;
                }
            }
            reports.push(self.run(position, window).await);
        }
        reports
    }

    /// Runs every window when it is due, for ever. `settings` is asked every few seconds for settings that have changed, `tell`
    /// is told of every run.
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

    /// Runs one window of one model, whether or not it is due: the door for a replay.
    ///
    /// # Errors
    ///
    /// There is no such model, its baseline cannot be read, or its log cannot be counted.
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
        let report = watched.run(window, self.threads).await.map(|mut report| {
            report.finished = self.clock.now();
            report.took = started.elapsed();
            report
        });
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

impl Watched {
    fn due(&self, now: DateTime<Utc>) -> Option<TimeWindow> {
        let settings = &self.settings;
        let window = TimeWindow::last_ended(
            now.checked_sub_signed(settings.grace)?,
            settings.window,
            settings.interval,
        )?;
        self.last.is_none_or(|last| last.end() < window.end()).then_some(window)
    }

    /// As many windows before this one as a rule wants in a row, less one; the earliest first.
    fn windows_before(&self, window: TimeWindow) -> Vec<TimeWindow> {
        let rules = self.settings.features.values().chain([&self.settings.rule]);
        let most = rules
            .map(|rule| rule.consecutive_windows)
            .max()
            .unwrap_or(1)
            .clamp(1, MOST_REMEMBERED);
        let earlier = (1..most).rev().map(|back| {
            let shift = self.settings.interval.checked_mul(i32::try_from(back).ok()?)?;
            TimeWindow::new(
                window.start().checked_sub_signed(shift)?,
                window.end().checked_sub_signed(shift)?,
            )
        });
        earlier.flatten().collect()
    }

    fn baseline(&self) -> Option<&Baseline> {
        self.loaded.as_ref().map(|loaded| &*loaded.baseline)
    }

    async fn run(&mut self, window: TimeWindow, threads: usize) -> Result<WindowReport, JobError> {
        let baseline = self.load().await?;
        let model = &self.settings.model;
        let failed = |error: EngineError| JobError::Engine {
            model: model.clone(),
            error,
        };
        let subjects = counting::subjects(&baseline);
        let query = WindowQuery {
            model: model.clone(),
            window,
            columns: subjects
                .iter()
                .map(|(subject, profile)| counting::column(subject, profile))
                .collect(),
            per_version: self.settings.per_version,
        };
        let store = Store::open(&self.settings.log).map_err(failed)?;
        let counted = query.run(&store, threads).await.map_err(failed)?;
        let total = counted.total();
        let verdict = self.judge(None, &subjects, &total);
        let mut versions = Vec::new();
        if self.settings.per_version {
            for counts in &counted.versions {
                versions.push(VersionReport {
                    version: counts.version.clone().unwrap_or_default(),
                    rows: counts.rows,
                    verdict: self.judge(counts.version.clone(), &subjects, counts),
                });
            }
        }
        Ok(WindowReport {
            model: self.settings.model.clone(),
            baseline,
            window,
            rows: total.rows,
            files: counted.files,
            skipped: counted.skipped,
            absent: counted.absent,
            verdict,
            versions,
            finished: window.end(),
            took: Duration::ZERO,
        })
    }

    /// The baseline as its file is now. Where the file has changed into none, that of before stays in use no longer: a
    /// score against what nobody meant is worse than none.
    async fn load(&mut self) -> Result<Arc<Baseline>, JobError> {
        let settings = &self.settings;
        let failed = |problem: BaselineProblem| JobError::Baseline {
            model: settings.model.clone(),
            baseline: settings.baseline.clone(),
            problem,
        };
        let text = Store::read_text(&settings.baseline).await;
        let text = text.map_err(|error| failed(BaselineProblem::Unread(error)))?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let digest = hasher.finish();
        if let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.digest == digest) {
            return Ok(loaded.baseline.clone());
        }
        let baseline = Baseline::from_json(&text).map_err(|error| failed(BaselineProblem::Refused(error)))?;
        if baseline.about().model != settings.model {
            return Err(failed(BaselineProblem::OtherModel(baseline.about().model.clone())));
        }
        // Windows in a row against another baseline say nothing about this one.
        self.detectors.clear();
        let baseline = Arc::new(baseline);
        self.loaded = Some(Loaded {
            digest,
            baseline: baseline.clone(),
        });
        Ok(baseline)
    }

    fn judge(&mut self, version: Option<String>, subjects: &[(Subject, Profile)], counted: &VersionCounts) -> Verdict {
        let least = self.settings.rule.least_rows;
        if counted.rows < least.max(1) {
            return Verdict::TooFewRows { least };
        }
        let empty = ColumnCounts::default();
        let judged = subjects.iter().enumerate().map(|(position, (subject, profile))| {
            let rule = self.settings.rule(subject, profile);
            let counts = counting::counts(profile, counted.columns.get(position).unwrap_or(&empty));
            let measurement = Measurement::of(profile, &counts, rule.statistic);
            let detector = self.detectors.entry((version.clone(), subject.clone())).or_default();
            let detected = match &measurement {
                Ok(measurement) => detector.observe(measurement, &rule),
                Err(_) => false,
            };
            SubjectReport {
                subject: subject.clone(),
                rule,
                measurement: measurement.map_err(|error| error.to_string()),
                detected,
                in_a_row: detector.in_a_row(),
                profile: profile.clone(),
                counts,
            }
        });
        Verdict::Scored(judged.collect())
    }
}

/// Why a run has no report.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobError {
    /// A model that is not watched.
    NoSuchModel {
        /// Its name.
        model: String,
        /// Those that are watched.
        models: Vec<String>,
    },
    /// The baseline.
    Baseline {
        /// The model's name.
        model: String,
        /// The baseline's address.
        baseline: String,
        /// What is wrong with it.
        problem: BaselineProblem,
    },
    /// The prediction log.
    Engine {
        /// The model's name.
        model: String,
        /// What is wrong with it.
        error: EngineError,
    },
}

/// Why a baseline is of no use.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineProblem {
    /// It cannot be read.
    Unread(EngineError),
    /// It is none.
    Refused(BaselineError),
    /// It is that of this model.
    OtherModel(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchModel { model, models } => {
                write!(
                    f,
                    "the model {model:?} is not watched; those that are: {}",
                    models.join(", ")
                )
            }
            Self::Baseline {
                model,
                baseline,
                problem,
            } => {
                write!(f, "the model {model:?}: ")?;
                match problem {
                    BaselineProblem::Unread(error) => error.fmt(f),
                    BaselineProblem::Refused(error) => write!(f, "{baseline}: {error}"),
                    BaselineProblem::OtherModel(other) => {
                        write!(
                            f,
                            "{baseline} is the baseline of the model {other:?}; build one with `modelwatch baseline`"
                        )
                    }
                }
            }
            Self::Engine { model, error } => write!(f, "the model {model:?}: {error}"),
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Baseline {
                problem: BaselineProblem::Unread(error),
                ..
            }
            | Self::Engine { error, .. } => Some(error),
            Self::Baseline {
                problem: BaselineProblem::Refused(error),
                ..
            } => Some(error),
            Self::Baseline { .. } | Self::NoSuchModel { .. } => None,
        }
    }
}
