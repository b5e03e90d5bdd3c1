//! Counts how many categories fell where.

use super::categorical_bins::{CategoricalBins, CategoricalSlot};
use super::category_text::category_text;
use crate::sketch::Frequent;

impl CategoricalBins {
    /// Creates empty counts for these bins.
    #[must_use]
    pub fn count(&self) -> CategoricalCounts {
        CategoricalCounts {
            named: vec![0; self.names().len()],
            other: vec![0; self.groups()],
            ..CategoricalCounts::default()
        }
    }
}

/// Counts the rows that fell into each bin of a categorical feature.
///
/// [`CategoricalProfile`](super::CategoricalProfile) has an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoricalCounts {
    /// Rows of each named category, in the order of [`CategoricalBins::names`].
    pub named: Vec<u64>,
    /// Rows of categories without a name, of which training had some, for each of the [`CategoricalBins::groups`].
    pub other: Vec<u64>,
    /// Rows of categories that training did not have.
    pub unseen: u64,
    /// Rows without a value.
    pub missing: u64,
    /// The most frequent categories without a name; empty in a baseline.
    pub unnamed: Frequent,
}

impl CategoricalCounts {
    /// Counts one row. Pass the bins that these counts were made for.
    pub fn add(&mut self, bins: &CategoricalBins, category: Option<&str>) {
        self.add_rows(bins, category, 1);
    }

    /// Counts `rows` rows of one category, as a `GROUP BY` returns them.
    pub fn add_rows(&mut self, bins: &CategoricalBins, category: Option<&str>, rows: u64) {
        let slot = bins.slot(category);
        let place = match slot {
            CategoricalSlot::Missing => &mut self.missing,
            CategoricalSlot::Named(place) => &mut self.named[place],
            CategoricalSlot::Other(group) => &mut self.other[group],
            CategoricalSlot::Unseen => &mut self.unseen,
        };
        *place += rows;
        if matches!(slot, CategoricalSlot::Other(_) | CategoricalSlot::Unseen)
            && let Some(text) = category.and_then(category_text)
        {
            self.unnamed.offer(text, rows);
        }
    }

    /// Adds the counts of another window on the same bins.
    pub fn merge(&mut self, other: &Self) {
        let pairs = self.named.iter_mut().zip(&other.named);
        for (mine, others) in pairs.chain(self.other.iter_mut().zip(&other.other)) {
            *mine += others;
        }
        self.unseen += other.unseen;
        self.missing += other.missing;
        self.unnamed.merge(&other.unnamed);
    }

    /// Returns the number of rows, including those without a value.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.present() + self.missing
    }

    /// Returns the number of rows with a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.named.iter().chain(&self.other).sum::<u64>() + self.unseen
    }
}
