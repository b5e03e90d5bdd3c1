//! Profiles a numeric feature in training.

use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use super::hygiene::Hygiene;
use super::limits::{self, WindowLimits};
use super::numeric_bins::NumericBins;
use super::numeric_counts::NumericCounts;
use crate::sketch::{Grid, Sample};

/// Profiles a numeric feature in training: its bins, how many rows fell into each, and the mean and deviation.
///
/// # Example: count a window on training's bins
///
/// ```
/// use modelwatch_drift::baseline::{Hygiene, NumericBins, NumericCounts, NumericProfile, NumericSlot};
///
/// let ages: Vec<f64> = (0..5_000).map(|row| f64::from(20 + row % 50)).collect();
/// let profile = NumericProfile::from_values("age", ages, 2, &Hygiene::default())?;
/// assert_eq!((profile.least(), profile.largest()), (20.0, 69.0));
///
/// let bins: &NumericBins = profile.bins();
/// assert_eq!(bins.slot(Some(130.0)), NumericSlot::Above);
/// let mut window: NumericCounts = bins.count();
/// for age in [Some(33.0), Some(130.0), None] {
///     window.add(bins, age);
/// }
/// assert_eq!((window.rows(), window.above, window.missing), (3, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NumericProfile {
    bins: NumericBins,
    counts: NumericCounts,
    mean: f64,
    deviation: f64,
    /// The first fine bin of each coarse bin.
    deciles: Vec<usize>,
    limits: Vec<WindowLimits>,
    grid: Option<Grid>,
}

impl NumericProfile {
    /// Creates a profile from training's rows counted on `bins`. `mean` and `deviation` are those of the finite values.
    ///
    /// # Errors
    ///
    /// [`BaselineError::TooFewRows`] when fewer rows have a value than `hygiene` requires; [`BaselineError::Empty`]
    /// when none has one; [`BaselineError::Inconsistent`] when the counts do not match the bins, or such values can't
    /// have that mean and deviation.
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

    /// Creates a profile from values in memory, in any order, and the number of rows without a value. A NaN counts as
    /// missing, too.
    ///
    /// # Errors
    ///
    /// Same as [`new`](Self::new).
    pub fn from_values(
        feature: &str,
        mut values: Vec<f64>,
        missing: u64,
        hygiene: &Hygiene,
    ) -> Result<Self, BaselineError> {
        values.sort_unstable_by(f64::total_cmp);
        let is_below = |value: &f64| *value == f64::NEG_INFINITY || (value.is_nan() && value.is_sign_negative());
        let first = values.partition_point(is_below);
        let finite = &values[first..];
        let finite = &finite[..finite.partition_point(|value| value.is_finite())];
        let bins = NumericBins::from_sorted(feature, finite)?;
        let mut counts = bins.count_sorted(finite);
        counts.below += (values.iter().take(first)).filter(|value| !value.is_nan()).count() as u64;
        counts.above += (values.iter().skip(first + finite.len()))
            .filter(|value| !value.is_nan())
            .count() as u64;
        counts.missing += missing + values.iter().filter(|value| value.is_nan()).count() as u64;
        let (least, largest) = (finite[0], finite[finite.len() - 1]);
        let share = 1.0 / finite.len() as f64;
        let mean = finite
            .iter()
            .map(|value| value * share)
            .sum::<f64>()
            .clamp(least, largest);
        // In halves of the range, so that squares neither vanish nor overflow.
        let half = largest / 2.0 - least / 2.0;
        let deviation = if half > 0.0 {
            let squares = finite
                .iter()
                .map(|value| ((value / 2.0 - mean / 2.0) / half).powi(2) * share);
            half * (2.0 * squares.sum::<f64>().sqrt())
        } else {
            0.0
        };
        let grid = grid_of(finite);
        let profile = Self::new(feature, bins, counts, mean, deviation, hygiene)?;
        Ok(Self { grid, ..profile })
    }

    /// Checks everything but the number of rows: a file that was once accepted need not meet it again.
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
        let first = bins.edges()[0];
        let last = bins.edges()[bins.len()];
        let (Some(least), Some(largest)) = (counts.least, counts.largest) else {
            return wrong("it has no least and no largest value".to_owned());
        };
        if !(first <= least && least <= largest && largest <= last) {
            return wrong(format!(
                "its values lie between {least} and {largest} where its edges lie between {first} and {last}"
            ));
        }
        if !mean.is_finite() || !deviation.is_finite() || deviation < 0.0 {
            return wrong(format!("its mean is {mean} and its deviation {deviation}"));
        }
        let filled = counts.bins.iter().filter(|count| **count > 0).count();
        let possible = deviation / 2.0 <= largest / 2.0 - least / 2.0 && (deviation > 0.0 || filled <= 1);
        if !(least..=largest).contains(&mean) || !possible {
            return wrong(format!(
                "its mean is {mean} and its deviation {deviation} where its values lie between {least} and {largest}"
            ));
        }
        let deciles = deciles(&counts.bins, bins.edges());
        let counts = NumericCounts {
            sample: Sample::default(),
            ..counts
        };
        Ok(Self {
            bins,
            counts,
            mean,
            deviation,
            deciles,
            limits: Vec::new(),
            grid: None,
        })
    }

    /// Returns the bins that values fall into.
    #[must_use]
    pub fn bins(&self) -> &NumericBins {
        &self.bins
    }

    /// Returns the distances that the reference's own windows reach, by ascending length; empty if the reference has no
    /// times.
    #[must_use]
    pub fn limits(&self) -> &[WindowLimits] {
        &self.limits
    }

    /// Returns the same bins with other rows: the values in `counts` stand for training's from here on. Wasserstein
    /// still measures in training's standard deviations. The new profile has no learned limits.
    ///
    /// Returns `None` if no row has a finite value or the counts are on other bins.
    #[must_use]
    pub fn recounted(&self, counts: &NumericCounts) -> Option<Self> {
        let (least, largest) = (counts.least?, counts.largest?);
        let mean = counts.sample.mean().unwrap_or(self.mean).clamp(least, largest);
        (counts.bins.len() == self.bins.len()).then(|| Self {
            bins: self.bins.clone(),
            counts: NumericCounts {
                sample: Sample::default(),
                ..counts.clone()
            },
            mean,
            deviation: self.deviation,
            deciles: self.deciles.clone(),
            limits: Vec::new(),
            grid: self.grid,
        })
    }

    /// Returns the grid that training's values lie on, if they lie on one and the baseline was made from the values
    /// themselves.
    #[must_use]
    pub fn grid(&self) -> Option<&Grid> {
        self.grid.as_ref()
    }

    pub(crate) fn with_limits(self, limits: Vec<WindowLimits>) -> Self {
        Self { limits, ..self }
    }

    /// Returns the row counts of training.
    #[must_use]
    pub fn counts(&self) -> &NumericCounts {
        &self.counts
    }

    /// Returns the edges of the [coarse](Self::coarse) bins: those below training's minimum and its deciles, and the
    /// one above its maximum.
    pub fn decile_edges(&self) -> impl Iterator<Item = f64> {
        let last = self.bins.edges().last();
        self.deciles
            .iter()
            .map(|bin| &self.bins.edges()[*bin])
            .chain(last)
            .copied()
    }

    /// Returns `counts` on training's deciles: the rows below the first edge, in the bins between the
    /// [edges](Self::decile_edges), and above the last.
    ///
    /// A decile is the smallest value that has a tenth of training's rows (two tenths, and so on) at or below it. Bins
    /// run from the edge below one decile to the edge below the next. A value that alone holds more than a decile gets
    /// its own bin.
    ///
    /// # Panics
    ///
    /// Panics if the counts are not on this profile's bins.
    #[must_use]
    pub fn coarse(&self, counts: &NumericCounts) -> Vec<u64> {
        assert_eq!(counts.bins.len(), self.bins.len(), "counts of other bins");
        let ends = self.deciles.iter().skip(1).copied().chain([self.bins.len()]);
        let groups = self.deciles.iter().zip(ends);
        let inner = groups.map(|(first, end)| counts.bins[*first..end].iter().sum());
        [counts.below].into_iter().chain(inner).chain([counts.above]).collect()
    }

    /// Returns the mean of training's values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Returns the standard deviation of training's values; 0 if all values are the same.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Returns the minimum finite value of training.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.counts.least.unwrap_or(self.bins.edges()[0])
    }

    /// Returns the maximum finite value of training.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.counts.largest.unwrap_or(self.bins.edges()[self.bins.len()])
    }

    /// Returns the value with about this share of training's values, 0 to 1, at or below it: exact at the edges of the
    /// fine bins, interpolated between them.
    #[must_use]
    pub fn quantile(&self, level: f64) -> f64 {
        let all: f64 = self.counts.bins.iter().map(|count| *count as f64).sum();
        let rank = level.clamp(0.0, 1.0) * all;
        let mut before = 0.0;
        for (pair, count) in self.bins.edges().windows(2).zip(&self.counts.bins) {
            let count = *count as f64;
            if count > 0.0 && before + count >= rank {
                let part = ((rank - before) / count).clamp(0.0, 1.0);
                let value = pair[0] + (pair[1] - pair[0]) * part;
                return value.clamp(self.least(), self.largest());
            }
            before += count;
        }
        self.largest()
    }
}

/// Finds the grid of values in ascending order. It looks at every few values only: enough to find the grid.
fn grid_of(sorted: &[f64]) -> Option<Grid> {
    const LOOKED_AT: usize = 1 << 13;
    let every = sorted.len().div_ceil(LOOKED_AT).max(1);
    let some: Vec<f64> = sorted.iter().step_by(every).copied().collect();
    Grid::of_sorted(&some)
}

/// The number of equal parts of training.
const DECILES: u128 = 10;

/// Returns the bins at which the deciles of such counts begin. If training has nothing between two deciles, the second
/// begins in the middle, so that values between training's fall into either equally often. A value that is a whole
/// decile keeps a tight bin: a value next to it is not part of it.
fn deciles(bins: &[u64], edges: &[f64]) -> Vec<usize> {
    let mut firsts = full_deciles(bins);
    let all: u128 = bins.iter().map(|count| u128::from(*count)).sum();
    let is_alone = |bin: usize| u128::from(bins[bin]) * DECILES >= all;
    for first in &mut firsts[1..] {
        let before = bins[..*first].iter().rposition(|rows| *rows > 0);
        let after = bins[*first..].iter().position(|rows| *rows > 0);
        if let (Some(before), Some(after)) = (before, after)
            && !is_alone(before)
            && !is_alone(*first + after)
        {
            let (from, to) = (before + 1, *first + after);
            let middle = f64::midpoint(edges[from], edges[to]);
            let off = |place: &usize| (edges[*place] - middle).abs();
            *first = (from..=to)
                .min_by(|one, other| off(one).total_cmp(&off(other)))
                .unwrap_or(*first);
        }
    }
    firsts.dedup();
    firsts
}

/// Returns the bins that hold the first value of a decile.
fn full_deciles(bins: &[u64]) -> Vec<usize> {
    let all: u128 = bins.iter().map(|count| u128::from(*count)).sum();
    let mut firsts = vec![0];
    let (mut bin, mut before) = (0, 0_u128);
    for decile in 1..DECILES {
        // Advances to the last bin that begins before the decile is full.
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

/// Stores a numeric profile in the file.
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
    /// In the first format, these are the first and last edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    largest: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowLimits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Grid>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl NumericDocument {
    pub(super) fn of(profile: &NumericProfile) -> Self {
        Self {
            edges: profile.bins.edges().to_vec(),
            counts: profile.counts.bins.clone(),
            below: profile.counts.below,
            above: profile.counts.above,
            missing: profile.counts.missing,
            mean: profile.mean,
            deviation: profile.deviation,
            least: profile.counts.least,
            largest: profile.counts.largest,
            windows: profile.limits.clone(),
            grid: profile.grid,
        }
    }

    pub(super) fn into_profile(self, feature: &str) -> Result<NumericProfile, BaselineError> {
        let bins = NumericBins::from_edges(feature, self.edges)?;
        let counts = NumericCounts {
            least: self.least.or_else(|| bins.edges().first().copied()),
            largest: self
                .largest
                .or_else(|| bins.edges().last().map(|edge| edge.next_down())),
            bins: self.counts,
            below: self.below,
            above: self.above,
            missing: self.missing,
            sample: Sample::default(),
        };
        limits::check(feature, &self.windows)?;
        if let Some(grid) = self.grid
            && grid.checked().is_none()
        {
            let (step, offset) = (grid.step(), grid.offset());
            return Err(BaselineError::inconsistent(
                feature,
                format!("its grid has a step of {step} and an offset of {offset}"),
            ));
        }
        let profile = NumericProfile::checked(feature, bins, counts, self.mean, self.deviation)?;
        Ok(NumericProfile {
            grid: self.grid,
            ..profile.with_limits(self.windows)
        })
    }
}
