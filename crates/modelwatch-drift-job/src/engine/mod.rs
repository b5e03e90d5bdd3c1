//! Counts windows: a window, columns and bins go in, counts come out.
//!
//! Only counts leave an engine, so it can run wherever the rows are. This module knows nothing of Arrow, files or
//! statistics. [`PredictionLog`](crate::PredictionLog) and [`Tables`](crate::Tables) are the engines of this crate. If
//! your rows lie elsewhere, implement [`Engine`] and pass it to
//! [`ModelSettings::engine`](crate::ModelSettings::engine).

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
/// # Example: count rows that are in a list
///
/// ```
/// use futures::future::{BoxFuture, FutureExt as _};
/// use modelwatch_drift::baseline::{CategoricalProfile, Hygiene};
/// use modelwatch_drift_job::engine::{
///     Bins, Column, ColumnCounts, Engine, EngineError, GroupBy, GroupCounts, WindowCounts, WindowQuery,
/// };
///
/// /// Versions and channels.
/// #[derive(Debug)]
/// struct Channels(Vec<(&'static str, &'static str)>);
///
/// impl Engine for Channels {
///     fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>> {
///         let bins = &query.columns[0].bins;
///         let mut all = WindowCounts { columns: vec![ColumnCounts::new(bins)], ..WindowCounts::default() };
///         let mut versions = Vec::new();
///         for (version, channel) in &self.0 {
///             let mut counts = ColumnCounts::new(bins);
///             counts.add_text(bins, Some(channel), 1);
///             all.rows += 1;
///             all.columns[0].merge(&counts);
///             versions.push(GroupCounts { value: Some((*version).to_owned()), rows: 1, columns: vec![counts] });
///         }
///         all.groups.push(versions);
///         async { Ok(all) }.boxed()
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let training = [("web".to_owned(), 700), ("phone".to_owned(), 300)];
/// let profile = CategoricalProfile::new("channel", training, 0, &Hygiene::default())?;
/// let query = WindowQuery {
///     model: "claims-risk".to_owned(),
///     window: None,
///     columns: vec![Column {
///         name: "feature.channel".to_owned(),
///         bins: Bins::Categorical(profile.bins().clone()),
///     }],
///     groups: vec![GroupBy { column: "model_version".to_owned(), values: None }],
///     joint: Vec::new(),
/// };
/// let counts = Channels(vec![("2026-04-01", "web"), ("2026-04-02", "fax")]).count(&query).await?;
/// assert_eq!((counts.rows, counts.columns[0].counts.rows()), (2, 2));
/// assert_eq!(counts.groups[0][1].value.as_deref(), Some("2026-04-02"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Engine: fmt::Debug + Send + Sync {
    /// Counts the rows of a window on bins.
    ///
    /// An engine leaves out what it can't read and names it in the result, so that a broken file does not hide the
    /// rest. If a column's values have a different type, count them as such and leave the other columns as they are.
    ///
    /// # Errors
    ///
    /// The engine can't look for the rows at all.
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>>;
}
