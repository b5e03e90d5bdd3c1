//! Numbers: bins at the quantiles of training, fine enough for Kolmogorov–Smirnov and Wasserstein.

use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use super::hygiene::Hygiene;

/// Where a number falls.
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
/// The edges are the quantiles of training at [`levels`](Self::levels); where one value alone holds more than one level
/// (an hour of the day, a column that is mostly zero), a second edge directly above it gives it a bin of its own; no
/// bin is wider than 1/200 of the range, so that a long tail is not one bin; and the last edge lies directly above the
/// largest value. So a bin of more than one value holds less than 2/200 of training, which bounds the error of the
/// binned Kolmogorov–Smirnov.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericBins {
    edges: Vec<f64>,
}

impl NumericBins {
    /// How many equal shares of training's rows the quantile edges cut.
    pub const QUANTILES: usize = 200;
    /// No bin is wider than the range over this.
    const WIDTHS: usize = 200;
    /// The most edges a profile may have.
    pub const MOST_EDGES: usize = 10_000;

    /// The levels of the quantiles that [`from_quantiles`](Self::from_quantiles) wants: 1/200, 2/200 … 199/200.
    pub fn levels() -> impl ExactSizeIterator<Item = f64> {
        (1..Self::QUANTILES).map(|level| level as f64 / Self::QUANTILES as f64)
    }

    /// Bins from training's least and largest value and its quantiles at [`levels`](Self::levels), exact or approximate.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Constant`] when `least` is `largest`, and [`BaselineError::Inconsistent`] when one of the
    /// numbers is not finite, the quantiles are not in ascending order or lie outside least and largest. `feature` is the name
    /// that the error gives.
    pub fn from_quantiles(feature: &str, least: f64, largest: f64, quantiles: &[f64]) -> Result<Self, BaselineError> {
        let all = || [least].into_iter().chain(quantiles.iter().copied()).chain([largest]);
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        if let Some(odd) = all().find(|value| !value.is_finite()) {
            return wrong(format!("its quantiles hold {odd}"));
        }
        if !all().is_sorted() {
            return wrong(
                "its quantiles are not in ascending order between the least and the largest value".to_owned(),
            );
        }
        if least >= largest {
            return Err(BaselineError::Constant {
                feature: feature.to_owned(),
                value: least,
            });
        }
        if largest.next_up().is_infinite() {
            return wrong(format!(
                "its largest value is {largest:e}, the largest a double can be; make it missing"
            ));
        }
        // Halved before they are subtracted: the range of all doubles is no double.
        let widest = (largest / 2.0 - least / 2.0) / Self::WIDTHS as f64;
        // Zero has two signs and one place.
        let points: Vec<f64> = all().map(|value| value + 0.0).collect();
        let mut edges: Vec<f64> = Vec::with_capacity(2 * Self::QUANTILES);
        for run in points.chunk_by(|a, b| a == b) {
            let value = run[0];
            if let Some(last) = edges.last().copied() {
                let steps = ((value / 2.0 - last / 2.0) / widest).ceil().min(Self::WIDTHS as f64);
                for step in 1..steps as usize {
                    let part = step as f64 / steps;
                    edges.push((last * (1.0 - part) + value * part).clamp(last, value));
                }
            }
            edges.push(value);
            if run.len() > 1 || value == largest {
                edges.push(value.next_up());
            }
        }
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        Ok(Self { edges })
    }

    /// Bins from training's distinct finite values in ascending order, each with the rows it has; `rows` is their sum.
    /// The quantile at level `q` is the least value that has at least `q · rows` rows at or below it.
    ///
    /// # Errors
    ///
    /// As [`from_quantiles`](Self::from_quantiles), and [`BaselineError::Empty`] when there is no value.
    pub fn from_sorted(
        feature: &str,
        values: impl IntoIterator<Item = (f64, u64)>,
        rows: u64,
    ) -> Result<Self, BaselineError> {
        let total = u128::from(rows);
        let shares = Self::QUANTILES as u128;
        let mut quantiles = Vec::with_capacity(Self::QUANTILES);
        let mut ends: Option<(f64, f64)> = None;
        let mut seen = 0_u128;
        for (value, count) in values {
            seen += u128::from(count);
            ends = Some((ends.map_or(value, |(least, _)| least), value));
            while quantiles.len() + 1 < Self::QUANTILES && seen * shares >= (quantiles.len() as u128 + 1) * total {
                quantiles.push(value);
            }
        }
        let Some((least, largest)) = ends.filter(|_| rows > 0) else {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        };
        if seen != total {
            let what = format!("its values have {seen} rows where {rows} were announced");
            return Err(BaselineError::inconsistent(feature, what));
        }
        Self::from_quantiles(feature, least, largest, &quantiles)
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

    /// No rows yet, on these bins.
    #[must_use]
    pub fn count(&self) -> NumericCounts {
        NumericCounts {
            bins: vec![0; self.len()],
            ..NumericCounts::default()
        }
    }
}

/// How many rows fell where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumericCounts {
    /// Rows in each bin; as many as [`NumericBins::len`].
    pub bins: Vec<u64>,
    /// Rows with less than anything in training.
    pub below: u64,
    /// Rows with more than anything in training.
    pub above: u64,
    /// Rows with no value.
    pub missing: u64,
    /// The least finite value, where there is one: how far `below` reaches.
    pub least: Option<f64>,
    /// The largest finite value, where there is one: how far `above` reaches.
    pub largest: Option<f64>,
}

impl NumericCounts {
    /// Counts one row; `bins` are those the counts were made for.
    pub fn add(&mut self, bins: &NumericBins, value: Option<f64>) {
        let place = match bins.slot(value) {
            NumericSlot::Below => &mut self.below,
            NumericSlot::Above => &mut self.above,
            NumericSlot::Missing => &mut self.missing,
            NumericSlot::Bin(bin) => &mut self.bins[bin],
        };
        *place += 1;
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.least = Some(self.least.map_or(value, |least| least.min(value)));
            self.largest = Some(self.largest.map_or(value, |largest| largest.max(value)));
        }
    }

    /// Adds the rows of another window on the same bins.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in self.bins.iter_mut().zip(&other.bins) {
            *mine += others;
        }
        self.below += other.below;
        self.above += other.above;
        self.missing += other.missing;
        let least = self.least.into_iter().chain(other.least).reduce(f64::min);
        let largest = self.largest.into_iter().chain(other.largest).reduce(f64::max);
        (self.least, self.largest) = (least, largest);
    }

    /// The rows that have a value in the order of the values: below, the bins, above.
    #[must_use]
    pub fn in_order(&self) -> Vec<u64> {
        [&self.below]
            .into_iter()
            .chain(&self.bins)
            .chain([&self.above])
            .copied()
            .collect()
    }

    /// All rows, those without a value among them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.present() + self.missing
    }

    /// Rows that have a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.bins.iter().sum::<u64>() + self.below + self.above
    }
}

/// A numeric feature in training.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericProfile {
    bins: NumericBins,
    counts: NumericCounts,
    mean: f64,
    deviation: f64,
    /// The first fine bin of each coarse one.
    deciles: Vec<usize>,
}

impl NumericProfile {
    /// A profile of training's rows counted on `bins`; `deviation` is the standard deviation of the finite values.
    ///
    /// # Errors
    ///
    /// [`BaselineError::TooFewRows`] when fewer rows than `hygiene` asks for have a value, [`BaselineError::Empty`] when none
    /// has, [`BaselineError::Constant`] when all have the same, [`BaselineError::Inconsistent`] when the counts do not
    /// belong to the bins or mean and deviation can't be those of such values.
    pub fn new(
        feature: &str,
        bins: NumericBins,
        counts: NumericCounts,
        mean: f64,
        deviation: f64,
        hygiene: &Hygiene,
    ) -> Result<Self, BaselineError> {
        let profile = Self::checked(feature, bins, counts, mean, deviation)?;
        hygiene.check_rows(feature, profile.counts.present())?;
        Ok(profile)
    }

    /// A profile of values in memory, in any order, with so many rows that have none; a NaN is one of those.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_values(
        feature: &str,
        mut values: Vec<f64>,
        missing: u64,
        hygiene: &Hygiene,
    ) -> Result<Self, BaselineError> {
        values.sort_unstable_by(f64::total_cmp);
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let rows = finite().count() as u64;
        let bins = NumericBins::from_sorted(feature, finite().map(|value| (value, 1)), rows)?;
        let mut counts = bins.count();
        for value in &values {
            counts.add(&bins, Some(*value));
        }
        counts.missing += missing;
        let (least, largest) = (bins.edges[0], bins.edges[bins.len()].next_down());
        let share = 1.0 / rows as f64;
        let mean = finite().map(|value| value * share).sum::<f64>().clamp(least, largest);
        // In halves of the range, whose squares neither vanish nor overflow.
        let half = largest / 2.0 - least / 2.0;
        let squares = finite().map(|value| ((value / 2.0 - mean / 2.0) / half).powi(2) * share);
        let deviation = half * (2.0 * squares.sum::<f64>().sqrt());
        Self::new(feature, bins, counts, mean, deviation, hygiene)
    }

    /// Everything but the size, which a file that was once accepted need not prove again.
    pub(super) fn checked(
        feature: &str,
        bins: NumericBins,
        counts: NumericCounts,
        mean: f64,
        deviation: f64,
    ) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        if counts.bins.len() != bins.len() {
            return wrong(format!("it has {} counts for {} bins", counts.bins.len(), bins.len()));
        }
        let present = counts
            .bins
            .iter()
            .chain([&counts.below, &counts.above])
            .try_fold(0_u64, |sum, count| sum.checked_add(*count));
        let Some(present) = present.filter(|present| present.checked_add(counts.missing).is_some()) else {
            return wrong("its counts add up to more than any file can hold".to_owned());
        };
        if present == 0 {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        }
        if !mean.is_finite() || !deviation.is_finite() || deviation <= 0.0 {
            return wrong(format!("its mean is {mean} and its deviation {deviation}"));
        }
        let (least, largest) = (bins.edges[0], bins.edges[bins.len()]);
        if !(least..=largest).contains(&mean) || deviation / 2.0 > largest / 2.0 - least / 2.0 {
            return wrong(format!(
                "its mean is {mean} and its deviation {deviation} where its values lie between {least} and {largest}"
            ));
        }
        let deciles = deciles(&counts.bins);
        Ok(Self {
            bins,
            counts,
            mean,
            deviation,
            deciles,
        })
    }

    /// Where values fall.
    #[must_use]
    pub fn bins(&self) -> &NumericBins {
        &self.bins
    }

    /// How many fell there in training.
    #[must_use]
    pub fn counts(&self) -> &NumericCounts {
        &self.counts
    }

    /// The edges of the [coarse](Self::coarse) bins: training's least value, its deciles, and the edge above its largest.
    pub fn decile_edges(&self) -> impl Iterator<Item = f64> {
        let last = self.bins.edges.last();
        self.deciles
            .iter()
            .map(|bin| &self.bins.edges[*bin])
            .chain(last)
            .copied()
    }

    /// `counts` on training's deciles: the rows below the first edge, in the bins between the
    /// [edges](Self::decile_edges), and above the last.
    ///
    /// A decile is the least value that has a tenth of training's rows, two tenths and so on, at or below it; bins run from one
    /// up to but not including the next. A value that holds more than a decile alone has a bin alone.
    ///
    /// # Panics
    ///
    /// When the counts are not on this profile's bins.
    #[must_use]
    pub fn coarse(&self, counts: &NumericCounts) -> Vec<u64> {
        assert_eq!(counts.bins.len(), self.bins.len(), "counts of other bins");
        let ends = self.deciles.iter().skip(1).copied().chain([self.bins.len()]);
        let groups = self.deciles.iter().zip(ends);
        let inner = groups.map(|(first, end)| counts.bins[*first..end].iter().sum());
        [counts.below].into_iter().chain(inner).chain([counts.above]).collect()
    }

    /// The mean of training's values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation of training's values; above zero.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }
}

/// The bins at which the deciles of such counts begin.
fn deciles(bins: &[u64]) -> Vec<usize> {
    const DECILES: u128 = 10;
    let all: u128 = bins.iter().map(|count| u128::from(*count)).sum();
    let mut firsts = vec![0];
    let (mut bin, mut before) = (0, 0_u128);
    for decile in 1..DECILES {
        // To the last bin that begins before the decile is full.
        while bin + 1 < bins.len() && (before + u128::from(bins[bin])) * DECILES < decile * all {
            before += u128::from(bins[bin]);
            bin += 1;
        }
        match firsts.last() {
            Some(last) if *last == bin && bin + 1 < bins.len() => firsts.push(bin + 1),
            Some(last) if *last < bin => firsts.push(bin),
            _ => {}
        }
    }
    firsts
}

/// What stands in the file for a numeric profile.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumericDocument {
    edges: Vec<f64>,
    counts: Vec<u64>,
    /// Infinite values of training.
    #[serde(default, skip_serializing_if = "is_zero")]
    below: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    above: u64,
    missing: u64,
    mean: f64,
    deviation: f64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl NumericDocument {
    pub(super) fn of(profile: &NumericProfile) -> Self {
        Self {
            edges: profile.bins.edges.clone(),
            counts: profile.counts.bins.clone(),
            below: profile.counts.below,
            above: profile.counts.above,
            missing: profile.counts.missing,
            mean: profile.mean,
            deviation: profile.deviation,
        }
    }

    pub(super) fn into_profile(self, feature: &str) -> Result<NumericProfile, BaselineError> {
        let bins = NumericBins::from_edges(feature, self.edges)?;
        let counts = NumericCounts {
            least: bins.edges.first().copied(),
            largest: bins.edges.last().map(|edge| edge.next_down()),
            bins: self.counts,
            below: self.below,
            above: self.above,
            missing: self.missing,
        };
        NumericProfile::checked(feature, bins, counts, self.mean, self.deviation)
    }
}
