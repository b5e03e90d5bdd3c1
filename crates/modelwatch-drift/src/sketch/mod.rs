//! What a window's one pass keeps of values beside their counts: bounded, and two of them make one.
//!
//! Counts on training's bins say how far a window is from training, and little about values that training never had. A
//! [`Sample`] of numbers and the [`Frequent`] ones of names say what came instead, in a few kilobytes a column whatever the
//! rows. A [`RowSample`] says how columns go together. A [`Grid`] says what they all are multiples of.

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
