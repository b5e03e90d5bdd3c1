//! A uniform sample of numbers.

use super::reservoir::{FromSample, Reservoir};

/// A uniform sample without replacement of the finite values offered, [`CAPACITY`](Self::CAPACITY) of them at most, with
/// the exact number and mean of all of them.
///
/// As long as no more values were offered than it holds, it is exactly these values. Beyond that every value is as likely to
/// be in it as any other, and a share of the values is known to about 1/√2048, 2 %.
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
    /// The most values that are kept.
    pub const CAPACITY: usize = 2_048;

    /// A sample as [`values`](Self::values), [`offered`](Self::offered) and [`sum`](Self::sum) describe it, for an engine that
    /// carries it from one process or buffer to another. Values beyond the capacity and those that are not finite are left out.
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

    /// Offers values; those that are not finite are passed over.
    pub fn offer_all(&mut self, values: &[f64]) {
        // In lanes, which one instruction adds. A value that is not finite leaves no finite sum.
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

    /// Offers one value; one that is not finite is passed over.
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

    /// Takes in another sample, as if its values had been offered to this one.
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

    /// The values that were kept, in no order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values that were kept, in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    /// How many finite values were offered.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// The sum of all finite values that were offered.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean of all finite values that were offered; nothing of none, or where their sum is no double.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.offered > 0)
            .then(|| self.sum / self.offered as f64)
            .filter(|mean| mean.is_finite())
    }

    /// The least kept value that has this share of the kept ones at or below it; nothing of none.
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<f64> {
        quantile(&self.sorted(), level)
    }
}

/// Two samples are equal that hold the same values of as many, in whatever order.
impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        let bits = |sample: &Self| -> Vec<u64> { sample.sorted().into_iter().map(f64::to_bits).collect() };
        self.offered == other.offered && bits(self) == bits(other)
    }
}

/// The least of values in ascending order that has this share of them at or below it; nothing of none.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let rank = (level.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}
