//! Where a number falls: bins at the quantiles of training, fine enough for Kolmogorov–Smirnov and Wasserstein.

use super::bins_outline::{self, BinsOutline, QuantileValue};
use super::error::BaselineError;

/// Where a number falls.
///
/// [`NumericProfile`](super::NumericProfile) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumericSlot {
    /// Less than everything in training.
    Below,
    /// In the bin of this index.
    Bin(usize),
    /// More than everything in training.
    Above,
    /// No value, or NaN.
    Missing,
}

/// The bins of a numeric feature: bin `i` holds the values in `[edges[i], edges[i + 1])`.
///
/// One rule finds a value's place, in every engine: the number of edges that are not greater than the value. None of
/// them is below training's least value, all of them is above its largest, anything between is the bin of that number
/// less one. NaN and no value are missing; infinite values lie below and above.
///
/// Bins begin at the quantiles of training. A value that alone holds more than one of the [`QUANTILES`](Self::QUANTILES)
/// shares (an hour of the day, a column that is mostly zero) has a bin of its own, and no bin is wider than 1/200 of the
/// range, so that a long tail is not one bin. So a bin of more than one value of training holds less than 2/200 of it.
///
/// **Edges lie between neighbouring distinct values**, in the middle between two, and where the gap is wide at least half the
/// widest bin away from both. A value that comes rounded to 32 bits, one bit off, or converted to another unit and back is
/// therefore where it was. The first edge and the last are a millionth of the largest magnitude (not more than half the
/// gap to the neighbour) outside the least and the largest value.
///
/// [`NumericProfile`](super::NumericProfile) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericBins {
    edges: Vec<f64>,
}

impl NumericBins {
    /// How many equal shares of training's rows the quantile edges cut.
    pub const QUANTILES: usize = bins_outline::QUANTILES;
    /// The most edges a profile may have.
    pub const MOST_EDGES: usize = 10_000;

    /// Bins from training's finite values in ascending order. The quantile at level `q` is the least value that has at least
    /// `q` of the rows at or below it.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when there is no value, [`BaselineError::Inconsistent`] when the values are not in
    /// ascending order, one is not finite, or the largest or the least is as large as a double can be. `feature` is the name that the error
    /// gives.
    pub fn from_sorted(feature: &str, values: &[f64]) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        let (Some(least), Some(largest)) = (values.first().copied(), values.last().copied()) else {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        };
        // Between finite ends in ascending order nothing is infinite, and NaN is in no order.
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

    /// Returns the bins of an outline. `neighbours` says of each of its [points](BinsOutline::points) which value of training is the largest
    /// below it, and which the least that is not; nothing where there is none.
    #[must_use]
    pub fn from_outline(outline: BinsOutline, neighbours: impl FnMut(f64) -> Option<(f64, f64)>) -> Self {
        Self {
            edges: outline.edges(neighbours),
        }
    }

    /// Bins of the given edges, as they stand in a file.
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

    /// The edges, strictly ascending and finite; one more than there are bins.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// How many bins there are between the first edge and the last.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one bin")]
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Where `value` falls.
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

/// Values in ascending order.
#[derive(Clone, Copy)]
struct Sorted<'a>(&'a [f64]);

impl Sorted<'_> {
    fn quantile(self, level: usize, of: usize) -> f64 {
        let rank = (level as u128 * self.0.len() as u128).div_ceil(of as u128);
        self.0[(rank as usize).max(1) - 1]
    }

    /// The largest value that is smaller.
    fn below(self, value: f64) -> Option<f64> {
        let place = self.0.partition_point(|other| *other < value);
        place.checked_sub(1).map(|place| self.0[place])
    }

    /// The least value that is larger.
    fn above(self, value: f64) -> Option<f64> {
        self.0.get(self.0.partition_point(|other| *other <= value)).copied()
    }

    /// The largest value below a point, and the least that is not.
    fn beside(self, point: f64) -> Option<(f64, f64)> {
        let place = self.0.partition_point(|other| *other < point);
        Some((*self.0.get(place.checked_sub(1)?)?, *self.0.get(place)?))
    }
}
