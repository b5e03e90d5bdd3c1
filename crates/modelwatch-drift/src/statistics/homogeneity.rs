//! Tests whether chance explains the difference of two samples, sparse bins included.

use statrs::function::beta::checked_beta_reg;

use super::chi_square::of_counts;
use super::pair::Pair;

/// A bin that expects fewer rows than this in the smaller sample is sparse (Cochran, *Some Methods for Strengthening
/// the Common χ² Tests*, 1954).
const FEWEST_EXPECTED: f64 = 5.0;

/// Returns the probability that chance alone makes two samples of one distribution at least this different. A small
/// value means that chance does not explain the difference.
///
/// Bins that expect at least five rows in the smaller sample go to Pearson's [`chi_square`](super::chi_square()). The
/// sparse ones are pooled, fuller ones first, until the pool expects five. What remains, the rarest bins, is tested
/// separately as one bin: given its rows of both samples, the smaller sample's part of them is binomial (Przyborowski
/// and Wilenski, *Homogeneity of Results in Testing Samples from Poisson Series*, 1940), whose tails are no lighter
/// than those of drawing without replacement (Hoeffding, 1963). The result is the smaller of the two p-values, doubled
/// (Bonferroni).
///
/// So three rows of a category that a training set of a million rows never had are evidence, and one row is weak
/// evidence. Neither breaks the approximation for the other bins.
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
    // A sample of fewer than five rows has only rare bins: with nothing beside them there is nothing to compare.
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

/// Returns the probability of at least, or at most, this many hits in `draws` draws: twice the smaller.
fn binomial(hits: f64, draws: f64, chance: f64) -> f64 {
    // P(X ≥ k) is the regularised incomplete beta at (k, n − k + 1). It never fails here: both arguments are above zero
    // and the chance is a probability. Fewer than five are expected, so P(X ≤ k) is never so small that 1 − P loses it.
    let at_least = |hits: f64| match hits {
        0.0 => 1.0,
        _ if hits > draws => 0.0,
        _ => checked_beta_reg(hits, draws - hits + 1.0, chance).unwrap_or(1.0),
    };
    (2.0 * at_least(hits).min(1.0 - at_least(hits + 1.0))).clamp(0.0, 1.0)
}
