//! The engine: one aggregate query for a model and a window, whose result is counts.
//!
//! Counts are all that leaves this room, so the same query can run wherever the files are; nothing outside knows
//! Arrow, and nothing in here knows a statistic.

mod count;
mod log_files;
mod store;
mod table;
mod training;
mod window_query;

pub use count::{Cells, ColumnCounts};
pub use store::Store;
pub use training::{Kind, Training, TrainingColumn, TrainingFile};
pub use window_query::{Column, VersionCounts, WindowCounts, WindowQuery};

use std::fmt;

/// The column of the records' own time.
const TIME: &str = "time";
/// The column of the model's version.
const MODEL_VERSION: &str = "model_version";

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
        /// What is wrong, and how to mend it.
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
    fn list(store: &Store, error: &object_store::Error) -> Self {
        Self::Store {
            address: store.to_string(),
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
