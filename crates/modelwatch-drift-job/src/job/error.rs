//! Explains why a run has no report.

use std::fmt;

use modelwatch_drift::baseline::BaselineError;

use crate::engine::EngineError;

/// Explains why a run has no report.
/// # Example: a baseline that nobody made
///
/// ```
/// use modelwatch_drift_job::{BaselineProblem, DriftJob, JobError, ManualClock, ModelSettings, TimeWindow};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let at = |name: &str| folder.path().join(name).display().to_string();
/// let settings = ModelSettings::new("claims-risk", at("baseline.json"), at(""));
/// let now: chrono::DateTime<chrono::Utc> = "2026-04-01T10:19:30Z".parse()?;
/// let clock = ManualClock::new(now);
/// let mut job = DriftJob::new([settings.clone()], clock.into());
///
/// let window = TimeWindow::last_ended(now, settings.window, settings.interval).expect("a quarter of an hour ended");
/// let failed: JobError = job.run_window("claims-risk", window).await.unwrap_err();
/// assert!(matches!(failed, JobError::Baseline { problem: BaselineProblem::Unread(_), .. }), "{failed}");
/// assert!(matches!(job.run_window("claims", window).await, Err(JobError::NoSuchModel { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum JobError {
    /// The job does not watch this model.
    NoSuchModel {
        /// The model's name.
        model: String,
        /// The watched models.
        models: Vec<String>,
    },
    /// The baseline is unusable.
    Baseline {
        /// The model's name.
        model: String,
        /// The baseline's address.
        baseline: String,
        /// What is wrong with it.
        problem: BaselineProblem,
    },
    /// The rows could not be counted.
    Engine {
        /// The model's name.
        model: String,
        /// What went wrong.
        error: EngineError,
    },
}

/// Explains why a baseline is unusable.
/// The example of [`JobError`](crate::JobError) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineProblem {
    /// The baseline can't be read.
    Unread(EngineError),
    /// The file is not a valid baseline.
    Refused(BaselineError),
    /// The baseline belongs to this model instead.
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
                    BaselineProblem::Unread(error) => write!(
                        f,
                        "{error}; build it with `modelwatch baseline`, or name another one in modelwatch.toml"
                    ),
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
