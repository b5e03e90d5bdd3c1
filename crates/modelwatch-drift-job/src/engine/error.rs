//! What an engine leaves out, and why it fails.

use std::fmt;

/// A file that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its address.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.problem)
    }
}

/// Why a window could not be counted.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// A folder or bucket that cannot be opened or listed.
    Store {
        /// Its address.
        address: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// The query itself failed.
    Query {
        /// The model's name.
        model: String,
        /// What DataFusion says.
        problem: String,
    },
}

impl EngineError {
    pub(super) fn list(address: impl fmt::Display, error: &object_store::Error) -> Self {
        Self::Store {
            address: address.to_string(),
            problem: format!("cannot be listed: {error}"),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store { address, problem } => write!(f, "{address}: {problem}"),
            Self::Query { model, problem } => write!(f, "counting the window of the model {model:?} failed: {problem}"),
        }
    }
}

impl std::error::Error for EngineError {}
