//! Chance that is the same at every run.

use rand_distr::{Beta, Distribution, Exp1, Gamma, LogNormal, OpenClosed01, Poisson};
use rand_pcg::Pcg64Mcg;

/// A stream of chance that its name determines.
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    /// Makes the stream of a name; another seed is another sample of the same world.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        // FNV-1a: the standard library's hashes may differ from release to release.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Pcg64Mcg::new(u128::from(hash) << 64 | u128::from(seed)))
    }

    /// Between 0 and 1.
    pub(crate) fn share(&mut self) -> f64 {
        OpenClosed01.sample(&mut self.0)
    }

    /// Whether what happens with this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.share() <= probability
    }

    /// How many of what happens so often on average.
    pub(crate) fn count(&mut self, mean: f64) -> f64 {
        self.sample(Poisson::new(mean))
    }

    /// A factor of mean 1 that scatters the more, the smaller its shape is.
    pub(crate) fn factor(&mut self, shape: f64) -> f64 {
        self.sample(Gamma::new(shape, 1.0 / shape))
    }

    /// A waiting time of mean 1.
    pub(crate) fn wait(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// A positive number about a median.
    pub(crate) fn about(&mut self, median: f64, sigma: f64) -> f64 {
        self.sample(LogNormal::new(median.ln(), sigma))
    }

    /// A score between 0 and 1.
    pub(crate) fn score(&mut self, alpha: f64, beta: f64) -> f64 {
        self.sample(Beta::new(alpha, beta))
    }

    /// Where the parameters make no distribution, such as a mean of 0, nothing happens.
    fn sample<E>(&mut self, distribution: Result<impl Distribution<f64>, E>) -> f64 {
        distribution.map_or(0.0, |distribution| distribution.sample(&mut self.0))
    }
}
