//! Why a reference is no baseline, and how to mend it.

use std::error::Error;
use std::fmt;

use super::format::{FORMAT, OLDEST_FORMAT};

/// Why a baseline can't be built or read.
///
/// [`Baseline`](super::Baseline) has an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum BaselineError {
    /// No rows, or a feature without a single value.
    Empty {
        /// The feature; none when there are no rows or no features at all.
        feature: Option<String>,
    },
    /// Fewer rows with a value than are asked for.
    TooFewRows {
        /// The feature.
        feature: String,
        /// Its rows with a value.
        rows: u64,
        /// The fewest allowed.
        least: u64,
    },
    /// Two features of one name.
    DuplicateFeature {
        /// The name.
        feature: String,
    },
    /// Numbers that can't be those of one reference.
    Inconsistent {
        /// The feature, or the baseline's own field.
        feature: String,
        /// What does not fit.
        what: String,
    },
    /// A format that this version does not know.
    UnknownFormat {
        /// The format that stands in the file.
        format: u64,
    },
    /// No JSON, or other fields than a baseline has.
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
