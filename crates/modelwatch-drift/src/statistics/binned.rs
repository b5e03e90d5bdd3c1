//! Describes a statistic that bins blur.

/// Holds a statistic of binned values, and how far it can be from the same statistic of the values themselves.
///
/// [`of_counts`](super::kolmogorov_smirnov::of_counts) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binned {
    /// The statistic of the bins.
    pub value: f64,
    /// The largest possible distance to the statistic of the values.
    pub within: f64,
}
