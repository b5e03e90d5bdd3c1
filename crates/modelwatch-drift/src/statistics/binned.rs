//! A statistic that bins blur.

/// A statistic of binned values, and how far the same of the values themselves can be from it.
///
/// [`of_counts`](super::kolmogorov_smirnov::of_counts) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binned {
    /// The statistic.
    pub value: f64,
    /// The statistic of the values is no further away than this.
    pub within: f64,
}
