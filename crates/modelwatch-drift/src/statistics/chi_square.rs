//! Computes Pearson's chi-square of two samples.

use statrs::function::gamma::checked_gamma_ur;

use super::pair::Pair;

/// Holds the result of Pearson's test of two samples.
///
/// [`Pair`](super::Pair) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    /// The statistic. It grows with the number of rows.
    pub statistic: f64,
    /// The number of bins with rows, minus one.
    pub degrees_of_freedom: usize,
    /// The probability that chance alone makes the statistic this large. Valid if every bin expects enough rows, say
    /// five.
    pub p_value: f64,
    /// The statistic times (1/n + 1/m): the size of the difference, independent of the number of rows. It is on the
    /// scale of the population stability index, which it approaches for small differences. At most 4 for samples of the
    /// same size.
    pub effect: f64,
}

/// Computes Pearson's chi-square of homogeneity (Pearson, 1900 and 1911): reference and window are both samples, and
/// neither counts as the truth. Bins without rows in both are left out. It equals `scipy.stats.chi2_contingency` of the
/// two rows of counts with `correction=False`.
#[must_use]
pub fn chi_square(pair: &Pair<'_>) -> ChiSquare {
    of_counts(pair.counts())
}

/// Same, for rows of counts that may be empty.
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
    // The sum over both samples of Σ (observed − expected)² / expected simplifies to this.
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

/// Returns the probability that a chi-square with these degrees of freedom is at least `statistic`.
fn survival(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 || statistic <= 0.0 {
        return 1.0;
    }
    // Never fails here: both arguments are above zero. Beyond the range of a double the probability is 0.
    checked_gamma_ur(degrees_of_freedom as f64 / 2.0, statistic / 2.0).unwrap_or(0.0)
}
