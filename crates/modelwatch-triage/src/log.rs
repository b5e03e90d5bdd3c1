//! The prediction log as a second source: it shows changes in a model's input rows that metrics can't show.
//!
//! A counter shows how many values are missing. Only the rows show that every value is a hundred times as large, or that two
//! columns swapped their values. If you have the rows, implement [`Log`]. [`triage`](crate::triage::triage()) calls it once, for
//! the time since the trouble began, while it asks the [`Source`](crate::source::Source) where the trouble sits.

use std::fmt;

use serde::Serialize;

/// Compares the rows of a model since a moment with earlier ones. Set a time limit of your own: triage waits for the answer.
///
/// [`triage`](crate::triage::triage()) has an example.
pub trait Log: Sync {
    /// Compares the rows.
    ///
    /// # Errors
    ///
    /// Returns why the rows are not there, can't be read, or take too long.
    fn compare(&self, question: &LogQuestion) -> Result<Logged, LogError>;
}

/// Which rows to compare.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuestion<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The first second of the rows to look at, since the epoch.
    pub since: i64,
    /// The first second after these rows.
    pub until: i64,
    /// The first second of the earlier rows, and the first after them. Absent when it is unknown when the trouble began.
    pub before: Option<(i64, i64)>,
}

/// The result of comparing the rows.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Logged {
    /// The first second of the rows that were compared, since the epoch.
    pub since: i64,
    /// The first second after these rows.
    pub until: i64,
    /// The number of these rows.
    pub rows: u64,
    /// The number of earlier rows they were compared with. Absent when they were compared with training alone.
    pub before: Option<u64>,
    /// The columns that moved, the largest change first.
    pub moved: Vec<Moved>,
    /// The parts of the log that could not be read, one sentence each.
    pub left_out: Vec<String>,
}

/// A column that moved.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Moved {
    /// The column.
    pub column: Column,
    /// The change, as half a sentence: `is multiplied by 100: divided by that it equals training`.
    pub words: String,
    /// The label and the values to whose rows the change is limited: `model_version`, `route` or a segment. Absent when all rows
    /// changed.
    pub only: Option<(String, Vec<String>)>,
}

/// A column of the log.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Column {
    /// A feature.
    Feature(String),
    /// The score.
    Score,
    /// The shares of the classes.
    Classes,
}

/// Why the log has no answer: a sentence without a full stop.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogError(pub String);

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogError {}

impl Logged {
    /// Makes a result of this many rows, without a change so far.
    #[must_use]
    pub fn rows(question: &LogQuestion<'_>, rows: u64) -> Self {
        Self {
            since: question.since,
            until: question.until,
            rows,
            ..Self::default()
        }
    }
}

impl Moved {
    /// Makes a change of a column.
    #[must_use]
    pub fn new(column: Column, words: impl Into<String>) -> Self {
        Self {
            column,
            words: words.into(),
            only: None,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Feature(name) => name,
            Self::Score => "the score",
            Self::Classes => "the balance of classes",
        })
    }
}
