//! Whether chance explains the difference of two samples, sparse bins included.

use statrs::function::beta::checked_beta_reg;

use super::chi_square::of_counts;
use super::pair::Pair;

/// A bin expecting fewer rows than this in the smaller sample is sparse (Cochran, *Some Methods for Strengthening the
/// Common χ² Tests*, 1954).
const FEWEST_EXPECTED: f64 = 5.0;

/// How often chance alone makes two samples of one distribution at least this different; small means that it does not
/// explain them.
///
/// Bins that expect at least five rows in the smaller sample go to Pearson's [`chi_square`](super::chi_square()). Of the
/// sparse ones the fuller are pooled until they expect five. What is left, the rarest bins, is tested apart, as one:
/// given its rows of both samples, the smaller sample's part of them is binomial (Przyborowski and Wilenski, *Homogeneity of
/// Results in Testing Samples from Poisson Series*, 1940), whose tails are no lighter than those of drawing without
/// replacement (Hoeffding, 1963). Of the two p-values the smaller is doubled (Bonferroni).
///
/// So three rows of a category that training of a million rows never had are evidence, one is little, and neither
/// breaks the approximation that the other bins rest on.
#[must_use]
pub fn homogeneity(pair: &Pair<'_>) -> f64 {
    let all = pair.reference_rows() + pair.window_rows();
    let smaller = pair.reference_rows().min(pair.window_rows()) / all;
    let expected = |(reference, window): (f64, f64)| (reference + window) * smaller;

    let (mut bins, mut sparse): (Vec<_>, Vec<_>) =
        pair.counts().partition(|counts| expected(*counts) >= FEWEST_EXPECTED);
    sparse.sort_by(|a, b| expected(*b).total_cmp(&expected(*a)));
    let mut pool = (0.0, 0.0);
    for (reference, window) in sparse {
        pool = (pool.0 + reference, pool.1 + window);
        if expected(pool) >= FEWEST_EXPECTED {
            bins.push(pool);
            pool = (0.0, 0.0);
        }
    }
    let frequent = (bins.len() > 1).then(|| of_counts(bins.iter().copied()).p_value);
    // Beside nothing it has no part to be: a sample of less than five rows is like any other.
    let rare = (!bins.is_empty() && pool.0 + pool.1 > 0.0).then(|| {
        let hits = if pair.window_rows() <= pair.reference_rows() {
            pool.1
        } else {
            pool.0
        };
        binomial(hits, pool.0 + pool.1, smaller)
    });
    match (frequent, rare) {
        (Some(frequent), Some(rare)) => (2.0 * frequent.min(rare)).min(1.0),
        (Some(p_value), None) | (None, Some(p_value)) => p_value,
        (None, None) => 1.0,
    }
}

/// How often so many draws of such a chance give at least, or at most, so many hits: twice the smaller.
fn binomial(hits: f64, draws: f64, chance: f64) -> f64 {
    // P(X ≥ k) is the regularised incomplete beta at (k, n − k + 1). It refuses nothing here: both arguments are above
    // zero and the chance is one. Fewer than five are expected, so P(X ≤ k) is never so small that 1 − P loses it.
    let at_least = |hits: f64| match hits {
        0.0 => 1.0,
        _ if hits > draws => 0.0,
        _ => checked_beta_reg(hits, draws - hits + 1.0, chance).unwrap_or(1.0),
    };
    (2.0 * at_least(hits).min(1.0 - at_least(hits + 1.0))).clamp(0.0, 1.0)
}
