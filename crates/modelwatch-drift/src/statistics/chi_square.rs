//! Pearson's chi-square of two samples.

use statrs::function::gamma::checked_gamma_ur;

use super::pair::Pair;

/// What Pearson's test says of two samples.
///
/// [`Pair`](super::Pair) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// The statistic; grows with the rows.
    pub statistic: f64,
    /// Bins that have rows, less one.
    pub degrees_of_freedom: usize,
    /// How often chance alone makes the statistic this large, when every bin expects rows enough, five say.
    pub p_value: f64,
    /// The statistic times (1/n + 1/m): the size of the difference apart from the rows, on the scale of the index of
    /// population stability, which it approaches for small differences. At most 4 for samples of the same size.
    pub effect: f64,
}

/// Pearson's chi-square of homogeneity (Pearson, 1900 and 1911): reference and window are both samples, neither is
/// taken for the truth. Bins in which neither has rows are left out. It is `scipy.stats.chi2_contingency` of the two
/// rows of counts with `correction=False`.
#[must_use]
pub fn chi_square(pair: &Pair<'_>) -> ChiSquare {
    of_counts(pair.counts())
}

/// The same of rows of counts that may be empty altogether.
pub(super) fn of_counts(counts: impl Iterator<Item = (f64, f64)> + Clone) -> ChiSquare {
    let (reference_rows, window_rows, bins) = counts
        .clone()
        .fold((0.0, 0.0, 0_usize), |(reference, window, bins), counts| {
            (reference + counts.0, window + counts.1, bins + 1)
        });
    if reference_rows == 0.0 || window_rows == 0.0 {
        return ChiSquare {
            statistic: 0.0,
            degrees_of_freedom: 0,
            p_value: 1.0,
            effect: 0.0,
        };
    }
    // Σ (observed − expected)² / expected of both samples is this once their terms are added.
    let effect: f64 = counts
        .map(|(reference, window)| {
            let difference = window / window_rows - reference / reference_rows;
            difference * difference * ((reference_rows + window_rows) / (reference + window))
        })
        .sum();
    let statistic = effect / (1.0 / reference_rows + 1.0 / window_rows);
    let degrees_of_freedom = bins.saturating_sub(1);
    ChiSquare {
        statistic,
        degrees_of_freedom,
        p_value: survival(statistic, degrees_of_freedom),
        effect,
    }
}

/// How often a chi-square of so many degrees of freedom is at least `statistic`.
fn survival(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 || statistic <= 0.0 {
        return 1.0;
    }
    // Refuses nothing here: both arguments are above zero. Past a double's reach there is no chance left.
    checked_gamma_ur(degrees_of_freedom as f64 / 2.0, statistic / 2.0).unwrap_or(0.0)
}
