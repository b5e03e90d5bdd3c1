//! Reads labels by id that lie elsewhere than in files.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use crate::engine::EngineError;
use crate::training::ColumnHolds;

/// Reads a table of labels by id, row by row. Its `Display` names the table.
///
/// Rows are joined here instead of where they lie: measures such as the area under a curve need the score of every
/// labelled prediction, and only a label's id, text and time cross the wire.
/// # Example: labels that a program keeps in memory
///
/// ```
/// use std::fmt;
///
/// use futures::future::{BoxFuture, FutureExt as _};
/// use modelwatch_drift_job::ColumnHolds;
/// use modelwatch_drift_job::engine::EngineError;
/// use modelwatch_drift_job::performance::{OutcomeQuery, OutcomeRow, OutcomeSource, Outcomes, PerformanceOptions, TakeOutcome};
///
/// /// Even ids turned out to be late.
/// #[derive(Debug)]
/// struct EvenOnes;
///
/// impl fmt::Display for EvenOnes {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("even ones")
///     }
/// }
///
/// impl OutcomeSource for EvenOnes {
///     fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>> {
///         async { Ok(["id", "late"].map(|name| (name.to_owned(), ColumnHolds::Texts)).into()) }.boxed()
///     }
///
///     fn read<'a>(&'a self, query: &'a OutcomeQuery, mut take: TakeOutcome) -> BoxFuture<'a, Result<(), EngineError>> {
///         async move {
///             assert_eq!((&*query.id, &*query.label), ("id", "late"));
///             for row in (0..400).step_by(2) {
///                 let id = row.to_string();
///                 let row = OutcomeRow { id: Some(&id), label: Some("1"), time: None };
///                 take(&row).map_err(|problem| EngineError::Store { address: "memory".to_owned(), problem })?;
///             }
///             Ok(())
///         }
///         .boxed()
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("scored.csv").display().to_string();
/// let rows = (0..400).map(|row| format!("{row},0.{}\n", row % 10)).collect::<String>();
/// std::fs::write(&file, format!("id,probability\n{rows}"))?;
/// let labelled = folder.path().join("reference.csv").display().to_string();
/// let rows = (0..400).map(|row| format!("0.{},{}\n", row % 10, row % 2)).collect::<String>();
/// std::fs::write(&labelled, format!("probability,late\n{rows}"))?;
///
/// let mut options = PerformanceOptions::new("late", [labelled], [file]);
/// options.score = Some("probability".to_owned());
/// options.outcome_table = Some(Outcomes::new(EvenOnes));
/// let report = options.run(|_| {}).await?;
/// assert_eq!(report.groups[0].labels, 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait OutcomeSource: fmt::Debug + fmt::Display + Send + Sync {
    /// Returns the columns in the table's order, with their types.
    ///
    /// # Errors
    ///
    /// The table can't be inspected.
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>>;

    /// Passes every label to `take`, in any order. If `take` refuses one, stop and return its reason as the error.
    ///
    /// # Errors
    ///
    /// The table can't be read, its column of times does not hold times, or `take` refused a label.
    fn read<'a>(&'a self, query: &'a OutcomeQuery, take: TakeOutcome) -> BoxFuture<'a, Result<(), EngineError>>;
}

/// Takes a label, or refuses it with a reason to stop.
pub type TakeOutcome = Box<dyn FnMut(&OutcomeRow<'_>) -> Result<(), String> + Send>;

/// Says what to read from an [`OutcomeSource`]. The columns exist.
/// The example of [`OutcomeSource`](crate::performance::OutcomeSource) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutcomeQuery {
    /// The column of ids.
    pub id: String,
    /// The column of labels.
    pub label: String,
    /// The column of the times at which labels were known.
    pub time: Option<String>,
    /// The time from which to read labels, if they have times. Labels without a time are wanted, too.
    pub since: Option<DateTime<Utc>>,
}

impl OutcomeQuery {
    /// Creates a query for all labels of a table without times.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            time: None,
            since: None,
        }
    }
}

/// Holds a label. `None` stands for null.
/// The example of [`OutcomeSource`](crate::performance::OutcomeSource) has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeRow<'a> {
    /// The prediction's id.
    pub id: Option<&'a str>,
    /// The class or number that turned out to be right.
    pub label: Option<&'a str>,
    /// The time when it was known, in microseconds since the epoch.
    pub time: Option<i64>,
}

/// Shares a source. Two are equal if their `Debug` output is the same.
/// The example of [`OutcomeSource`](crate::performance::OutcomeSource) has one.
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
