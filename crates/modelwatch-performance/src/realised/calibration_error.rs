//! The expected calibration error (Naeini, Cooper and Hauskrecht, 2015) from ten bins of equal width.

use statrs::distribution::{ChiSquared, ContinuousCDF as _, Normal};

use crate::exact_sum::ExactSum;
use crate::interval::Z;
use crate::measure::{Interval, Measured, Undefined};

const BINS: usize = 10;

/// Probabilities and what happened, by bin of the probability.
#[derive(Clone, Debug, Default)]
pub(crate) struct CalibrationBins {
    bins: [Bin; BINS],
}

#[derive(Clone, Debug, Default)]
struct Bin {
    rows: u64,
    happened: u64,
    probabilities: ExactSum,
    /// Of probability minus what happened.
    squares: ExactSum,
}

impl CalibrationBins {
    /// Counts a probability from 0 to 1. A bin holds its lower edge; the last holds 1, too.
    pub(crate) fn add(&mut self, probability: f64, happened: bool) {
        let bin = &mut self.bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        bin.rows += 1;
        bin.happened += u64::from(happened);
        bin.probabilities.add(probability);
        let distance = probability - f64::from(u8::from(happened));
        bin.squares.add_product(distance, distance);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.rows += other.rows;
            bin.happened += other.happened;
            bin.probabilities.merge(&other.probabilities);
            bin.squares.merge(&other.squares);
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
}

impl Bin {
    fn gap(&self) -> Gap {
        let distance = self.probabilities.value() - self.happened as f64;
        let squares = self.squares.value();
        Gap {
            distance,
            deviation: (squares - distance * distance / self.rows as f64).max(0.0).sqrt(),
            squares,
        }
    }
}

/// A sum of absolute values is never below its truth on average: chance alone makes a gap of any bin. What chance adds is taken
/// away for the interval, and where the gaps together are no more than chance's, the interval begins at 0.
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
    let certain = gaps.clone().filter(|gap| gap.deviation > 0.0);
    let statistic: f64 = certain.clone().map(|gap| (gap.distance / gap.deviation).powi(2)).sum();
    let degrees = certain.count();
    let exact_gap = gaps.clone().any(|gap| gap.deviation == 0.0 && gap.distance != 0.0);
    if degrees > 0 && !exact_gap {
        let chance = ChiSquared::new(degrees as f64).ok()?.inverse_cdf(0.95);
        if statistic <= chance {
            interval.low = 0.0;
        }
    }
    Some(interval)
}

/// What chance adds to the absolute value of a normal number of this mean and deviation, on average.
fn chance(mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let ratio = mean / deviation;
    let folded = deviation * (2.0 / std::f64::consts::PI).sqrt() * (-ratio * ratio / 2.0).exp()
        + mean * (1.0 - 2.0 * normal.cdf(-ratio));
    folded - mean
}
