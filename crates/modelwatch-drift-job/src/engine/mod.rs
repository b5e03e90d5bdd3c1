//! The engine: a window, columns and bins in; counts out.
//!
//! Counts are all that leaves an engine, so the same question can be answered wherever the rows are. Nothing in here knows
//! Arrow, files or a statistic. [`PredictionLog`](crate::PredictionLog) and [`Tables`](crate::Tables) are the engines of this
//! crate; implement [`Engine`] for rows that lie elsewhere, and give it to [`ModelSettings::engine`](crate::ModelSettings::engine).

mod counts;
mod error;
mod left_out;
mod looked;
mod number_text;
mod query;
mod type_words;

use std::fmt;

use futures::future::BoxFuture;

pub use counts::{ColumnCounts, GroupCounts, WindowCounts};
pub use error::EngineError;
pub use left_out::{LeftOut, LeftOutFile, Reason};
pub use looked::{Looked, TableTimes};
pub(crate) use number_text::NumberText;
pub use query::{Bins, Column, GroupBy, WindowQuery};
pub use type_words::type_in_words;

/// Counts windows.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Counts the rows of a window on bins.
    ///
    /// What cannot be read is left out and named in the result, so that a broken file does not hide the rest; a column whose
    /// values are of another type is counted as such and leaves the other columns as they are.
    ///
    /// # Errors
    ///
    /// The rows cannot be looked for at all.
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>>;
}
