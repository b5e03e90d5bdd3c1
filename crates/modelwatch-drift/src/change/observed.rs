//! A column to be explained.

use crate::baseline::{Counts, Profile};
use crate::decision::Measurement;

/// A column of a window beside its training.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The column's name, by which another is said to be swapped with it.
    pub name: &'a str,
    /// The column in training.
    pub profile: &'a Profile,
    /// The column in the window, on the profile's bins.
    pub counts: &'a Counts,
    /// How far apart the two are.
    pub measurement: &'a Measurement,
    /// Whether it is to be explained; one that does not drift has nothing to explain.
    pub drifts: bool,
}
