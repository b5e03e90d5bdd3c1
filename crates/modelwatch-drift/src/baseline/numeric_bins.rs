//! Finds where a number falls: bins at the quantiles of training, fine enough for Kolmogorov–Smirnov and Wasserstein.

use super::bins_outline::{self, BinsOutline, QuantileValue};
use super::error::BaselineError;

/// Says where a number falls.
///
/// [`NumericProfile`](super::NumericProfile) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumericSlot {
    /// Below every value of training.
    Below,
    /// In the bin at this index.
    Bin(usize),
    /// Above every value of training.
    Above,
    /// The row has no value, or NaN.
    Missing,
}

/// Holds the bins of a numeric feature. Bin `i` holds the values in `[edges[i], edges[i + 1])`.
///
/// Every engine finds a value's place by one rule: count the edges that are not greater than the value. If that is none
/// of them, the value is below training's minimum; if all of them, above its maximum; otherwise the value is in the bin
/// at that number minus one. NaN and no value are missing. Infinite values are below or above.
///
/// Bins begin at the quantiles of training. A value that alone holds more than one of the
/// [`QUANTILES`](Self::QUANTILES) shares (an hour of the day, a column that is mostly zero) gets its own bin. No bin is
/// wider than 1/200 of the range, so a long tail is split into several bins. Therefore a bin with more than one value
/// of training holds less than 2/200 of it.
///
/// **Edges lie between neighbouring distinct values**: in the middle between two, and where the gap is wide, at least
/// half the widest bin away from both. A value that is rounded to 32 bits, one bit off, or converted to another unit
/// and back therefore stays in its bin. The first and the last edge lie a millionth of the largest magnitude outside
/// the minimum and the maximum (but not more than half the gap to the neighbour).
///
/// [`NumericProfile`](super::NumericProfile) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericBins {
    edges: Vec<f64>,
}

impl NumericBins {
    /// The number of equal shares into which the quantile edges cut training's rows.
    pub const QUANTILES: usize = bins_outline::QUANTILES;
    /// The maximum number of edges of a profile.
    pub const MOST_EDGES: usize = 10_000;

    /// Makes bins from training's finite values in ascending order. The quantile at level `q` is the smallest value
    /// that has at least `q` of the rows at or below it.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when there are no values; [`BaselineError::Inconsistent`] when the values are not in
    /// ascending order, one is not finite, or the maximum or minimum is as large as a double can be. `feature` is the
    /// name in the error.
    pub fn from_sorted(feature: &str, values: &[f64]) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        let (Some(least), Some(largest)) = (values.first().copied(), values.last().copied()) else {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        };
        // If the ends are finite and the order ascends, no value between them is infinite or NaN.
        if !(least.is_finite() && largest.is_finite() && values.is_sorted()) {
            return wrong(match values.iter().find(|value| !value.is_finite()) {
                Some(odd) => format!("its values hold {odd}"),
                None => "its values are not in ascending order".to_owned(),
            });
        }
        let sorted = Sorted(values);
        let mut quantiles = Vec::with_capacity(Self::QUANTILES + 1);
        quantiles.push(least);
        quantiles.extend((1..Self::QUANTILES).map(|level| sorted.quantile(level, Self::QUANTILES)));
        quantiles.push(largest);
        let runs = quantiles.chunk_by(|one, other| one == other);
        let of_run = |run: &[f64]| QuantileValue::new(run[0], sorted.below(run[0]), sorted.above(run[0]), run.len());
        let outline = BinsOutline::new(feature, &runs.map(of_run).collect::<Vec<_>>())?;
        Ok(Self::from_outline(outline, |point| sorted.beside(point)))
    }

    /// Makes the bins of an outline. For each of its [points](BinsOutline::points), `neighbours` returns the largest
    /// training value below it and the smallest one that is not below it; `None` where there is none.
    #[must_use]
    pub fn from_outline(outline: BinsOutline, neighbours: impl FnMut(f64) -> Option<(f64, f64)>) -> Self {
        Self {
            edges: outline.edges(neighbours),
        }
    }

    /// Makes bins from edges as they stand in a file.
    pub(super) fn from_edges(feature: &str, edges: Vec<f64>) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        if edges.len() < 2 || edges.len() > Self::MOST_EDGES {
            return wrong(format!(
                "it has {} edges where 2 to {} belong",
                edges.len(),
                Self::MOST_EDGES
            ));
        }
        if let Some(odd) = edges.iter().find(|edge| !edge.is_finite()) {
            return wrong(format!("one of its edges is {odd}"));
        }
        if let Some(pair) = edges.windows(2).find(|pair| pair[0] >= pair[1]) {
            return wrong(format!(
                "its edges do not ascend: {} stands before {}",
                pair[0], pair[1]
            ));
        }
        Ok(Self { edges })
    }

    /// Returns the edges, strictly ascending and finite. There is one more edge than bins.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Returns the number of bins between the first edge and the last.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one bin")]
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Returns where `value` falls.
    #[must_use]
    pub fn slot(&self, value: Option<f64>) -> NumericSlot {
        match value {
            None => NumericSlot::Missing,
            Some(value) if value.is_nan() => NumericSlot::Missing,
            Some(value) => match self.edges.partition_point(|edge| *edge <= value) {
                0 => NumericSlot::Below,
                place if place == self.edges.len() => NumericSlot::Above,
                place => NumericSlot::Bin(place - 1),
            },
        }
    }
}

/// Holds values in ascending order.
#[derive(Clone, Copy)]
struct Sorted<'a>(&'a [f64]);

impl Sorted<'_> {
    fn quantile(self, level: usize, of: usize) -> f64 {
        let rank = (level as u128 * self.0.len() as u128).div_ceil(of as u128);
        self.0[(rank as usize).max(1) - 1]
    }

    /// Returns the largest value that is smaller than `value`.
    fn below(self, value: f64) -> Option<f64> {
        let place = self.0.partition_point(|other| *other < value);
        place.checked_sub(1).map(|place| self.0[place])
    }

    /// Returns the smallest value that is larger than `value`.
    fn above(self, value: f64) -> Option<f64> {
        self.0.get(self.0.partition_point(|other| *other <= value)).copied()
    }

    /// Returns the largest value below a point and the smallest one that is not below it.
    fn beside(self, point: f64) -> Option<(f64, f64)> {
        let place = self.0.partition_point(|other| *other < point);
        Some((*self.0.get(place.checked_sub(1)?)?, *self.0.get(place)?))
    }
}
