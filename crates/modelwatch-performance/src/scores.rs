//! Scores of two groups of rows, counted by value: all that an area under a curve or a calibration needs.

use std::borrow::Cow;

use crate::interval;
use crate::measure::{Measured, Undefined};

/// The most distinct scores that are kept exactly when labels are counted, with 24 bytes each.
pub(crate) const MOST_DISTINCT: usize = 1 << 20;
/// The same without labels: an estimate's own error is far larger than that of rounding.
pub(crate) const MOST_ESTIMATED: usize = 1 << 16;
/// The bits to keep of a score's distance from 0 or 1 when there are too many distinct scores for the memory limit: the most with
/// which they fit. The last one is a relative precision of 1/4096.
pub const SCORE_BITS: [u32; 7] = [24, 22, 20, 18, 16, 14, 12];
/// The least number of scores to collect before they are sorted.
const FEWEST_FRESH: usize = 256;

/// How many rows of each group have each score. Scores are kept exactly up to the limit of distinct ones. Beyond it, they are
/// rounded as little as possible, to cells that do not depend on the order of rows. So the result is the same for any way and
/// order of merging.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    limit: usize,
    precision: Precision,
    /// Sorted by key, each key once.
    settled: Vec<Keyed>,
    /// Keys of rows added since, for each group.
    fresh: [Vec<u64>; 2],
}

/// The precision of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Exact,
    /// Rounded to a number of bits, by its index in [`SCORE_BITS`].
    Rounded(usize),
}

#[derive(Clone, Copy, Debug)]
struct Keyed {
    key: u64,
    rows: [u64; 2],
}

/// The rows with one score.
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

impl Precision {
    /// The next lower precision. `None` after the last.
    fn less(self) -> Option<Self> {
        let next = match self {
            Self::Exact => 0,
            Self::Rounded(place) => place + 1,
        };
        (next < SCORE_BITS.len()).then_some(Self::Rounded(next))
    }

    /// Keeps the order of scores, and the relative precision of their distance from 0 and, below 1, from 1: both ends of a
    /// probability matter equally. A score that was rounded more precisely before gives the same result.
    fn rounded(self, score: f64) -> f64 {
        let Self::Rounded(place) = self else { return score };
        let lost = f64::MANTISSA_DIGITS - 1 - SCORE_BITS[place];
        let cut = |number: f64| f64::from_bits(number.to_bits() >> lost << lost);
        if score > 0.5 && score < 1.0 {
            1.0 - cut(1.0 - score)
        } else {
            cut(score)
        }
    }
}

impl Scores {
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            precision: Precision::Exact,
            settled: Vec::new(),
            fresh: [Vec::new(), Vec::new()],
        }
    }

    /// Counts a finite score.
    pub(crate) fn add(&mut self, score: f64, group: bool) {
        self.fresh[usize::from(group)].push(ordered(self.precision.rounded(score)));
        if self.fresh[0].len() + self.fresh[1].len() >= (self.settled.len() / 2).max(FEWEST_FRESH) {
            self.settle();
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let other = other.in_order();
        self.settle();
        let precision = self.precision.max(other.precision);
        self.round_to(precision);
        let cells = other.settled.iter().map(|cell| Keyed {
            key: ordered(precision.rounded(from_ordered(cell.key))),
            rows: cell.rows,
        });
        self.settled = merged(&self.settled, cells);
        self.bound();
    }

    /// The cells in ascending order of scores.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        self.in_order().iter().collect()
    }

    /// How many scores are in memory: the distinct ones, and those added since they were last sorted.
    pub(crate) fn held(&self) -> usize {
        self.settled.len() + self.fresh[0].len() + self.fresh[1].len()
    }

    /// Sorts the scores, and rounds them to this many bits.
    pub(crate) fn round(&mut self, bits: u32) {
        self.settle();
        if let Some(place) = SCORE_BITS
            .iter()
            .position(|kept| *kept <= bits)
            .filter(|_| bits <= SCORE_BITS[0])
        {
            self.round_to(Precision::Rounded(place));
        }
    }

    /// The rows of each group.
    pub(crate) fn totals(&self) -> [u64; 2] {
        let fresh = [self.fresh[0].len() as u64, self.fresh[1].len() as u64];
        self.settled.iter().fold(fresh, |totals, cell| {
            [totals[0] + cell.rows[0], totals[1] + cell.rows[1]]
        })
    }

    /// The same scores, all sorted.
    fn in_order(&self) -> Cow<'_, Self> {
        match self.fresh.iter().all(Vec::is_empty) {
            true => Cow::Borrowed(self),
            false => {
                let mut settled = self.clone();
                settled.settle();
                Cow::Owned(settled)
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = Cell> + '_ {
        self.settled.iter().map(|cell| Cell {
            score: from_ordered(cell.key),
            rows: cell.rows,
        })
    }

    fn settle(&mut self) {
        for group in 0..2 {
            let mut keys = std::mem::take(&mut self.fresh[group]);
            keys.sort_unstable();
            let mut rows = [0, 0];
            rows[group] = 1;
            self.settled = match keys.is_empty() {
                true => continue,
                false => merged(&self.settled, keys.iter().map(|key| Keyed { key: *key, rows })),
            };
            keys.clear();
            // The next scores reuse its memory.
            self.fresh[group] = keys;
        }
        self.bound();
    }

    fn bound(&mut self) {
        while self.settled.len() > self.limit {
            let Some(less) = self.precision.less() else { return };
            self.round_to(less);
        }
    }

    /// Requires that no scores wait to be sorted.
    fn round_to(&mut self, precision: Precision) {
        if precision <= self.precision {
            return;
        }
        self.precision = precision;
        for cell in &mut self.settled {
            cell.key = ordered(precision.rounded(from_ordered(cell.key)));
        }
        // Rounding keeps the order.
        self.settled.dedup_by(|next, cell| {
            let same = next.key == cell.key;
            if same {
                cell.rows = [cell.rows[0] + next.rows[0], cell.rows[1] + next.rows[1]];
            }
            same
        });
        self.settled.shrink_to_fit();
    }

    /// The area under the ROC curve, with the second group as the positives, and the interval of DeLong, DeLong and
    /// Clarke-Pearson (1988) on a logistic scale.
    pub(crate) fn area(&self) -> Result<(Measured, f64), Undefined> {
        let scores = self.in_order();
        let [negatives, positives] = scores.totals();
        if negatives == 0 && positives == 0 {
            return Err(Undefined::NoRows);
        }
        if negatives == 0 || positives == 0 {
            return Err(Undefined::OneClass);
        }
        let pairs = negatives as f64 * positives as f64;
        // Twice the pairs in the right order, with ties counting once: whole numbers.
        let (mut below, mut twice, mut tied) = (0_u128, 0_u128, 0_u128);
        for cell in scores.iter() {
            let [negative, positive] = cell.rows.map(u128::from);
            twice += positive * (2 * below + negative);
            tied += positive * negative;
            below += negative;
        }
        let area = twice as f64 / 2.0 / pairs;
        let (mut of_positives, mut of_negatives) = (0.0, 0.0);
        let mut passed = [0.0, 0.0];
        for cell in scores.iter() {
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
            within: match scores.precision {
                Precision::Exact => 0.0,
                Precision::Rounded(_) => tied as f64 / 2.0 / pairs,
            },
        };
        Ok((measured, error))
    }
}

/// A whole number for each finite double, in the same order. Both zeros have the same one.
fn ordered(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn from_ordered(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// The cells of both, in order. Those of `other` may contain duplicates.
fn merged(cells: &[Keyed], other: impl Iterator<Item = Keyed>) -> Vec<Keyed> {
    let mut all: Vec<Keyed> = Vec::with_capacity(cells.len() + other.size_hint().0);
    let mut add = |cell: Keyed| match all.last_mut() {
        Some(last) if last.key == cell.key => {
            last.rows = [last.rows[0] + cell.rows[0], last.rows[1] + cell.rows[1]];
        }
        _ => all.push(cell),
    };
    let mut rest = cells.iter().copied().peekable();
    for cell in other {
        while let Some(before) = rest.next_if(|before| before.key <= cell.key) {
            add(before);
        }
        add(cell);
    }
    rest.for_each(add);
    all
}
