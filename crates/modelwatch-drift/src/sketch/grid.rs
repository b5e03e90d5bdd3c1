//! Finds the grid that a column's values lie on.

use serde::{Deserialize, Serialize};

/// Describes the coarsest grid that a column's values lie on: whole multiples of a [`step`](Self::step) from an
/// [`offset`](Self::offset). Prices in cents, delays in minutes and temperatures in tenths of a degree lie on one.
///
/// A grid tells changes apart that distributions can't. Multiplying values multiplies the grid's step; adding to them
/// keeps it. If a week of weather is three times the usual, the distribution alone does not say which of the two
/// happened. The rarest values may lie off the grid, so that a default or a typing error does not hide it.
///
/// # Example: prices in quarters
///
/// ```
/// use modelwatch_drift::sketch::Grid;
///
/// let prices: Vec<f64> = (0..1_000).map(|row| f64::from(row) * 0.25).collect();
/// let grid = Grid::of_sorted(&prices).expect("they lie on one");
/// assert_eq!(grid.step(), 0.25);
/// assert!(grid.holds(17.75) && !grid.holds(17.80));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    step: f64,
    offset: f64,
}

/// Holds a grid, and the evidence for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) grid: Grid,
    /// The number of distinct values on it.
    pub(crate) distinct: usize,
}

impl Grid {
    /// The share of values that must lie on the grid, for training and for a window, which may have more of the rare
    /// values.
    const COVERED: [f64; 2] = [0.985, 0.95];
    /// The share may be smaller by this among the values beside one that most rows have: there are few of them.
    const FEWER: f64 = 0.1;
    /// With fewer distinct values, some grid always fits.
    const FEWEST: usize = 4;
    /// The distance at which two values are the same place, relative to the largest magnitude.
    const TOLERANCE: f64 = 1e-10;
    /// The finest step, relative to the largest magnitude; the second applies to 32-bit numbers, whose digits end
    /// sooner.
    const FINEST: [f64; 2] = [3e-8, 2e-6];
    /// The distance at which two places are one, relative to the step.
    const SAME: f64 = 0.01;

    /// Finds the grid of finite values in ascending order; `None` if there is no grid, as with measurements that have
    /// all their digits, or if there are fewer than four distinct values.
    #[must_use]
    pub fn of_sorted(values: &[f64]) -> Option<Self> {
        Self::find(values, Self::COVERED[0]).map(|found| found.grid)
    }

    /// Finds the grid of a window's values.
    pub(crate) fn of_window(values: &[f64]) -> Option<Found> {
        Self::find(values, Self::COVERED[1])
    }

    /// Returns the grid of the whole multiples of a step above zero.
    pub(crate) fn of_multiples(step: f64) -> Self {
        Self { step, offset: 0.0 }
    }

    /// Checks that the step is above zero and the offset in the range from zero up to but not including the step.
    #[must_use]
    pub(crate) fn checked(self) -> Option<Self> {
        let valid = self.step.is_finite() && self.step > 0.0 && (0.0..self.step).contains(&self.offset);
        valid.then_some(self)
    }

    fn find(values: &[f64], share: f64) -> Option<Found> {
        let mut runs: Vec<(f64, usize)> = values
            .chunk_by(|one, other| one == other)
            .map(|run| (run[0], run.len()))
            .collect();
        runs.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        // The zeros of a column that is mostly zero say nothing about the other values.
        let alone = runs.first().map_or(0, |(_, rows)| *rows);
        let (alone, share) = match 2 * alone > values.len() {
            true => (alone, share - Self::FEWER),
            false => (0, share),
        };
        let most = alone + ((values.len() - alone) as f64 * share).ceil() as usize;
        let mut covered = 0;
        let frequent = runs.iter().take_while(|(_, rows)| {
            let wanted = covered < most;
            covered += rows;
            wanted
        });
        let mut places: Vec<f64> = frequent.map(|(value, _)| *value).collect();
        if places.len() < Self::FEWEST {
            return None;
        }
        let is_narrow = places.iter().all(|value| f64::from(*value as f32) == *value);
        if is_narrow {
            // The decimal that a 32-bit number was before rounding: 0.1 instead of 0.100000001.
            let decimal = |value: &f64| (*value as f32).to_string().parse().unwrap_or(*value);
            places = places.iter().map(decimal).collect();
        }
        places.sort_unstable_by(f64::total_cmp);
        let magnitude = places[0].abs().max(places[places.len() - 1].abs());
        let finest = Self::FINEST[usize::from(is_narrow)] * magnitude;
        let step = common_step(&places, Self::TOLERANCE * magnitude, finest)?;
        let offset = (places[0] - (places[0] / step).floor() * step).clamp(0.0, step.next_down());
        let grid = Self { step, offset }.checked()?;
        let on_it = places.iter().all(|place| grid.holds(*place));
        on_it.then_some(Found {
            grid,
            distinct: places.len(),
        })
    }

    /// Returns the distance between two places, above zero.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Returns the smallest place that is not below zero.
    #[must_use]
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Returns whether a value lies on the grid.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        let places = (value - self.offset) / self.step;
        (places - places.round()).abs() <= Self::SAME
    }

    /// Returns the grid of the values times a factor above zero, plus a summand.
    pub(crate) fn changed(&self, factor: f64, by: f64) -> Self {
        let step = self.step * factor;
        let offset = (self.offset * factor + by)
            .rem_euclid(step)
            .clamp(0.0, step.next_down());
        Self { step, offset }
    }

    /// Returns the grid of the values with the opposite sign.
    pub(crate) fn mirrored(&self) -> Self {
        let offset = (-self.offset).rem_euclid(self.step).clamp(0.0, self.step.next_down());
        Self { offset, ..*self }
    }

    /// Returns this step divided by the other's, if that is a whole number.
    pub(crate) fn steps_of(&self, other: &Self) -> Option<f64> {
        let ratio = self.step / other.step;
        let times = ratio.round();
        (times >= 1.0 && (ratio - times).abs() <= 1e-6 * times).then_some(times)
    }

    /// Returns how many times as coarse this grid is, if all of its places are places of the other.
    pub(crate) fn coarser_than(&self, other: &Self) -> Option<f64> {
        self.steps_of(other).filter(|_| other.holds(self.offset))
    }
}

/// Returns the largest step of which all gaps between values in ascending order are multiples: Euclid's algorithm, with
/// a tolerance.
fn common_step(values: &[f64], tolerance: f64, finest: f64) -> Option<f64> {
    let mut gaps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    let mut step = *gaps.first()?;
    for gap in gaps {
        let mut larger = gap;
        loop {
            let rest = (larger - step * (larger / step).round()).abs();
            if rest <= tolerance {
                break;
            }
            (larger, step) = (step, rest);
        }
        if step < finest {
            return None;
        }
    }
    // The longest distance gives the most precise step.
    let span = values[values.len() - 1] - values[0];
    Some(span / (span / step).round()).filter(|step| *step >= finest)
}
