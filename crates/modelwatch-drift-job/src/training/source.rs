//! Reads training rows that are not in files.

use std::fmt;

use futures::future::BoxFuture;
use modelwatch_drift::baseline::{BaselineError, NumericBins, NumericCounts};

use super::summary::ColumnKind;
use crate::engine::EngineError;

/// Describes a table that computes what a baseline needs from its columns, and keeps its rows. Its `Display` names the
/// table.
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
    /// Returns the columns in the table's order, with their types.
    ///
    /// # Errors
    ///
    /// The table can't be inspected.
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>>;

    /// Reads columns, each given by name and kind, and returns the results in the same order. For a column that can't
    /// have a profile, return [`SourceColumn::None`] with the reason, and carry on with the others.
    ///
    /// # Errors
    ///
    /// The table can't be read, it changed meanwhile, or a column can't be read as that kind.
    fn read<'a>(&'a self, columns: &'a [(String, ColumnKind)]) -> BoxFuture<'a, Result<TrainingColumns, EngineError>>;
}

/// Classifies the values of a table's column.
/// The example of [`TrainingSource`](crate::TrainingSource) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnHolds {
    /// Numbers.
    Numbers,
    /// Booleans: 0 and 1 as numbers.
    Booleans,
    /// Texts.
    Texts,
    /// Times, lists and anything else that is neither a number nor a category.
    Other,
}

/// Holds a [`TrainingSource`]'s results for columns.
/// The example of [`TrainingSource`](crate::TrainingSource) has one.
#[derive(Debug)]
pub struct TrainingColumns {
    /// The number of rows of the table.
    pub rows: u64,
    /// The results, in the order of the request.
    pub columns: Vec<SourceColumn>,
}

/// Holds the result for one column.
/// The example of [`TrainingSource`](crate::TrainingSource) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceColumn {
    /// Numbers, at least one of them finite.
    Numbers {
        /// The same bins as those of [`NumericBins::from_sorted`] for these values.
        bins: NumericBins,
        /// The rows on the bins.
        counts: NumericCounts,
        /// The mean of the finite values.
        mean: f64,
        /// The standard deviation of the finite values.
        deviation: f64,
        /// The number of distinct values.
        distinct: u64,
    },
    /// Categories.
    Categories {
        /// Each text with its number of rows.
        categories: Vec<(String, u64)>,
        /// The number of rows without a category.
        missing: u64,
        /// How many of those have a value that is not a category.
        other_type: u64,
    },
    /// Nothing to build a profile from.
    None {
        /// The number of rows, all without a usable value.
        missing: u64,
        /// The reason.
        problem: BaselineError,
    },
}
