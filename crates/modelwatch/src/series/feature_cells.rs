//! What one version counted of a list of features: observed, missing, defaulted and out of range.

use crate::cells::created::Created;
use crate::cells::stripes::{Lanes, Stripes};
use crate::contract::metrics::{
    FEATURE_DEFAULTED, FEATURE_MISSING, FEATURE_OBSERVATIONS, FEATURE_OUT_OF_RANGE, Metric,
};

/// Missing, defaulted, out of range, and observed one by one: last, because cells are read in this order and written in
/// the reverse one, so that no reader sees more missing than observed.
pub(crate) type FeatureCounts = [u64; PER_FEATURE];
const PER_FEATURE: usize = 4;
pub(crate) const MISSING: usize = 0;
pub(crate) const DEFAULTED: usize = 1;
pub(crate) const OUT_OF_RANGE: usize = 2;
pub(crate) const OBSERVED: usize = 3;

/// The counters of a feature, in the order they are exposed.
pub(crate) const FEATURE_COUNTERS: [(&Metric, usize); PER_FEATURE] = [
    (&FEATURE_OBSERVATIONS, OBSERVED),
    (&FEATURE_MISSING, MISSING),
    (&FEATURE_DEFAULTED, DEFAULTED),
    (&FEATURE_OUT_OF_RANGE, OUT_OF_RANGE),
];

pub(crate) struct FeatureCells {
    /// The index in the model's book of the feature at each position.
    indices: Box<[usize]>,
    /// [`FeatureCounts`] of each position in turn.
    cells: Stripes,
    /// One cell: rows, each an observation at every position.
    rows: Stripes,
}

impl FeatureCells {
    pub(crate) fn new(indices: impl IntoIterator<Item = usize>, lanes: Lanes) -> Self {
        let indices: Box<[usize]> = indices.into_iter().collect();
        Self {
            cells: Stripes::new(indices.len() * PER_FEATURE, lanes),
            rows: Stripes::new(1, lanes),
            indices,
        }
    }

    /// Counts a row, and returns how many this thread's lane has counted. Before what is missing in the row, so that
    /// no reader sees more missing than observed.
    #[inline]
    pub(crate) fn count_row(&self) -> u64 {
        self.rows.lane().add(0, 1)
    }

    /// Counts one thing of one feature, and returns how many of it this thread's lane has counted.
    #[inline]
    pub(crate) fn count(&self, position: usize, what: usize) -> u64 {
        self.cells.lane().add(position * PER_FEATURE + what, 1)
    }

    /// Index in the book and counts of each position.
    pub(crate) fn read(&self) -> Vec<(usize, FeatureCounts)> {
        let mut counts = vec![FeatureCounts::default(); self.indices.len()];
        self.cells.add_to(0, counts.as_flattened_mut());
        let rows = self.rows.sum(0);
        counts.iter_mut().for_each(|counts| counts[OBSERVED] += rows);
        self.indices.iter().copied().zip(counts).collect()
    }

    /// Hands out index in the book, missing and observed of each position, and allocates nothing.
    pub(crate) fn each_missing_and_observed(&self, mut add: impl FnMut(usize, u64, u64)) {
        for (position, index) in self.indices.iter().enumerate() {
            let missing = self.cells.sum(position * PER_FEATURE + MISSING);
            let observed = self.cells.sum(position * PER_FEATURE + OBSERVED);
            add(*index, missing, observed.wrapping_add(self.rows.sum(0)));
        }
    }

    pub(crate) fn created(&self) -> Created {
        self.rows.created()
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.cells.mark().wrapping_add(self.rows.mark())
    }
}
