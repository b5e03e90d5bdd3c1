//! Arrow arrays counted on bins: what the engines of this crate share.
//!
//! A column is counted as what it is in each batch: numbers, booleans and texts on either kind of bins, and everything else as
//! of another type. So one column of another type concerns that column alone.

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
