//! Computes the Jensen–Shannon distance.

use super::pair::Pair;

/// Computes the Jensen–Shannon distance in base 2: the square root of the mean of both samples' divergence from their
/// mean. 0 when the shares are equal, 1 when no bin has rows of both. It is a metric (Endres and Schindelin, *A New
/// Metric for Probability Distributions*, 2003; Lin, *Divergence Measures Based on the Shannon Entropy*, 1991), and
/// equals `scipy.spatial.distance.jensenshannon` with `base=2`.
#[must_use]
pub fn jensen_shannon(pair: &Pair<'_>) -> f64 {
    let part = |share: f64, mean: f64| {
        if share > 0.0 {
            share * (share / mean).log2()
        } else {
            0.0
        }
    };
    let divergence: f64 = pair
        .shares()
        .map(|(reference, window)| {
            let mean = (reference + window) / 2.0;
            (part(reference, mean) + part(window, mean)) / 2.0
        })
        .sum();
    // Rounding can leave it slightly below 0 or above 1.
    divergence.clamp(0.0, 1.0).sqrt()
}
