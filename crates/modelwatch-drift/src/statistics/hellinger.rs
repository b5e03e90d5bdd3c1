//! Computes the Hellinger distance.

use super::pair::Pair;

/// Computes the Hellinger distance: `√(½ · Σ (√w − √r)²)` over the bins' shares. 0 when they are equal, 1 when no bin
/// has rows of both (Hellinger, 1909; Le Cam and Yang, *Asymptotics in Statistics*, 2000).
#[must_use]
pub fn hellinger(pair: &Pair<'_>) -> f64 {
    let squares: f64 = pair
        .shares()
        .map(|(reference, window)| (window.sqrt() - reference.sqrt()).powi(2))
        .sum();
    (squares / 2.0).clamp(0.0, 1.0).sqrt()
}
