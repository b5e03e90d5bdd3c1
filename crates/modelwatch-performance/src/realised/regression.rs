//! Performance of predicted numbers.

use crate::classes::Unmergeable;
use crate::exact_sum::ExactSum;
use crate::interval;
use crate::mean::Mean;
use crate::measure::{Interval, Measure, Measured, Performance, Undefined};

/// Counts of labelled predictions of a number. Neither the order of rows nor the way of merging changes a figure.
/// # Example: errors of two predicted amounts
///
/// ```
/// use modelwatch_performance::{Measure, RegressionCounts};
///
/// let mut counts = RegressionCounts::new();
/// counts.add(110.0, 100.0);
/// counts.add(190.0, 200.0);
/// let performance = counts.performance();
/// assert_eq!(performance.get(Measure::MeanAbsoluteError)?.value, 10.0);
/// assert_eq!(performance.get(Measure::Bias)?.value, 0.0);
/// # Ok::<(), modelwatch_performance::Undefined>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegressionCounts {
    around: f64,
    /// Prediction minus target.
    errors: Mean,
    absolute: Mean,
    /// Squared errors.
    squared: Mean,
    /// Targets minus `around`.
    targets: Mean,
    /// Products with the squared error: of the target, and of its square.
    squared_by_target: ExactSum,
    squared_by_square: ExactSum,
    cubes: ExactSum,
    fourths: ExactSum,
    unusable: u64,
}

impl RegressionCounts {
    /// The largest absolute value that is counted. Squares of larger numbers do not fit into a double.
    pub const LARGEST: f64 = 1e140;

    /// Makes counts without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes counts without rows around a number near the targets, such as their mean in training. It changes no figure. It keeps
    /// the interval of R² exact when the targets' mean is a thousand times their deviation or more. A number that is not finite
    /// counts as 0.
    #[must_use]
    pub fn around(number: f64) -> Self {
        Self {
            around: if number.is_finite() { number } else { 0.0 },
            ..Self::default()
        }
    }

    /// Counts a prediction with a known target. A row in which either is NaN, infinite or beyond 1e140 only counts in
    /// [`unusable`](Self::unusable).
    pub fn add(&mut self, predicted: f64, actual: f64) {
        let usable = |number: f64| number.abs() <= Self::LARGEST;
        if !usable(predicted) || !usable(actual) {
            self.unusable += 1;
            return;
        }
        let error = predicted - actual;
        let square = error * error;
        let target = actual - self.around;
        self.errors.add(error);
        self.absolute.add(error.abs());
        self.squared.add(square);
        self.targets.add(target);
        self.squared_by_target.add(square * target);
        self.squared_by_square.add(square * target * target);
        self.cubes.add(target * target * target);
        self.fourths.add((target * target).powi(2));
    }

    /// Adds the counts of other rows.
    ///
    /// # Errors
    ///
    /// Returns an error when they were counted around another number. It adds nothing then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Unmergeable> {
        if self.around != other.around {
            return Err(Unmergeable::Around);
        }
        self.errors.merge(&other.errors);
        self.absolute.merge(&other.absolute);
        self.squared.merge(&other.squared);
        self.targets.merge(&other.targets);
        self.squared_by_target.merge(&other.squared_by_target);
        self.squared_by_square.merge(&other.squared_by_square);
        self.cubes.merge(&other.cubes);
        self.fourths.merge(&other.fourths);
        self.unusable += other.unusable;
        Ok(())
    }

    /// Returns the number of rows: predictions with a target.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.errors.rows()
    }

    /// Returns the number of rows that were left out because the prediction or the target can't be counted.
    #[must_use]
    pub fn unusable(&self) -> u64 {
        self.unusable
    }

    /// Returns the measures of these rows.
    #[must_use]
    pub fn performance(&self) -> Performance {
        Performance::new([
            (Measure::MeanAbsoluteError, self.absolute.measured_positive()),
            (Measure::RootMeanSquaredError, root(self.squared.measured_positive())),
            (Measure::Bias, self.errors.measured()),
            (Measure::RSquared, self.r_squared()),
        ])
    }

    fn r_squared(&self) -> Result<Measured, Undefined> {
        if self.rows() == 0 {
            return Err(Undefined::NoRows);
        }
        let spread = self.targets.spread();
        if spread == 0.0 {
            return Err(Undefined::ConstantTarget);
        }
        let rows = self.rows() as f64;
        let left = self.errors.mean_square() * rows / spread;
        Ok(Measured {
            value: 1.0 - left,
            interval: interval::logarithmic(left, self.error_of_ratio(left, spread / rows), self.rows()).map(|left| {
                Interval {
                    low: 1.0 - left.high,
                    high: 1.0 - left.low,
                }
            }),
            rows: self.rows(),
            within: 0.0,
        })
    }

    /// The standard error of squared errors over squared distances from the targets' mean, by the delta method: that of the mean
    /// of `e² − left · d²`, divided by the variance.
    fn error_of_ratio(&self, left: f64, variance: f64) -> f64 {
        let rows = self.rows() as f64;
        let mean = self.targets.value();
        let [by_target, by_square, cubes, fourths] = [
            &self.squared_by_target,
            &self.squared_by_square,
            &self.cubes,
            &self.fourths,
        ]
        .map(|sum| sum.value() / rows);
        let squares = self.targets.mean_square();
        let fourth_errors = self.squared.mean_square();
        let with_distance = by_square - 2.0 * mean * by_target + mean * mean * self.squared.value();
        let fourth_distances = fourths - 4.0 * mean * cubes + 6.0 * mean * mean * squares - 3.0 * mean.powi(4);
        let square = fourth_errors - 2.0 * left * with_distance + left * left * fourth_distances;
        (square.max(0.0) / rows).sqrt() / variance
    }
}

/// Turns the measure of squares into that of their root.
pub(crate) fn root(squared: Result<Measured, Undefined>) -> Result<Measured, Undefined> {
    let squared = squared?;
    let root = |number: f64| number.max(0.0).sqrt();
    Ok(Measured {
        value: root(squared.value),
        interval: squared.interval.map(|interval| Interval {
            low: root(interval.low),
            high: root(interval.high),
        }),
        ..squared
    })
}
