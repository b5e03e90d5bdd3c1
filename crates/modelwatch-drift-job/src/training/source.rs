//! Where training's rows lie, if not in files.

use std::fmt;

use futures::future::BoxFuture;
use modelwatch_drift::baseline::{BaselineError, NumericBins, NumericCounts};

use super::summary::ColumnKind;
use crate::engine::EngineError;

/// A table that tells of its columns what a baseline is made of, and keeps its rows. Its text names it.
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
#[derive(Debug)]
pub struct TrainingColumns {
    /// Rows of the table.
    pub rows: u64,
    /// What was asked for, in that order.
    pub columns: Vec<SourceColumn>,
}

/// What is said of one column.
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
