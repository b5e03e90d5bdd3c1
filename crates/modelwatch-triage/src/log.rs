//! The prediction log as a second source: what metrics can't show of the rows that a model was fed.
//!
//! A counter says how many values are missing. That every value is a hundred times what it was, or that two columns hold each other's
//! values, only the rows say. Whoever has them implements [`Log`]; [`triage`](crate::triage::triage) asks once, about the time since the
//! trouble began, while it asks the [`Source`](crate::source::Source) where the trouble sits.

use std::fmt;

use serde::Serialize;

/// Compares the rows of a model since a moment with those of before. It answers within a time that it sets itself: triage waits for it.
///
/// [`triage`](crate::triage::triage()) has an example.
pub trait Log: Sync {
    /// Compares.
    ///
    /// # Errors
    ///
    /// The rows are not there, can't be read, or not in time.
    fn compare(&self, question: &LogQuestion) -> Result<Logged, LogError>;
}

/// Which rows.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuestion<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The first second, since the epoch, of the rows that are looked at.
    pub since: i64,
    /// The first second after them.
    pub until: i64,
    /// The first and the last second of rows of before, the end not included; nothing where it is unknown when the trouble began.
    pub before: Option<(i64, i64)>,
}

/// What the rows say.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Logged {
    /// The first second, since the epoch, of the rows that were looked at.
    pub since: i64,
    /// The first second after them.
    pub until: i64,
    /// How many there were.
    pub rows: u64,
    /// How many of before they were compared with; nothing where with training alone.
    pub before: Option<u64>,
    /// What moved, the farthest first.
    pub moved: Vec<Moved>,
    /// What of the log could not be read, a sentence each.
    pub left_out: Vec<String>,
}

/// A column that moved.
///
/// [`triage`](crate::triage::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Moved {
    /// Which.
    pub column: Column,
    /// What was done to it, in half a sentence: `is multiplied by 100: divided by that it equals training`.
    pub words: String,
    /// The label and its values in whose rows alone it was done: `model_version`, `route`, a segment; nothing where in all.
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
    /// The balance of the classes.
    Classes,
}

/// Why the log says nothing: a sentence without a full stop.
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
    /// Says that so many rows of a time were looked at, and nothing more yet.
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
    /// Says what was done to a column.
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
