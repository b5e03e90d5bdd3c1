//! The rows of a version that declared features.

use crate::cells::stripes::Stripes;

/// Rows recorded: each is an observation of every feature the version declared.
pub(crate) struct DeclaredRows {
    /// Where each feature is counted in the model's book.
    indices: Box<[usize]>,
    /// One cell.
    rows: Stripes,
}

impl DeclaredRows {
    pub(crate) fn new(indices: impl IntoIterator<Item = usize>) -> Self {
        Self {
            indices: indices.into_iter().collect(),
            rows: Stripes::new(1),
        }
    }

    /// Counts a row, and returns how many this thread's lane has counted.
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        self.rows.lane().add(0, 1)
    }

    /// Hands out the rows as observations of each feature, by index in the book.
    pub(crate) fn each_observed(&self, mut add: impl FnMut(usize, u64)) {
        let rows = self.rows.sum(0);
        self.indices.iter().for_each(|index| add(*index, rows));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.rows.mark()
    }
}
