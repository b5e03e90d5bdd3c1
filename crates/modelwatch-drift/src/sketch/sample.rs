//! Samples numbers uniformly.

use super::reservoir::{FromSample, Reservoir};

/// Keeps a uniform sample without replacement of the finite values offered, at most [`CAPACITY`](Self::CAPACITY), with
/// the exact number and mean of all of them.
///
/// While the values fit, it holds exactly those values. Beyond that, every value is equally likely to be in it, and the
/// sample estimates a share of the values to about 1/√2048, 2 %.
///
/// # Example: all values, as long as they are few
///
/// ```
/// use modelwatch_drift::sketch::Sample;
///
/// let mut sample = Sample::default();
/// sample.offer_all(&[3.0, 1.0, 2.0]);
/// assert_eq!(sample.sorted(), [1.0, 2.0, 3.0]);
/// assert_eq!((sample.mean(), sample.quantile(0.5)), (Some(2.0), Some(2.0)));
/// ```
#[derive(Clone, Debug)]
pub struct Sample {
    values: Vec<f64>,
    offered: u64,
    sum: f64,
    reservoir: Reservoir,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            offered: 0,
            sum: 0.0,
            reservoir: Reservoir::new(Self::CAPACITY),
        }
    }
}

impl Sample {
    /// The maximum number of values kept.
    pub const CAPACITY: usize = 2_048;

    /// Restores a sample from its [`values`](Self::values), [`offered`](Self::offered) and [`sum`](Self::sum), for an
    /// engine that moves it between processes or buffers. Drops values beyond the capacity and values that are not
    /// finite.
    #[must_use]
    pub fn from_parts(values: Vec<f64>, offered: u64, sum: f64) -> Self {
        let mut values = values;
        values.retain(|value| value.is_finite());
        values.truncate(Self::CAPACITY);
        let offered = offered.max(values.len() as u64);
        let mut sample = Self {
            values,
            offered,
            sum,
            ..Self::default()
        };
        sample.reservoir.restart(sample.values.len(), offered);
        sample
    }

    /// Offers values, skipping those that are not finite.
    pub fn offer_all(&mut self, values: &[f64]) {
        // In lanes, which one instruction adds. The sum is finite only if every value is.
        let mut lanes = [0.0; 8];
        let chunks = values.chunks_exact(lanes.len());
        let remainder: f64 = chunks.remainder().iter().sum();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
        }
        let sum = lanes.iter().sum::<f64>() + remainder;
        if !sum.is_finite() {
            values.iter().for_each(|value| self.offer_one(*value));
            return;
        }
        self.offered += values.len() as u64;
        self.sum += sum;
        let mut rest = values;
        while let Some(next) = self.reservoir.next(rest.len()) {
            let value = rest[next];
            rest = &rest[next + 1..];
            self.keep(value);
        }
    }

    /// Offers one value, unless it is not finite.
    #[inline]
    pub fn offer_one(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.offered += 1;
        self.sum += value;
        if self.reservoir.next(1).is_some() {
            self.keep(value);
        }
    }

    fn keep(&mut self, value: f64) {
        match self.reservoir.place(self.values.len()) {
            None => self.values.push(value),
            Some(place) => self.values[place] = value,
        }
    }

    /// Merges in another sample, as if its values had been offered to this one.
    pub fn merge(&mut self, other: &Self) {
        let kept = self
            .reservoir
            .joined((self.values.len(), self.offered), (other.values.len(), other.offered));
        let value = |from: FromSample| match from {
            FromSample::First(place) => self.values[place],
            FromSample::Second(place) => other.values[place],
        };
        self.values = kept.into_iter().map(value).collect();
        self.offered += other.offered;
        self.sum += other.sum;
        self.reservoir.restart(self.values.len(), self.offered);
    }

    /// Returns the kept values, in no particular order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the kept values in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    /// Returns the number of finite values offered.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// Returns the sum of all finite values offered.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Returns the mean of all finite values offered; `None` if there are none, or their sum is not a finite double.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.offered > 0)
            .then(|| self.sum / self.offered as f64)
            .filter(|mean| mean.is_finite())
    }

    /// Returns the smallest kept value with this share of the kept ones at or below it; `None` if there are none.
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<f64> {
        quantile(&self.sorted(), level)
    }
}

/// Two samples are equal if they hold the same values, in any order, out of the same number offered.
impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        let bits = |sample: &Self| -> Vec<u64> { sample.sorted().into_iter().map(f64::to_bits).collect() };
        self.offered == other.offered && bits(self) == bits(other)
    }
}

/// Returns the smallest of values in ascending order with this share of them at or below it; `None` if there are none.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let rank = (level.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}
