//! Labels by id that lie elsewhere than in files.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use crate::engine::EngineError;
use crate::training::ColumnHolds;

/// A table of labels by id, whose rows are handed over one after the other. Its text names it.
///
/// The rows are joined here and not where they lie: measures such as the area under a curve need the score of every labelled prediction, and
/// of a label no more than its id, its text and its time crosses the wire.
pub trait OutcomeSource: fmt::Debug + fmt::Display + Send + Sync {
    /// Returns the columns in the table's order, each with what it holds.
    ///
    /// # Errors
    ///
    /// The table cannot be looked at.
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>>;

    /// Hands every label to `take`, in any order, and ends with what `take` refuses.
    ///
    /// # Errors
    ///
    /// The table cannot be read, its column of times holds none, or `take` refused a label.
    fn read<'a>(&'a self, query: &'a OutcomeQuery, take: TakeOutcome) -> BoxFuture<'a, Result<(), EngineError>>;
}

/// Takes a label; refuses it, with a reason, where no more are to come.
pub type TakeOutcome = Box<dyn FnMut(&OutcomeRow<'_>) -> Result<(), String> + Send>;

/// What is asked of an [`OutcomeSource`]: its columns are there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutcomeQuery {
    /// The column of ids.
    pub id: String,
    /// The column of labels.
    pub label: String,
    /// The column of times at which labels were known.
    pub time: Option<String>,
    /// From when on labels are wanted, where there are times; those without one are, too.
    pub since: Option<DateTime<Utc>>,
}

impl OutcomeQuery {
    /// Asks for all labels of a table without times.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            time: None,
            since: None,
        }
    }
}

/// A label, with null for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeRow<'a> {
    /// The prediction's id.
    pub id: Option<&'a str>,
    /// The class or number that turned out to be right.
    pub label: Option<&'a str>,
    /// When it was known, in microseconds since the epoch.
    pub time: Option<i64>,
}

/// A source that is shared. Two are equal where their `Debug` says the same.
#[derive(Clone, Debug)]
pub struct Outcomes(Arc<dyn OutcomeSource>);

impl Outcomes {
    /// Shares a source.
    pub fn new(source: impl OutcomeSource + 'static) -> Self {
        Self(Arc::new(source))
    }

    pub(super) fn source(&self) -> &dyn OutcomeSource {
        &*self.0
    }
}

impl PartialEq for Outcomes {
    fn eq(&self, other: &Self) -> bool {
        format!("{:?}", self.0) == format!("{:?}", other.0)
    }
}
