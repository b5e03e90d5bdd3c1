//! Outlines numeric bins, and says what to ask about training's values when they lie elsewhere, such as in a database.

use super::error::BaselineError;

/// The number of equal shares into which the quantiles cut training's rows.
pub(super) const QUANTILES: usize = 200;

/// Pairs a value of training on which at least one quantile falls with its neighbours among training's distinct values.
///
/// [`BinsOutline`] has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct QuantileValue {
    /// The value.
    pub value: f64,
    /// The next smaller distinct value; `None` for the smallest.
    pub below: Option<f64>,
    /// The next larger distinct value; `None` for the largest.
    pub above: Option<f64>,
    /// The number of levels, 0 to [`NumericBins::QUANTILES`](super::NumericBins::QUANTILES), whose quantile is this
    /// value.
    pub quantiles: usize,
}

impl QuantileValue {
    /// Creates a quantile value from the value, its neighbours and the number of quantiles that fall on it.
    #[must_use]
    pub fn new(value: f64, below: Option<f64>, above: Option<f64>, quantiles: usize) -> Self {
        Self {
            value,
            below,
            above,
            quantiles,
        }
    }

    /// Returns how many quantiles fall on a value that occurs in `times` of `all` rows, `upto` of which are at or below
    /// it. A quantile falls on the value if the rank of its level, 0 to
    /// [`NumericBins::QUANTILES`](super::NumericBins::QUANTILES), is one of the value's. The smallest value has that of
    /// level 0, too.
    #[must_use]
    pub fn quantiles_of(times: u64, upto: u64, all: u64) -> usize {
        let levels = |rows: u64| QUANTILES as u128 * u128::from(rows) / u128::from(all.max(1));
        let of_rows = levels(upto) - levels(upto.saturating_sub(times));
        of_rows as usize + usize::from(upto == times)
    }
}

/// Outlines the bins of a numeric feature. The quantiles cut training. What they leave wider than 1/200 of its range is
/// split at [`points`](Self::points), each of which moves between its neighbours.
///
/// [`NumericBins::from_sorted`](super::NumericBins::from_sorted) makes bins of values in memory this way. Use an
/// outline yourself to make the same bins, to the bit, of values that stay in a database.
///
/// # Example: bins of values that stay in a database
///
/// ```
/// use modelwatch_drift::baseline::{BinsOutline, NumericBins, QuantileValue};
///
/// // Training has 1, 2 and 3, a third of its rows each. The database says how many rows have each value.
/// let value = |value: f64, below, above, upto| {
///     QuantileValue::new(value, below, above, QuantileValue::quantiles_of(100, upto, 300))
/// };
/// let outline = BinsOutline::new(
///     "stars",
///     &[
///         value(1.0, None, Some(2.0), 100),
///         value(2.0, Some(1.0), Some(3.0), 200),
///         value(3.0, Some(2.0), None, 300),
///     ],
/// )?;
/// // Which of training's values is the largest below a point, and which the least that is not?
/// let values = [1.0, 2.0, 3.0];
/// let bins = NumericBins::from_outline(outline, |point| {
///     let place = values.partition_point(|value| *value < point);
///     Some((*values.get(place.checked_sub(1)?)?, *values.get(place)?))
/// });
///
/// let training: Vec<f64> = (0..300).map(|row| f64::from(1 + row / 100)).collect();
/// assert_eq!(bins, NumericBins::from_sorted("stars", &training)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BinsOutline {
    edges: Vec<f64>,
    points: Vec<f64>,
    widest: f64,
}

impl BinsOutline {
    /// No bin is wider than the range divided by this.
    const WIDTHS: usize = 200;
    /// How far beyond training's values a value still counts as one of them, relative to the largest magnitude: sixteen
    /// times the change that rounding to 32 bits makes.
    const MARGIN: f64 = 1e-6;

    /// Cuts training at its quantiles. Pass the values in ascending order, the smallest and the largest included.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when there are no values; [`BaselineError::Inconsistent`] when they are not finite or
    /// not in ascending order, or when one is as large as a double can be. `feature` is the name in the error.
    pub fn new(feature: &str, quantiles: &[QuantileValue]) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        let (Some(first), Some(last)) = (quantiles.first(), quantiles.last()) else {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        };
        let (least, largest) = (first.value, last.value);
        if let Some(odd) = quantiles.iter().find(|quantile| !quantile.value.is_finite()) {
            return wrong(format!("its values hold {}", odd.value));
        }
        let ascend = |pair: &[QuantileValue]| {
            let [one, other] = pair else { return true };
            one.value < other.value && one.above.is_some_and(|above| above <= other.value)
        };
        let beside = |quantile: &QuantileValue| {
            quantile.below.is_none_or(|below| below < quantile.value)
                && quantile.above.is_none_or(|above| above > quantile.value)
        };
        if !(quantiles.windows(2).all(ascend) && quantiles.iter().all(beside)) {
            return wrong("its values are not in ascending order".to_owned());
        }
        if let Some(end) = [least, largest].into_iter().find(|end| end.abs() > f64::MAX / 2.0) {
            return wrong(format!(
                "one of its values is {end:e}, about the largest a double can be; make it missing"
            ));
        }
        let magnitude = match least.abs().max(largest.abs()) {
            // If all values are zero, nothing says how large another value would be.
            0.0 => 1.0,
            magnitude => magnitude,
        };
        let margin = |gap: Option<f64>| {
            let most = Self::MARGIN * magnitude;
            gap.map_or(most, |gap| most.min(gap / 2.0))
        };
        let before = (least - margin(first.above.map(|next| next - least))).min(least.next_down());
        let behind = (largest + margin(last.below.map(|next| largest - next))).max(largest.next_up());
        let mut edges = vec![before, behind];
        for quantile in quantiles {
            edges.extend(quantile.below.map(|below| between(below, quantile.value)));
            if quantile.quantiles > 1 {
                edges.extend(quantile.above.map(|above| between(quantile.value, above)));
            }
        }
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup();
        let widest = (largest - least) / Self::WIDTHS as f64;
        let mut points = Vec::new();
        for pair in edges.windows(2) {
            let parts = ((pair[1] - pair[0]) / widest).ceil();
            if parts > 1.0 && parts.is_finite() {
                let step = (pair[1] - pair[0]) / parts;
                points.extend((1..parts as usize).map(|part| pair[0] + step * part as f64));
            }
        }
        Ok(Self { edges, points, widest })
    }

    /// Returns the points at which bins that are too wide get split, in ascending order.
    #[must_use]
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// Returns the edges of the bins. For a point, `neighbours` returns the largest training value below it and the
    /// smallest one that is not below it; `None` where there is none.
    pub(super) fn edges(self, mut neighbours: impl FnMut(f64) -> Option<(f64, f64)>) -> Vec<f64> {
        let far = self.widest / 2.0;
        let split = self.points.iter().filter_map(|point| {
            let (below, above) = neighbours(*point)?;
            // In the middle between both neighbours, or far enough from both.
            Some(if above - below <= 2.0 * far {
                between(below, above)
            } else {
                point.clamp(below + far, above - far)
            })
        });
        let mut edges = self.edges;
        edges.extend(split.collect::<Vec<_>>());
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup();
        edges
    }
}

/// Returns the middle of two distinct values: greater than `below`, at most `above`.
fn between(below: f64, above: f64) -> f64 {
    let middle = below + (above - below) / 2.0;
    // Turns -0 into 0.
    (if middle > below { middle } else { above }) + 0.0
}
