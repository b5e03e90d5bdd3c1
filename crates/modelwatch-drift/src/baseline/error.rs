//! Explains why a reference can't be a baseline, and how to fix it.

use std::error::Error;
use std::fmt;

use super::format::{FORMAT, OLDEST_FORMAT};

/// Explains why a baseline can't be built or read.
///
/// [`Baseline`](super::Baseline) has an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineError {
    /// There are no rows, or a feature has no values.
    Empty {
        /// The feature; `None` when there are no rows or no features at all.
        feature: Option<String>,
    },
    /// Fewer rows have a value than required.
    TooFewRows {
        /// The feature.
        feature: String,
        /// The number of its rows with a value.
        rows: u64,
        /// The required minimum.
        least: u64,
    },
    /// Two features have the same name.
    DuplicateFeature {
        /// The name.
        feature: String,
    },
    /// The numbers contradict each other: they can't come from one reference.
    Inconsistent {
        /// The feature, or the baseline's own field.
        feature: String,
        /// What does not fit.
        what: String,
    },
    /// This version does not know the format.
    UnknownFormat {
        /// The format number in the file.
        format: u64,
    },
    /// The text is not valid JSON, or its fields are not those of a baseline.
    Json(serde_json::Error),
}

impl BaselineError {
    pub(super) fn inconsistent(feature: &str, what: String) -> Self {
        Self::Inconsistent {
            feature: feature.to_owned(),
            what,
        }
    }
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { feature: None } => f.write_str(
                "the reference has no rows or no features; name files that have rows, and columns that are features",
            ),
            Self::Empty { feature: Some(feature) } => write!(
                f,
                "feature {feature:?} has no value in any row of the reference; leave it out, or give files in which it is filled"
            ),
            Self::TooFewRows { feature, rows, least } => write!(
                f,
                "feature {feature:?} has a value in {rows} rows of the reference and {least} are needed for its shares to mean something; \
                 give more rows, or leave it out"
            ),
            Self::DuplicateFeature { feature } => {
                write!(f, "feature {feature:?} stands in the baseline twice; leave one out")
            }
            Self::Inconsistent { feature, what } => write!(
                f,
                "the baseline's {feature:?} can't be right: {what}; build the baseline again with `modelwatch baseline`"
            ),
            Self::UnknownFormat { format } => write!(
                f,
                "the baseline has format {format} and this version reads formats {OLDEST_FORMAT} to {FORMAT}; build it again with \
                 `modelwatch baseline`, or update modelwatch"
            ),
            Self::Json(error) => write!(f, "this is no baseline: {error}; build one with `modelwatch baseline`"),
        }
    }
}

impl Error for BaselineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}
