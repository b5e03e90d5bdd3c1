//! Errors at set-up, each with its fix. Nothing after set-up returns an error.

use std::error::Error;
use std::fmt;

use crate::contract::reserved::OTHER;

/// Why a [`Monitor`](crate::Monitor) could not be built.
///
/// ```
/// use modelwatch::{ConfigError, Limits, Monitor};
///
/// let error = Monitor::builder().limits(Limits::new().models(0)).build().unwrap_err();
/// assert!(matches!(error, ConfigError::ZeroLimit { limit: "models" }));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit is zero, so everything would overflow.
    ZeroLimit {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
    },
    /// A limit is above [`Limits::MOST_FEATURES`](crate::Limits::MOST_FEATURES) or [`Limits::MOST_PER_VERSION`](crate::Limits::MOST_PER_VERSION), whichever is its own.
    LimitTooHigh {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// What was asked for.
        requested: usize,
        /// What is allowed.
        most: usize,
    },
    /// The evaluation window is zero.
    ZeroWindow,
    /// The share of failures with an event is no share.
    #[cfg(feature = "tracing")]
    EventRatio {
        /// What was asked for.
        requested: f64,
    },
    /// What was said of the service's build can't be a label value.
    Service {
        /// The label of `ml_service_info`.
        label: &'static str,
        /// What was given, or the beginning of it.
        value: String,
        /// What is wrong with it, and what to do.
        problem: &'static str,
    },
    /// Bucket bounds that no histogram can have.
    Buckets(BucketsError),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroLimit { limit } => write!(
                f,
                "Limits::{limit} is 0, so every measurement would go to {other}; set it to at least 1",
                other = OTHER
            ),
            Self::LimitTooHigh { limit, requested, most } => {
                write!(f, "Limits::{limit} is {requested}; set it to at most {most}")
            }
            Self::ZeroWindow => f.write_str(
                "the evaluation window is zero, so no observation lies in it; set MonitorBuilder::window to some minutes",
            ),
            #[cfg(feature = "tracing")]
            Self::EventRatio { requested } => write!(
                f,
                "the share of failed requests with an event is {requested}; set MonitorBuilder::failure_events between 0 and 1"
            ),
            Self::Service { label, value, problem } => write!(f, "{label} {value:?} {problem}"),
            Self::Buckets(error) => error.fmt(f),
        }
    }
}

impl Error for ConfigError {}

impl From<BucketsError> for ConfigError {
    fn from(error: BucketsError) -> Self {
        Self::Buckets(error)
    }
}

/// Bucket bounds that no histogram can have.
///
/// ```
/// use modelwatch::{BucketsError, ConfigError, Monitor};
///
/// let error = Monitor::builder().latency_buckets([0.1, 0.05]).build().unwrap_err();
/// assert_eq!(error, ConfigError::Buckets(BucketsError::NotIncreasing { position: 1, before: 0.1, bound: 0.05 }));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BucketsError {
    /// No bound at all.
    Empty,
    /// More than 200 bounds.
    TooMany {
        /// How many there were.
        count: usize,
    },
    /// A bound that is NaN or infinite.
    NotFinite {
        /// Its position, from 0.
        position: usize,
        /// The bound.
        bound: f64,
    },
    /// A bound that is not above the one before it.
    NotIncreasing {
        /// Its position, from 0.
        position: usize,
        /// The bound before it.
        before: f64,
        /// The bound.
        bound: f64,
    },
    /// A duration that is not above zero.
    NotPositive {
        /// The bound.
        bound: f64,
    },
}

const MOST_BOUNDS: usize = 200;

impl BucketsError {
    pub(crate) fn check(bounds: &[f64]) -> Result<(), Self> {
        if bounds.is_empty() {
            return Err(Self::Empty);
        }
        if bounds.len() > MOST_BOUNDS {
            return Err(Self::TooMany { count: bounds.len() });
        }
        if let Some((position, bound)) = bounds.iter().enumerate().find(|(_, bound)| !bound.is_finite()) {
            return Err(Self::NotFinite {
                position,
                bound: *bound,
            });
        }
        match bounds.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(position) => Err(Self::NotIncreasing {
                position: position + 1,
                before: bounds[position],
                bound: bounds[position + 1],
            }),
            None => Ok(()),
        }
    }

    /// As [`check`](Self::check), for seconds.
    pub(crate) fn check_durations(bounds: &[f64]) -> Result<(), Self> {
        Self::check(bounds)?;
        match bounds.iter().find(|bound| **bound < 1e-9) {
            Some(bound) => Err(Self::NotPositive { bound: *bound }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for BucketsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no bucket bounds; name at least one, and leave +Inf out"),
            Self::TooMany { count } => write!(
                f,
                "{count} bucket bounds make {count} series for each label set; name at most {MOST_BOUNDS}"
            ),
            Self::NotFinite { position, bound } => write!(
                f,
                "bucket bound {bound} at position {position} is not a finite number; leave it out (the +Inf bucket is \
                 always there)"
            ),
            Self::NotIncreasing {
                position,
                before,
                bound,
            } => write!(
                f,
                "bucket bound {bound} at position {position} is not above {before} before it; sort the bounds and name \
                 each once"
            ),
            Self::NotPositive { bound } => write!(
                f,
                "bucket bound {bound} is no duration in seconds of at least a nanosecond; leave it out"
            ),
        }
    }
}

impl Error for BucketsError {}

/// Why a model version could not be registered.
///
/// ```
/// use modelwatch::{Monitor, RegisterError};
///
/// let monitor = Monitor::new();
/// monitor.model("claims-risk", "2026-04-01").framework("xgboost").register()?;
/// let error = monitor.model("claims-risk", "2026-04-01").framework("onnx").register().unwrap_err();
/// assert!(matches!(error, RegisterError::Conflict { what: "framework", .. }));
/// # Ok::<(), RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RegisterError {
    /// A name that can't be a label value.
    Name {
        /// The label the name is for.
        label: &'static str,
        /// The name, cut to 100 bytes.
        name: String,
        /// What is wrong with it, and the fix.
        problem: &'static str,
    },
    /// The same model and version are registered already, with something else.
    Conflict {
        /// The model's name.
        model: String,
        /// The model's version.
        version: String,
        /// What differs: the framework, features, classes or score buckets.
        what: &'static str,
        /// What is registered.
        registered: String,
        /// What was asked for.
        requested: String,
    },
    /// The same feature or class is declared twice.
    Duplicate {
        /// The model's name.
        model: String,
        /// The label the name is for.
        label: &'static str,
        /// The name.
        name: String,
    },
    /// A numeric feature's range holds no number.
    Range {
        /// The model's name.
        model: String,
        /// The feature's name.
        feature: String,
        /// Its lower bound.
        low: f64,
        /// Its upper bound.
        high: f64,
    },
    /// More is declared than a limit allows: models, versions in use, routes, features, classes or outcomes.
    Limit {
        /// The model's name.
        model: String,
        /// The field of [`Limits`](crate::Limits) to raise.
        limit: &'static str,
        /// Its value.
        most: usize,
        /// How many were declared.
        declared: usize,
    },
    /// Bucket bounds that no histogram can have.
    Buckets {
        /// The model's name.
        model: String,
        /// Which buckets.
        what: &'static str,
        /// What is wrong with them.
        error: BucketsError,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { label, name, problem } => write!(f, "{label} {name:?} {problem}"),
            Self::Conflict {
                model,
                version,
                what,
                registered,
                requested,
            } => write!(
                f,
                "model {model:?} version {version:?} is registered already with {what} {registered}, not {requested}; \
                 register it once and clone the handle, or give the other one a version of its own"
            ),
            Self::Duplicate { model, label, name } => {
                write!(f, "model {model:?} declares {label} {name:?} twice; name each once")
            }
            Self::Range {
                model,
                feature,
                low,
                high,
            } => write!(
                f,
                "feature {feature:?} of model {model:?} has the range {low} to {high}, which holds no number; give the \
                 lower bound first, and no NaN"
            ),
            Self::Limit {
                model,
                limit: limit @ "models",
                most,
                ..
            } => write!(
                f,
                "model {model:?} is one more than the {most} that are registered, and Limits::{limit} is {most}; raise the \
                 limit"
            ),
            Self::Limit {
                model,
                limit: limit @ "versions_per_model",
                most,
                declared,
            } => write!(
                f,
                "model {model:?} would have {declared} versions in use, and Limits::{limit} is {most}; retire those that \
                 serve no more with Model::retire, or raise the limit"
            ),
            Self::Limit {
                model,
                limit,
                most,
                declared,
            } => write!(
                f,
                "model {model:?} declares {declared}, and Limits::{limit} is {most}; raise the limit or declare fewer"
            ),
            Self::Buckets { model, what, error } => write!(f, "{what} of model {model:?}: {error}"),
        }
    }
}

impl Error for RegisterError {}
