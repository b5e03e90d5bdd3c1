//! Describes a column to explain.

use crate::baseline::{Counts, Profile};
use crate::decision::Measurement;

/// Pairs a column of a window with its training.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The column's name, used when another column turns out to be swapped with it.
    pub name: &'a str,
    /// The column in training.
    pub profile: &'a Profile,
    /// The column in the window, on the profile's bins.
    pub counts: &'a Counts,
    /// The distance between the two.
    pub measurement: &'a Measurement,
    /// Whether to explain the column. Set it to false for columns that do not drift.
    pub drifts: bool,
}
