//! Computes the Kolmogorov–Smirnov statistic: the largest distance between two cumulative distributions (Kolmogorov,
//! 1933; Smirnov, 1939).

use super::binned::Binned;
use super::pair::{Incomparable, Pair};

/// Computes the statistic of two samples in ascending order without NaN. It equals the statistic of
/// `scipy.stats.ks_2samp`.
///
/// # Errors
///
/// One of the samples is empty.
pub fn of_sorted(reference: &[f64], window: &[f64]) -> Result<f64, Incomparable> {
    if reference.is_empty() {
        return Err(Incomparable::NoReference);
    }
    if window.is_empty() {
        return Err(Incomparable::NoWindow);
    }
    let (mut passed, mut seen) = (0, 0);
    let mut largest = 0.0_f64;
    while passed < reference.len() && seen < window.len() {
        let value = reference[passed].min(window[seen]);
        passed += reference[passed..].iter().take_while(|next| **next <= value).count();
        seen += window[seen..].iter().take_while(|next| **next <= value).count();
        let distance = passed as f64 / reference.len() as f64 - seen as f64 / window.len() as f64;
        largest = largest.max(distance.abs());
    }
    Ok(largest)
}

/// Computes the statistic of counts in the order of the values: those below the first of `edges`, those in `[edges[i],
/// edges[i + 1])`, and those from the last edge on. That makes one more count than there are edges.
///
/// The distributions are known at the edges only, so the result is never more than the statistic of the values, and
/// less by at most `within`. That bound follows from the counts: within a bin that begins at distance `D` and holds the
/// shares `r` and `w`, the distance lies between `D − w` and `D + r`. If a window's values are those of training, a bin
/// with a single one of them loses nothing.
///
/// # Errors
///
/// [`Incomparable::Bins`] when the counts do not match the edges.
///
/// # Example: half of the window lies above training
///
/// ```
/// use modelwatch_drift::statistics::{Binned, Pair, kolmogorov_smirnov};
///
/// // Below 0, from 0 to 10, from 10 to 20, and from 20 on.
/// let edges = [0.0, 10.0, 20.0];
/// let pair = Pair::new(&[0, 50, 50, 0], &[0, 25, 25, 50])?;
/// let Binned { value, within } = kolmogorov_smirnov::of_counts(&edges, &pair)?;
/// assert_eq!((value, within), (0.5, 0.25)); // 0.5, or up to 0.75 within the bins
/// # Ok::<(), modelwatch_drift::statistics::Incomparable>(())
/// ```
pub fn of_counts(edges: &[f64], pair: &Pair<'_>) -> Result<Binned, Incomparable> {
    if pair.len() != edges.len() + 1 {
        return Err(Incomparable::Bins {
            reference: edges.len() + 1,
            window: pair.len(),
        });
    }
    let mut distance = 0.0_f64;
    let mut value = 0.0_f64;
    let mut most = 0.0_f64;
    for (reference, window) in pair.shares() {
        most = most.max((distance + reference).abs()).max((distance - window).abs());
        distance += reference - window;
        value = value.max(distance.abs());
    }
    Ok(Binned {
        value: value.min(1.0),
        within: (most.min(1.0) - value).max(0.0),
    })
}
