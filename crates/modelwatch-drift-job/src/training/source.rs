//! Where training's rows lie, if not in files.

use std::fmt;

use futures::future::BoxFuture;
use modelwatch_drift::baseline::{BaselineError, NumericBins, NumericCounts};

use super::summary::ColumnKind;
use crate::engine::EngineError;

/// A table that tells of its columns what a baseline is made of, and keeps its rows. Its text names it.
/// # Example: a table that lies in memory
///
/// ```
/// use std::fmt;
///
/// use futures::future::{BoxFuture, FutureExt as _};
/// use modelwatch_drift_job::engine::EngineError;
/// use modelwatch_drift_job::{ColumnHolds, ColumnKind, SourceColumn, TrainingColumns, TrainingOptions, TrainingSource};
///
/// #[derive(Debug)]
/// struct Channels;
///
/// impl fmt::Display for Channels {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("channels")
///     }
/// }
///
/// impl TrainingSource for Channels {
///     fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>> {
///         async { Ok(vec![("channel".to_owned(), ColumnHolds::Texts)]) }.boxed()
///     }
///
///     fn read<'a>(&'a self, columns: &'a [(String, ColumnKind)]) -> BoxFuture<'a, Result<TrainingColumns, EngineError>> {
///         assert_eq!(columns, [("channel".to_owned(), ColumnKind::Categorical)]);
///         let rows = [("web".to_owned(), 1_500), ("phone".to_owned(), 500)];
///         let channel = SourceColumn::Categories { categories: rows.into(), missing: 0, other_type: 0 };
///         async move { Ok(TrainingColumns { rows: 2_000, columns: vec![channel] }) }.boxed()
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let mut options = TrainingOptions::new("claims-risk", [""; 0]);
/// options.hygiene.minimum_rows = 1_000;
/// let trained = options.build_from(&Channels, |_| {}).await?;
/// assert_eq!(trained.columns[0].distinct, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TrainingSource: fmt::Debug + fmt::Display + Send + Sync {
    /// Returns the columns in the table's order, each with what it holds.
    ///
    /// # Errors
    ///
    /// The table cannot be looked at.
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>>;

    /// Reads columns, each by its name and what it is to be taken for, and answers in their order. A column that can be no profile says
    /// why and leaves the others as they are.
    ///
    /// # Errors
    ///
    /// The table cannot be read, changed meanwhile, or a column cannot be taken for that.
    fn read<'a>(&'a self, columns: &'a [(String, ColumnKind)]) -> BoxFuture<'a, Result<TrainingColumns, EngineError>>;
}

/// What a column of a table holds.
/// The example of [`TrainingSource`] has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnHolds {
    /// Numbers.
    Numbers,
    /// Booleans, which are 0 and 1 where numbers are wanted.
    Booleans,
    /// Texts.
    Texts,
    /// Times, lists and whatever else is neither a number nor a category.
    Other,
}

/// What a [`TrainingSource`] says of columns.
/// The example of [`TrainingSource`] has one.
#[derive(Debug)]
pub struct TrainingColumns {
    /// Rows of the table.
    pub rows: u64,
    /// What was asked for, in that order.
    pub columns: Vec<SourceColumn>,
}

/// What is said of one column.
/// The example of [`TrainingSource`] has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceColumn {
    /// Numbers, at least one of them finite.
    Numbers {
        /// The bins of [`NumericBins::from_sorted`] for the same values.
        bins: NumericBins,
        /// Rows on the bins.
        counts: NumericCounts,
        /// The mean of the finite values.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
        /// How many values differ.
        distinct: u64,
    },
    /// Categories.
    Categories {
        /// Each text with its rows.
        categories: Vec<(String, u64)>,
        /// Rows without one.
        missing: u64,
        /// How many of those have a value, but one that is no category.
        other_type: u64,
    },
    /// Nothing to make a profile of.
    None {
        /// Rows, all without a value that can be used.
        missing: u64,
        /// Why.
        problem: BaselineError,
    },
}
