//! Explains why an engine fails.

use std::fmt;

/// Explains why a window could not be counted.
/// The example of [`PredictionLog`](crate::PredictionLog) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// A folder, bucket or file can't be opened, listed or read.
    Store {
        /// Its address.
        address: String,
        /// What went wrong, and how to fix it.
        problem: String,
    },
}

impl EngineError {
    pub(crate) fn store(address: impl fmt::Display, problem: impl Into<String>) -> Self {
        Self::Store {
            address: address.to_string(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store { address, problem } => write!(f, "{address}: {problem}"),
        }
    }
}

impl std::error::Error for EngineError {}
