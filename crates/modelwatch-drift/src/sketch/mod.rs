//! Keeps what a window's single pass learns about values beyond their counts, in bounded memory. Two sketches merge
//! into one.
//!
//! Counts on training's bins say how far a window is from training, but little about values that training never had. A
//! [`Sample`] of numbers and the [`Frequent`] names show what came instead, in a few kilobytes per column for any
//! number of rows. A [`RowSample`] shows how columns go together. A [`Grid`] says which step all values are multiples
//! of.

mod frequent;
mod grid;
mod reservoir;
mod rows;
mod sample;

pub use frequent::Frequent;
pub(crate) use grid::Found;
pub use grid::Grid;
pub use rows::RowSample;
pub use sample::Sample;
pub(crate) use sample::quantile;
