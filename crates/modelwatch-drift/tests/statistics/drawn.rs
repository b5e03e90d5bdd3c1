//! Windows drawn from the training rows themselves, with replacement, seeded.

use modelwatch_drift::baseline::{Hygiene, NumericCounts, NumericProfile};
use modelwatch_drift::decision::{Measurement, Statistic};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// A feature's training rows and their profile.
pub(crate) struct Drawn {
    pub(crate) profile: NumericProfile,
    rows: Vec<Option<f64>>,
    random: SmallRng,
}

impl Drawn {
    pub(crate) fn new(feature: &str, rows: Vec<Option<f64>>, seed: u64) -> Self {
        let values: Vec<f64> = rows.iter().flatten().copied().collect();
        let missing = (rows.len() - values.len()) as u64;
        Self {
            profile: NumericProfile::from_values(feature, values, missing, &Hygiene::default()).expect("a profile"),
            rows,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// A window of so many rows, every value moved by so many of the baseline's deviations.
    pub(crate) fn window(&mut self, rows: usize, deviations: f64) -> NumericCounts {
        let shift = deviations * self.profile.deviation();
        let mut window = self.profile.bins().count();
        for _ in 0..rows {
            let value = self.rows[self.random.random_range(0..self.rows.len())];
            window.add(self.profile.bins(), value.map(|value| value + shift));
        }
        window
    }

    /// The same, measured.
    pub(crate) fn measured(&mut self, rows: usize, deviations: f64, statistic: Statistic) -> Measurement {
        let window = self.window(rows, deviations);
        Measurement::of_numeric(&self.profile, &window, statistic).expect("a window of rows can be measured")
    }
}

/// 80,000 rows of the normal distribution, seeded (Box and Muller).
pub(crate) fn normal(seed: u64) -> Vec<Option<f64>> {
    let mut random = SmallRng::seed_from_u64(seed);
    (0..80_000)
        .map(|_| {
            let (radius, angle): (f64, f64) = (random.random(), random.random());
            Some((-2.0 * (1.0 - radius).ln()).sqrt() * (angle * std::f64::consts::TAU).cos())
        })
        .collect()
}
