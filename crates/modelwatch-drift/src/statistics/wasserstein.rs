//! Computes the Wasserstein distance of order one: the area between two cumulative distributions, which is how far
//! values must move on average to turn one sample into the other (Kantorovich, 1942; Vallender, *Calculation of the
//! Wasserstein Distance Between Probability Distributions on the Line*, 1973).
//!
//! Both functions divide it by the baseline's standard deviation, so the result is in deviations instead of dollars or
//! degrees.

use super::binned::Binned;
use super::pair::{Incomparable, Pair};

/// Computes the distance of two samples in ascending order, all finite, in units of `deviation`. It equals
/// `scipy.stats.wasserstein_distance` divided by the deviation.
///
/// # Errors
///
/// One of the samples is empty.
pub fn of_sorted(reference: &[f64], window: &[f64], deviation: f64) -> Result<f64, Incomparable> {
    let (Some(first_reference), Some(first_window)) = (reference.first(), window.first()) else {
        return Err(if reference.is_empty() {
            Incomparable::NoReference
        } else {
            Incomparable::NoWindow
        });
    };
    let mut from = first_reference.min(*first_window);
    let (mut passed, mut seen) = (0, 0);
    let mut area = 0.0;
    while passed < reference.len() || seen < window.len() {
        let next = |values: &[f64], place: usize| values.get(place).copied().unwrap_or(f64::INFINITY);
        let to = next(reference, passed).min(next(window, seen));
        let distance = passed as f64 / reference.len() as f64 - seen as f64 / window.len() as f64;
        area += distance.abs() * (to / deviation - from / deviation);
        from = to;
        passed += reference[passed..].iter().take_while(|value| **value <= to).count();
        seen += window[seen..].iter().take_while(|value| **value <= to).count();
    }
    Ok(finite(area))
}

/// Computes the distance of counts in the order of the values, in units of `deviation`: those below the first of
/// `edges`, those in `[edges[i], edges[i + 1])`, and those from the last edge on. That makes one more count than there
/// are edges. `least` and `largest` are the minimum and maximum of all finite values of both samples: how far the first
/// and the last count reach.
///
/// Values are assumed to lie evenly within a bin. The distance of the values differs by at most `within`, which follows
/// from the counts: the sum over the bins of half the width times both shares. A bin with a single value adds nothing
/// to it.
///
/// # Errors
///
/// [`Incomparable::Bins`] when the counts do not match the edges.
pub fn of_counts(
    edges: &[f64],
    least: f64,
    largest: f64,
    pair: &Pair<'_>,
    deviation: f64,
) -> Result<Binned, Incomparable> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return Err(Incomparable::Bins {
            reference: 1,
            window: pair.len(),
        });
    };
    if pair.len() != edges.len() + 1 {
        return Err(Incomparable::Bins {
            reference: edges.len() + 1,
            window: pair.len(),
        });
    }
    let outer = [least.min(*first)];
    let ends = edges.iter().chain([&largest.max(*last)]).copied().collect::<Vec<f64>>();
    let begins = outer.iter().chain(edges);
    let mut distance = 0.0_f64;
    let mut binned = Binned {
        value: 0.0,
        within: 0.0,
    };
    for ((begin, end), (reference, window)) in begins.zip(&ends).zip(pair.shares()) {
        let width = end / deviation - begin / deviation;
        let next = distance + reference - window;
        binned.value += width * mean_height(distance, next);
        binned.within += width * (reference + window) / 2.0;
        distance = next;
    }
    Ok(Binned {
        value: finite(binned.value),
        within: finite(binned.within),
    })
}

/// Returns the mean absolute height of a straight line from `from` to `to`.
fn mean_height(from: f64, to: f64) -> f64 {
    let both = from.abs() + to.abs();
    if from * to >= 0.0 {
        both / 2.0
    } else {
        // Two triangles, one on each side of zero.
        (from * from + to * to) / (2.0 * both)
    }
}

/// Caps a distance at the largest double: values at both ends of the range of a double, divided by a small deviation,
/// may exceed it.
fn finite(distance: f64) -> f64 {
    distance.min(f64::MAX)
}
