//! A uniform sample of numbers.

/// A uniform sample without replacement of the finite values offered, [`CAPACITY`](Self::CAPACITY) of them at most, with
/// the exact number and mean of all of them.
///
/// As long as no more values were offered than it holds, it is exactly these values. Beyond that every value is as likely to
/// be in it as any other, and a share of the values is known to about 1/√2048, 2 %. The values to keep are found by
/// jumps of random length (algorithm L of Li, *Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))*,
/// 1994), so that a value that is not kept costs no random number.
#[derive(Clone, Debug)]
pub struct Sample {
    values: Vec<f64>,
    offered: u64,
    sum: f64,
    /// How many values are passed over before the next that is kept.
    skip: u64,
    /// The largest of the kept values' ranks, were each value given a random one in 0 to 1.
    rank: f64,
    random: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            offered: 0,
            sum: 0.0,
            skip: 0,
            rank: 1.0,
            random: 0x9E37_79B9_7F4A_7C15,
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
        sample.restart();
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
        while let Ok(skip) = usize::try_from(self.skip)
            && skip < rest.len()
        {
            let value = rest[skip];
            rest = &rest[skip + 1..];
            self.skip = 0;
            self.keep(value);
        }
        self.skip = self.skip.saturating_sub(rest.len() as u64);
    }

    /// Offers one value; one that is not finite is passed over.
    #[inline]
    pub fn offer_one(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.offered += 1;
        self.sum += value;
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.keep(value);
    }

    fn keep(&mut self, value: f64) {
        if self.values.len() < Self::CAPACITY {
            self.values.push(value);
            if self.values.len() == Self::CAPACITY {
                self.lower_rank();
            }
            return;
        }
        let place = self.below(Self::CAPACITY as u64) as usize;
        self.values[place] = value;
        self.lower_rank();
    }

    /// The next rank, and how far the value with a lower one is.
    fn lower_rank(&mut self) {
        self.rank *= (self.uniform().ln() / Self::CAPACITY as f64).exp();
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// Goes on where a sample of as many values would be.
    fn restart(&mut self) {
        self.random ^= self.offered.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        if self.values.len() < Self::CAPACITY {
            self.skip = 0;
            return;
        }
        // What the largest of the lowest ranks is on average.
        self.rank = Self::CAPACITY as f64 / (self.offered as f64 + 1.0);
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// Takes in another sample, as if its values had been offered to this one.
    pub fn merge(&mut self, other: &Self) {
        let (mut mine, mut others) = (self.offered, other.offered);
        self.offered += other.offered;
        self.sum += other.sum;
        if self.offered as usize == self.values.len() + other.values.len() && self.offered <= Self::CAPACITY as u64 {
            self.values.extend(&other.values);
        } else {
            let mut first = std::mem::take(&mut self.values);
            let mut second = other.values.clone();
            while self.values.len() < Self::CAPACITY && (!first.is_empty() || !second.is_empty()) {
                // A value of the one or of the other, as likely as that it came of its rows.
                let from_first = match (first.is_empty(), second.is_empty()) {
                    (false, true) => true,
                    (true, _) => false,
                    (false, false) => self.below((mine + others).max(1)) < mine,
                };
                let (from, left) = match from_first {
                    true => (&mut first, &mut mine),
                    false => (&mut second, &mut others),
                };
                *left = left.saturating_sub(1);
                let place = self.below(from.len() as u64) as usize;
                self.values.push(from.swap_remove(place));
            }
        }
        self.restart();
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

    /// A number from 0 up to but not including `end`, which is not 0. (Lemire's multiplication.)
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number above 0 and up to 1.
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    /// Splitmix64: seeded always alike, so that the same values in the same order give the same sample.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
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
