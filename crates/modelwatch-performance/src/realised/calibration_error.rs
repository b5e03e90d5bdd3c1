//! The expected calibration error (Naeini, Cooper and Hauskrecht, 2015) from ten bins of equal width.

use std::f64::consts::FRAC_2_PI;

use statrs::distribution::{ContinuousCDF as _, Normal};

use crate::exact_sum::ExactSum;
use crate::interval::Z;
use crate::measure::{Interval, Measured, Undefined};

const BINS: usize = 10;
/// The 95 % quantile of the normal distribution.
const Z_ONE_SIDED: f64 = 1.644_853_626_951_472_7;

/// Probabilities and outcomes, by bin of the probability.
#[derive(Clone, Debug, Default)]
pub(crate) struct CalibrationBins {
    bins: [Bin; BINS],
}

#[derive(Clone, Debug, Default)]
struct Bin {
    rows: u64,
    happened: u64,
    probabilities: ExactSum,
    /// Of probability minus outcome.
    squares: ExactSum,
    /// Of `p (1 − p)`: the variance of a sum of labels if the probabilities are right.
    variances: ExactSum,
}

impl CalibrationBins {
    /// Counts a probability from 0 to 1. A bin contains its lower edge; the last bin also contains 1.
    pub(crate) fn add(&mut self, probability: f64, happened: bool) {
        let bin = &mut self.bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        bin.rows += 1;
        bin.happened += u64::from(happened);
        bin.probabilities.add(probability);
        let distance = probability - f64::from(u8::from(happened));
        bin.squares.add_product(distance, distance);
        bin.variances.add_product(probability, 1.0 - probability);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.rows += other.rows;
            bin.happened += other.happened;
            bin.probabilities.merge(&other.probabilities);
            bin.squares.merge(&other.squares);
            bin.variances.merge(&other.variances);
        }
    }

    pub(crate) fn measured(&self) -> Result<Measured, Undefined> {
        let rows: u64 = self.bins.iter().map(|bin| bin.rows).sum();
        if rows == 0 {
            return Err(Undefined::NoRows);
        }
        let gaps = || self.bins.iter().filter(|bin| bin.rows > 0).map(Bin::gap);
        let value = gaps().map(|gap| gap.distance.abs()).sum::<f64>() / rows as f64;
        Ok(Measured {
            value,
            interval: interval(value, rows, gaps()),
            rows,
            within: 0.0,
        })
    }
}

/// The sum of a bin's distances, and its standard deviation.
#[derive(Clone, Copy)]
struct Gap {
    distance: f64,
    deviation: f64,
    squares: f64,
    /// The variance if the probabilities are right.
    variance: f64,
}

impl Bin {
    fn gap(&self) -> Gap {
        let distance = self.probabilities.value() - self.happened as f64;
        let squares = self.squares.value();
        Gap {
            distance,
            deviation: (squares - distance * distance / self.rows as f64).max(0.0).sqrt(),
            squares,
            variance: self.variances.value(),
        }
    }
}

/// A sum of absolute values is too large on average, because chance alone makes a gap in any bin. The interval subtracts what
/// chance adds. It begins at 0 when the gaps together are no larger than chance makes them in 95 of 100 windows.
fn interval(value: f64, rows: u64, gaps: impl Iterator<Item = Gap> + Clone) -> Option<Interval> {
    if rows < 2 {
        return None;
    }
    let count = rows as f64;
    let added: f64 = gaps.clone().map(|gap| chance(gap.distance.abs(), gap.deviation)).sum();
    let squares: f64 = gaps.clone().map(|gap| gap.squares).sum();
    let error = (squares - count * value * value).max(0.0).sqrt() / count;
    let centre = (value - added / count).max(0.0);
    let mut interval = Interval {
        low: (centre - Z * error).max(0.0),
        high: (centre + Z * error).min(1.0),
    };
    // Sums of labels if the probabilities are right: the mean and the variance of their absolute values.
    let of_chance = |of: fn(f64) -> f64| gaps.clone().map(|gap| of(gap.variance)).sum::<f64>();
    let mean = of_chance(|variance| (variance * FRAC_2_PI).sqrt());
    let deviation = of_chance(|variance| variance * (1.0 - FRAC_2_PI)).sqrt();
    if value * count <= mean + Z_ONE_SIDED * deviation {
        interval.low = 0.0;
    }
    Some(interval)
}

/// What chance adds on average to the absolute value of a normal number with this mean and deviation.
fn chance(mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let ratio = mean / deviation;
    let folded = deviation * FRAC_2_PI.sqrt() * (-ratio * ratio / 2.0).exp() + mean * (1.0 - 2.0 * normal.cdf(-ratio));
    folded - mean
}
