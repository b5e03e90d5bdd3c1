//! A mean and its certainty, from sums that merge.

use crate::exact_sum::ExactSum;
use crate::interval;
use crate::measure::{Measured, Undefined};

/// The sums of a number and of its square.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mean {
    rows: u64,
    sum: ExactSum,
    squares: ExactSum,
}

impl Mean {
    pub(crate) fn add(&mut self, number: f64) {
        self.rows += 1;
        self.sum.add(number);
        self.squares.add_product(number, number);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn value(&self) -> f64 {
        self.sum.value() / self.rows as f64
    }

    pub(crate) fn mean_square(&self) -> f64 {
        self.squares.value() / self.rows as f64
    }

    /// The sum of squared distances from the mean.
    pub(crate) fn spread(&self) -> f64 {
        ExactSum::spread(self.rows, &self.sum, &self.squares) / self.rows as f64
    }

    /// The standard error of the mean. 0 for a single row.
    pub(crate) fn error(&self) -> f64 {
        let rows = self.rows as f64;
        (self.spread() / (rows - 1.0).max(1.0) / rows).sqrt()
    }

    pub(crate) fn measured(&self) -> Result<Measured, Undefined> {
        if self.rows == 0 {
            return Err(Undefined::NoRows);
        }
        Ok(Measured {
            value: self.value(),
            interval: interval::student(self.value(), self.error(), self.rows),
            rows: self.rows,
            within: 0.0,
        })
    }

    /// The same as [`measured`](Self::measured), for a number that is never below 0.
    pub(crate) fn measured_positive(&self) -> Result<Measured, Undefined> {
        let mut measured = self.measured()?;
        measured.interval = interval::logarithmic(self.value(), self.error(), self.rows);
        Ok(measured)
    }
}
