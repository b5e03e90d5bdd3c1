//! Predictions with labels, drawn with a seed.

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// Draws rows; the same seed draws the same.
pub(crate) struct Draw {
    random: SmallRng,
}

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.random.random_range(0.0..1.0)
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    /// Of the standard normal distribution (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// A score whose logit is normal around a centre.
    pub(crate) fn score(&mut self, centre: f64, deviation: f64) -> f64 {
        logistic(centre + deviation * self.normal())
    }
}

pub(crate) fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

pub(crate) fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}
