//! Columns of numbers as bin numbers, from which trees are grown.

/// The most bins of a column, besides the one of missing values.
const MOST_BINS: usize = 128;

/// The edges between a column's bins, and its range in the reference.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    edges: Vec<f64>,
    low: f64,
    high: f64,
}

impl Cut {
    /// Cuts into bins with about equally many values. NaN is a missing value.
    pub(super) fn learn(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut edges: Vec<f64> = (1..MOST_BINS)
            .filter_map(|bin| sorted.get(bin * sorted.len() / MOST_BINS).copied())
            .collect();
        edges.dedup();
        Self {
            edges,
            low: sorted.first().copied().unwrap_or(f64::INFINITY),
            high: sorted.last().copied().unwrap_or(f64::NEG_INFINITY),
        }
    }

    /// The bin of a value: 0 for a missing one, and from 1 on in the order of values.
    pub(super) fn bin(&self, value: f64) -> u8 {
        if value.is_nan() {
            return 0;
        }
        // There are fewer edges than a byte can count.
        1 + self.edges.partition_point(|edge| *edge <= value) as u8
    }

    pub(super) fn bins(&self) -> usize {
        self.edges.len() + 2
    }

    /// Whether a value is outside of the reference's range.
    pub(super) fn is_beyond(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }
}
