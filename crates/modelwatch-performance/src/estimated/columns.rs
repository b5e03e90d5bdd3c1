//! Columns of numbers as small whole ones: what trees are grown on.

/// Bins of a column, besides that of missing values.
const MOST_BINS: usize = 128;

/// The edges that a column's values are cut at, and the range it has in the reference.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    edges: Vec<f64>,
    low: f64,
    high: f64,
}

impl Cut {
    /// Cuts so that about as many values are in each bin; NaN is a missing one.
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

    /// The bin of a value: 0 where it is missing, and from 1 in the order of values.
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

    /// Whether a value is outside of those of the reference.
    pub(super) fn is_beyond(&self, value: f64) -> bool {
        value < self.low || value > self.high
    }
}
