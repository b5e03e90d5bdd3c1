//! Sums without rounding errors, so that neither the order of rows nor the way of merging changes a figure.
//!
//! A plain sum of doubles depends on the order of its terms: a window counted by two threads differs from the same window counted
//! by three. Here the sum is kept as doubles that do not overlap (Shewchuk, *Adaptive Precision Floating-Point Arithmetic*, 1997;
//! Python's `math.fsum`) and is rounded once, when it is read.

/// A sum of finite numbers, exact until it is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactSum {
    /// In ascending order of magnitude. No two have overlapping bits.
    partials: Vec<f64>,
}

impl ExactSum {
    pub(crate) fn add(&mut self, number: f64) {
        let mut carried = number;
        let mut kept = 0;
        for place in 0..self.partials.len() {
            let (sum, rest) = two_sum(carried, self.partials[place]);
            if rest != 0.0 {
                self.partials[kept] = rest;
                kept += 1;
            }
            carried = sum;
        }
        self.partials.truncate(kept);
        self.partials.push(carried);
    }

    /// Adds a product without rounding it.
    pub(crate) fn add_product(&mut self, one: f64, other: f64) {
        let product = one * other;
        self.add(product);
        let rest = one.mul_add(other, -product);
        if rest != 0.0 {
            self.add(rest);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for partial in &other.partials {
            self.add(*partial);
        }
    }

    /// Returns the sum, rounded once, half to even.
    pub(crate) fn value(&self) -> f64 {
        let mut rest = self.partials.iter().rev().copied();
        let Some(mut sum) = rest.next() else { return 0.0 };
        let mut below = 0.0;
        for partial in rest.by_ref() {
            (sum, below) = two_sum(sum, partial);
            if below != 0.0 {
                break;
            }
        }
        // A value exactly halfway is rounded in the direction of the remainder.
        if let Some(next) = rest.next()
            && (below < 0.0) == (next < 0.0)
            && below != 0.0
        {
            let twice = below * 2.0;
            let moved = sum + twice;
            if moved - sum == twice {
                sum = moved;
            }
        }
        sum
    }

    /// `count · Σx² − (Σx)²` from the exact sums of squares and of numbers, rounded once: a variance that stays exact for a mean
    /// far from zero.
    pub(crate) fn spread(count: u64, sum: &Self, squares: &Self) -> f64 {
        let mut spread = Self::default();
        for partial in &squares.partials {
            spread.add_product(count as f64, *partial);
        }
        for one in &sum.partials {
            for other in &sum.partials {
                spread.add_product(-one, *other);
            }
        }
        spread.value().max(0.0)
    }
}

/// The rounded sum, and the rounding error.
fn two_sum(one: f64, other: f64) -> (f64, f64) {
    let (large, small) = if one.abs() < other.abs() {
        (other, one)
    } else {
        (one, other)
    };
    let sum = large + small;
    (sum, small - (sum - large))
}
