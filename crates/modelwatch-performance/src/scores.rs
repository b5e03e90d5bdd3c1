//! Scores of two groups of rows, counted by value: all that an area under a curve or a calibration needs of them.

use std::collections::BTreeMap;

use crate::interval;
use crate::measure::{Measured, Undefined};

/// Distinct scores that are kept as they are.
pub(crate) const MOST_DISTINCT: usize = 1 << 16;
/// Bits of a score's distance from 0 or 1 that are kept once there are more: a relative precision of 1/4096.
const KEPT_BITS: u32 = 12;
const LOST_BITS: u32 = f64::MANTISSA_DIGITS - 1 - KEPT_BITS;

/// How many rows of each group have each score. Scores are kept as they are while there are at most as many distinct ones as the
/// limit, and then rounded to cells that do not depend on the order of rows: whatever is merged in whatever order is equal.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    limit: usize,
    rounded: bool,
    cells: BTreeMap<u64, [u64; 2]>,
}

/// The rows of one score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) score: f64,
    pub(crate) rows: [u64; 2],
}

impl Cell {
    pub(crate) fn all(&self) -> u64 {
        self.rows[0] + self.rows[1]
    }
}

impl Default for Scores {
    fn default() -> Self {
        Self::with_limit(MOST_DISTINCT)
    }
}

impl Scores {
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            rounded: false,
            cells: BTreeMap::new(),
        }
    }

    /// Counts a finite score.
    pub(crate) fn add(&mut self, score: f64, group: bool) {
        let score = if self.rounded { rounded(score) } else { score };
        self.cells.entry(ordered(score)).or_default()[usize::from(group)] += 1;
        self.bound();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.rounded {
            self.round();
        }
        for cell in other.cells() {
            let score = if self.rounded { rounded(cell.score) } else { cell.score };
            let rows = self.cells.entry(ordered(score)).or_default();
            rows[0] += cell.rows[0];
            rows[1] += cell.rows[1];
            self.bound();
        }
    }

    /// In ascending order of scores.
    pub(crate) fn cells(&self) -> impl DoubleEndedIterator<Item = Cell> + Clone + '_ {
        self.cells.iter().map(|(key, rows)| Cell {
            score: from_ordered(*key),
            rows: *rows,
        })
    }

    /// Rows of each group.
    pub(crate) fn totals(&self) -> [u64; 2] {
        self.cells
            .values()
            .fold([0, 0], |totals, rows| [totals[0] + rows[0], totals[1] + rows[1]])
    }

    fn bound(&mut self) {
        if !self.rounded && self.cells.len() > self.limit {
            self.round();
        }
    }

    fn round(&mut self) {
        if self.rounded {
            return;
        }
        self.rounded = true;
        for (key, rows) in std::mem::take(&mut self.cells) {
            let cell = self.cells.entry(ordered(rounded(from_ordered(key)))).or_default();
            cell[0] += rows[0];
            cell[1] += rows[1];
        }
    }

    /// The area under the ROC curve, the second group being the positives, with the interval of DeLong, DeLong and Clarke-Pearson
    /// (1988) on a logistic scale.
    pub(crate) fn area(&self) -> Result<(Measured, f64), Undefined> {
        let [negatives, positives] = self.totals();
        if negatives == 0 && positives == 0 {
            return Err(Undefined::NoRows);
        }
        if negatives == 0 || positives == 0 {
            return Err(Undefined::OneClass);
        }
        let pairs = negatives as f64 * positives as f64;
        // Twice the pairs in the right order, those of equal scores counting once: whole numbers.
        let (mut below, mut twice, mut tied) = (0_u128, 0_u128, 0_u128);
        for cell in self.cells() {
            let [negative, positive] = cell.rows.map(u128::from);
            twice += positive * (2 * below + negative);
            tied += positive * negative;
            below += negative;
        }
        let area = twice as f64 / 2.0 / pairs;
        let (mut of_positives, mut of_negatives) = (0.0, 0.0);
        let mut passed = [0.0, 0.0];
        for cell in self.cells() {
            let [negative, positive] = cell.rows.map(|rows| rows as f64);
            let placed = (passed[0] + negative / 2.0) / negatives as f64;
            of_positives += positive * (placed - area).powi(2);
            let placed = (positives as f64 - passed[1] - positive / 2.0) / positives as f64;
            of_negatives += negative * (placed - area).powi(2);
            passed = [passed[0] + negative, passed[1] + positive];
        }
        let variance = |squares: f64, rows: u64| squares / (rows as f64 - 1.0).max(1.0) / rows as f64;
        let error = (variance(of_positives, positives) + variance(of_negatives, negatives)).sqrt();
        let measured = Measured {
            value: area,
            interval: interval::logistic(area, error, negatives.min(positives) as f64),
            rows: negatives + positives,
            within: if self.rounded { tied as f64 / 2.0 / pairs } else { 0.0 },
        };
        Ok((measured, error))
    }
}

/// A whole number for each finite double, in the same order; both zeros are one.
fn ordered(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn from_ordered(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Keeps the order of scores, and the relative precision of their distance from 0 and, below 1, from 1: both ends of a probability
/// matter alike.
fn rounded(score: f64) -> f64 {
    let cut = |number: f64| f64::from_bits(number.to_bits() >> LOST_BITS << LOST_BITS);
    if score > 0.5 && score < 1.0 {
        1.0 - cut(1.0 - score)
    } else {
        cut(score)
    }
}
