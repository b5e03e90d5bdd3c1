//! The population stability index.

use super::pair::Pair;

/// What stands for the rows of a bin that has none in one of the samples.
const HALF_A_ROW: f64 = 0.5;

/// The population stability index: `Σ (w − r) · ln(w / r)` over the bins, `r` and `w` the shares of reference and window.
///
/// It is the symmetric divergence of Kullback and Leibler (*On Information and Sufficiency*, 1951; Jeffreys' J), in
/// nats, as credit scoring uses it (Siddiqi, *Credit Risk Scorecards*, 2006). With no drift it is about
/// chi-square(bins − 1) · (1/n + 1/m) for `n` and `m` rows (Yurdakul and Naranjo, *Statistical Properties of the
/// Population Stability Index*, 2020): a small window's index is large by chance alone.
///
/// The definition has no value where one sample's bin is empty. There the sample is given half a row, and its shares
/// are taken of its rows and those halves: the correction of a logarithm of counts by Haldane (1956) and Anscombe
/// (1956). Where both are empty the bin adds nothing. Where no bin is empty this is the definition.
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
