//! Why a run has no report.

use std::fmt;

use modelwatch_drift::baseline::BaselineError;

use crate::engine::EngineError;

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
