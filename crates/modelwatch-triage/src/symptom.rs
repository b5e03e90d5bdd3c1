//! The symptoms of a model, and the counts that show them.

use std::fmt;

use serde::Serialize;

/// A symptom: something that is wrong with a model.
///
/// # Example: what is wrong, and which half of the system it points to
///
/// ```
/// use modelwatch_triage::symptom::{Side, Symptom};
///
/// assert_eq!(Symptom::Slow(0.35).side(), Side::Serving);
/// assert_eq!(Symptom::Missing("income".to_owned()).side(), Side::Data);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Symptom {
    /// Requests end in an error.
    Errors,
    /// Requests are rejected as client errors.
    ClientErrors,
    /// Requests take longer than the objective, in seconds.
    Slow(f64),
    /// There are fewer requests.
    Traffic,
    /// Scores are NaN or infinite.
    NonFinite,
    /// A feature is missing.
    Missing(String),
    /// A feature is out of its range.
    OutOfRange(String),
    /// A default replaces a feature.
    Defaulted(String),
    /// More scores than before are at or below a value, or above it.
    Scores {
        /// The bound of a bucket.
        edge: f64,
        /// Whether there are more above the bound.
        above: bool,
    },
    /// A class is predicted more or less often.
    Class(String),
    /// A business outcome is more or less frequent.
    Outcome(String),
    /// The drift job reports drift of a feature.
    FeatureDrift(String),
    /// The drift job reports drift of the predictions.
    PredictionDrift,
}

/// The half of the system that a symptom belongs to.
///
/// [`Symptom`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The path of a request.
    Serving,
    /// The model's input.
    Data,
    /// The model's output.
    Model,
}

impl Symptom {
    /// Returns the half of the system it belongs to.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Self::Errors | Self::ClientErrors | Self::Slow(_) | Self::Traffic => Side::Serving,
            Self::Missing(_) | Self::OutOfRange(_) | Self::Defaulted(_) | Self::FeatureDrift(_) => Side::Data,
            Self::NonFinite | Self::Scores { .. } | Self::Class(_) | Self::Outcome(_) | Self::PredictionDrift => {
                Side::Model
            }
        }
    }

    /// Returns whether it is a distance from a baseline rather than a count.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        matches!(self, Self::FeatureDrift(_) | Self::PredictionDrift)
    }

    /// Returns the end of a sentence that begins with a share: "5.1% of requests …".
    #[must_use]
    pub fn of_what(&self) -> String {
        match self {
            Self::Errors => "of requests fail".to_owned(),
            Self::ClientErrors => "of requests are refused as the caller's mistake".to_owned(),
            Self::Slow(edge) => format!("of requests take longer than {}", seconds(*edge)),
            Self::Traffic => "requests a second".to_owned(),
            Self::NonFinite => "of scores are NaN or infinite".to_owned(),
            Self::Missing(feature) => format!("of observations lack {feature}"),
            Self::OutOfRange(feature) => format!("of the values of {feature} are out of range"),
            Self::Defaulted(feature) => format!("of observations have a default for {feature}"),
            Self::Scores { edge, above: true } => format!("of scores are above {edge}"),
            Self::Scores { edge, above: false } => format!("of scores are at most {edge}"),
            Self::Class(class) => format!("of predictions are {class}"),
            Self::Outcome(outcome) => format!("of outcomes are {outcome}"),
            Self::FeatureDrift(feature) => format!("is the distance of {feature} from its baseline"),
            Self::PredictionDrift => "is the distance of the predictions from their baseline".to_owned(),
        }
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors => f.write_str("errors"),
            Self::ClientErrors => f.write_str("client errors"),
            Self::Slow(_) => f.write_str("slow requests"),
            Self::Traffic => f.write_str("less traffic"),
            Self::NonFinite => f.write_str("scores that are no numbers"),
            Self::Missing(feature) => write!(f, "missing feature {feature}"),
            Self::OutOfRange(feature) => write!(f, "feature {feature} out of range"),
            Self::Defaulted(feature) => write!(f, "defaults for feature {feature}"),
            Self::Scores { .. } => f.write_str("shift of scores"),
            Self::Class(class) => write!(f, "shift of class {class}"),
            Self::Outcome(outcome) => write!(f, "shift of outcome {outcome}"),
            Self::FeatureDrift(feature) => write!(f, "drift of feature {feature}"),
            Self::PredictionDrift => f.write_str("drift of predictions"),
        }
    }
}

/// Formats a duration: `350ms`, `2s`.
fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{}ms", (seconds * 1e6).round() / 1e3)
    } else {
        format!("{seconds}s")
    }
}
