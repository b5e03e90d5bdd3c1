//! Computes how each pair of numbers goes together, from sums alone.

use super::products::{Block, Products};

/// The minimum number of rows for a correlation; fewer say nothing.
const FEWEST_ROWS: f64 = 30.0;

/// Holds sums over rows that yield the correlation of every pair, using the rows with both values. You can remove rows
/// again.
#[derive(Clone, Debug)]
pub(super) struct PairSums {
    size: usize,
    rows: Vec<f64>,
    sums: Vec<f64>,
    products: Products,
    /// For the rows that have one value but lack the other: their number, sum and sum of squares. Empty while no row
    /// lacks a value.
    lacking: Vec<[f64; 3]>,
}

impl PairSums {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            rows: vec![0.0; size],
            sums: vec![0.0; size],
            products: Products::new(size),
            lacking: Vec::new(),
        }
    }

    /// Adds rows. NaN stands for a missing value.
    pub(super) fn add<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>) {
        self.weigh(rows, 1.0);
    }

    /// Removes rows that were added before.
    pub(super) fn remove<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>) {
        self.weigh(rows, -1.0);
    }

    fn weigh<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>, weight: f64) {
        let mut block = Block::new(self.size);
        block.fill(rows, |value| value, |block| self.weigh_block(block, weight));
    }

    fn weigh_block(&mut self, block: &Block, weight: f64) {
        if block.rows().flatten().any(|value| value.is_nan()) {
            block.rows().for_each(|row| self.weigh_row(row, weight));
            return;
        }
        self.products.add(block, weight);
        let rows = block.len() as f64;
        self.rows.iter_mut().for_each(|all| *all += weight * rows);
        for row in block.rows() {
            let sums = self.sums.iter_mut().zip(row);
            sums.for_each(|(sum, value)| *sum += weight * value);
        }
    }

    /// Same, for a row that may lack values.
    fn weigh_row(&mut self, row: &[f64], weight: f64) {
        for (place, value) in row.iter().enumerate() {
            if value.is_nan() {
                self.lack(row, place, weight);
                continue;
            }
            let weighed = weight * value;
            self.rows[place] += weight;
            self.sums[place] += weighed;
            let others = self.products.row_mut(place).iter_mut().zip(&row[place..]);
            others.for_each(|(product, other)| *product += if other.is_nan() { 0.0 } else { weighed * other });
        }
    }

    /// Records the values of a row that lacks one value.
    fn lack(&mut self, row: &[f64], missing: usize, weight: f64) {
        if self.lacking.is_empty() {
            self.lacking = vec![[0.0; 3]; self.size * self.size];
        }
        for (place, value) in row.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let sums = &mut self.lacking[place * self.size + missing];
            sums[0] += weight;
            sums[1] += weight * value;
            sums[2] += weight * value * value;
        }
    }

    /// Returns the sums over the rows in `self` that are not in `others`. All rows of `others` must be in `self`.
    pub(super) fn less(&self, others: &Self) -> Self {
        let less = |mine: &[f64], others: &[f64]| mine.iter().zip(others).map(|(mine, other)| mine - other).collect();
        let none = [0.0; 3];
        let lacking = self.lacking.iter().enumerate().map(|(place, mine)| {
            let other = others.lacking.get(place).unwrap_or(&none);
            [mine[0] - other[0], mine[1] - other[1], mine[2] - other[2]]
        });
        Self {
            size: self.size,
            rows: less(&self.rows, &others.rows),
            sums: less(&self.sums, &others.sums),
            products: self.products.less(&others.products),
            lacking: lacking.collect(),
        }
    }

    /// Returns the correlation of each pair, in the order of [`pairs`]; `None` with fewer than thirty rows, or if one
    /// of the two does not vary.
    pub(super) fn correlations(&self) -> Vec<Option<f64>> {
        pairs(self.size)
            .map(|(one, other)| self.correlation(one, other))
            .collect()
    }

    fn correlation(&self, one: usize, other: usize) -> Option<f64> {
        let product = self.products.of(one, other);
        let of = |place: usize, lacks: usize| {
            let [rows, sum, squares] = self.lacking.get(place * self.size + lacks).copied().unwrap_or([0.0; 3]);
            [
                self.rows[place] - rows,
                self.sums[place] - sum,
                self.products.of(place, place) - squares,
            ]
        };
        let ([rows, first, first_squares], [_, second, second_squares]) = (of(one, other), of(other, one));
        if rows < FEWEST_ROWS {
            return None;
        }
        let variance = |sum: f64, squares: f64| {
            let variance = squares / rows - (sum / rows).powi(2);
            // Anything smaller is rounding.
            (variance > 1e-9 * (squares / rows)).then_some(variance)
        };
        let deviations = (variance(first, first_squares)? * variance(second, second_squares)?).sqrt();
        let covariance = product / rows - (first / rows) * (second / rows);
        Some((covariance / deviations).clamp(-1.0, 1.0)).filter(|correlation| !correlation.is_nan())
    }
}

/// Returns all pairs: the first with each of the rest, then the second with those after it, and so on.
pub(super) fn pairs(size: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..size).flat_map(move |one| (one + 1..size).map(move |other| (one, other)))
}
