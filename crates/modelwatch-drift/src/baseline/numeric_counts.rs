//! Counts how many numbers fell where.

use super::numeric_bins::{NumericBins, NumericSlot};
use crate::sketch::Sample;

impl NumericBins {
    /// Creates empty counts for these bins.
    #[must_use]
    pub fn count(&self) -> NumericCounts {
        NumericCounts {
            bins: vec![0; self.len()],
            ..NumericCounts::default()
        }
    }

    /// Counts finite values in ascending order, without a sample. It searches for each edge among the values instead of
    /// for each value among the edges.
    pub(super) fn count_sorted(&self, sorted: &[f64]) -> NumericCounts {
        let mut counts = self.count();
        let edges = self.edges();
        let not_reached = |rest: &[f64], edge: f64| rest.partition_point(|value| *value < edge);
        let below = not_reached(sorted, edges[0]);
        counts.below = below as u64;
        let mut rest = &sorted[below..];
        for (rows, edge) in counts.bins.iter_mut().zip(&edges[1..]) {
            let within = not_reached(rest, *edge);
            *rows = within as u64;
            rest = &rest[within..];
        }
        counts.above = rest.len() as u64;
        (counts.least, counts.largest) = (sorted.first().copied(), sorted.last().copied());
        counts
    }
}

/// Counts the rows that fell into each bin of a numeric feature.
///
/// [`NumericProfile`](super::NumericProfile) has an example.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumericCounts {
    /// Rows in each bin; there are [`NumericBins::len`] of them.
    pub bins: Vec<u64>,
    /// Rows with a value below training's minimum.
    pub below: u64,
    /// Rows with a value above training's maximum.
    pub above: u64,
    /// Rows without a value.
    pub missing: u64,
    /// The smallest finite value, if there is one: how far `below` reaches.
    pub least: Option<f64>,
    /// The largest finite value, if there is one: how far `above` reaches.
    pub largest: Option<f64>,
    /// A sample of the finite values. It shows the values where training has no bins; empty in a baseline.
    pub sample: Sample,
}

impl NumericCounts {
    /// Counts one row. Pass the bins that these counts were made for.
    pub fn add(&mut self, bins: &NumericBins, value: Option<f64>) {
        let place = match bins.slot(value) {
            NumericSlot::Below => &mut self.below,
            NumericSlot::Above => &mut self.above,
            NumericSlot::Missing => &mut self.missing,
            NumericSlot::Bin(bin) => &mut self.bins[bin],
        };
        *place += 1;
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.sample.offer_one(value);
            self.least = Some(self.least.map_or(value, |least| least.min(value)));
            self.largest = Some(self.largest.map_or(value, |largest| largest.max(value)));
        }
    }

    /// Adds the counts of another window on the same bins.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in self.bins.iter_mut().zip(&other.bins) {
            *mine += others;
        }
        self.below += other.below;
        self.above += other.above;
        self.missing += other.missing;
        let least = self.least.into_iter().chain(other.least).reduce(f64::min);
        let largest = self.largest.into_iter().chain(other.largest).reduce(f64::max);
        (self.least, self.largest) = (least, largest);
        self.sample.merge(&other.sample);
    }

    /// Returns the rows with a value in the order of the values: below, the bins, above.
    #[must_use]
    pub fn in_order(&self) -> Vec<u64> {
        [&self.below]
            .into_iter()
            .chain(&self.bins)
            .chain([&self.above])
            .copied()
            .collect()
    }

    /// Returns the number of rows, including those without a value.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.present() + self.missing
    }

    /// Returns the number of rows with a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.bins.iter().sum::<u64>() + self.below + self.above
    }
}
