//! Counts Arrow arrays on bins, shared by the engines of this crate.
//!
//! A column is counted as the type it has in each batch: numbers, booleans and texts on either kind of bins, everything
//! else as a different type. A column of a different type therefore affects only itself.

mod by_edge;
mod by_view;
mod column;
mod rows;
mod slices;
mod times;

pub(crate) use by_view::ByView;
pub(crate) use column::{is_number, is_text, texts};
pub(crate) use rows::{RowCounter, Rows, keep};
pub(crate) use slices::Slices;
pub(crate) use times::{as_times, in_window};
