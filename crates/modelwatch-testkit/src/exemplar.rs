//! The exemplars that judges read.

use crate::labels::Labels;

/// An exemplar, whichever judge read it.
///
/// The example of [`Sample`](crate::Sample) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Its own labels (`trace_id`), not those of the series.
    pub labels: Labels,
    /// The observation it stands for.
    pub value: f64,
    /// Seconds since the Unix epoch.
    pub timestamp: Option<f64>,
}
