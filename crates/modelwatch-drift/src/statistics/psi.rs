//! Computes the population stability index.

use super::pair::Pair;

/// The rows assumed for a bin that is empty in one of the samples.
const HALF_A_ROW: f64 = 0.5;

/// Computes the population stability index: `Σ (w − r) · ln(w / r)` over the bins, where `r` and `w` are the shares of
/// reference and window.
///
/// It is the symmetric divergence of Kullback and Leibler (*On Information and Sufficiency*, 1951; Jeffreys' J), in
/// nats, as credit scoring uses it (Siddiqi, *Credit Risk Scorecards*, 2006). Without drift it is about chi-square(bins
/// − 1) · (1/n + 1/m) for `n` and `m` rows (Yurdakul and Naranjo, *Statistical Properties of the Population Stability
/// Index*, 2020): the index of a small window is large by chance alone.
///
/// The definition has no value if a bin is empty in one sample. That sample then gets half a row there, and its shares
/// are relative to its rows plus those halves: the correction that Haldane (1956) and Anscombe (1956) make to a
/// logarithm of counts. A bin that is empty in both adds nothing. If no bin is empty, this is the definition.
#[must_use]
pub fn psi(pair: &Pair<'_>) -> f64 {
    let filled = |count: f64| if count == 0.0 { HALF_A_ROW } else { count };
    let (reference_rows, window_rows) = pair.counts().fold((0.0, 0.0), |(reference, window), counts| {
        (reference + filled(counts.0), window + filled(counts.1))
    });
    pair.counts()
        .map(|(reference, window)| (filled(reference) / reference_rows, filled(window) / window_rows))
        .map(|(reference, window)| (window - reference) * (window / reference).ln())
        .sum()
}
