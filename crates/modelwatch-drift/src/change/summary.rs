//! Summarizes both sides of a comparison in a few numbers.

use serde::Serialize;

use super::categories::most_frequent;
use crate::baseline::{Counts, Profile};
use crate::sketch::quantile;

/// The maximum number of names.
const NAMES: usize = 10;

/// Summarizes one side of a comparison.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The number of rows, including those without a value.
    pub rows: u64,
    /// The share of rows without a value, 0 to 1.
    pub missing: f64,
    /// The numbers of a numeric column; `None` if it has no finite values.
    pub numbers: Option<Numbers>,
    /// The most frequent categories of a categorical column, at most ten, with their share of the rows with a value.
    pub categories: Vec<(String, f64)>,
}

/// Describes where numbers lie. A window's quantiles come from a sample of up to 2,048 values, training's from its
/// bins.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Numbers {
    /// The mean; `None` if the sum is not a finite double.
    pub mean: Option<f64>,
    /// The minimum.
    pub least: f64,
    /// The value with 5 % of the values at or below it.
    pub p05: f64,
    /// The value with 25 % of the values at or below it.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// The value with 75 % of the values at or below it.
    pub p75: f64,
    /// The value with 95 % of the values at or below it.
    pub p95: f64,
    /// The maximum.
    pub largest: f64,
}

impl Summary {
    pub(super) fn of_window(counts: &Counts, profile: &Profile) -> Self {
        let (numbers, categories) = match (counts, profile) {
            (Counts::Numeric(counts), _) => {
                let sorted = counts.sample.sorted();
                let at = |level| quantile(&sorted, level);
                let ends = counts.least.zip(counts.largest);
                let numbers = ends.and_then(|(least, largest)| {
                    Some(Numbers {
                        mean: counts.sample.mean(),
                        least,
                        p05: at(0.05)?,
                        p25: at(0.25)?,
                        p50: at(0.5)?,
                        p75: at(0.75)?,
                        p95: at(0.95)?,
                        largest,
                    })
                });
                (numbers, Vec::new())
            }
            (Counts::Categorical(counts), Profile::Categorical(profile)) => {
                (None, most_frequent(profile, counts, NAMES))
            }
            _ => (None, Vec::new()),
        };
        Self {
            rows: counts.rows(),
            missing: counts.missing_ratio().unwrap_or_default(),
            numbers,
            categories,
        }
    }

    pub(super) fn of_training(profile: &Profile) -> Self {
        let (rows, missing) = match profile {
            Profile::Numeric(profile) => (profile.counts().rows(), profile.counts().missing),
            Profile::Categorical(profile) => (profile.counts().rows(), profile.counts().missing),
        };
        let (numbers, categories) = match profile {
            Profile::Numeric(profile) => {
                let numbers = Numbers {
                    mean: Some(profile.mean()),
                    least: profile.least(),
                    p05: profile.quantile(0.05),
                    p25: profile.quantile(0.25),
                    p50: profile.quantile(0.5),
                    p75: profile.quantile(0.75),
                    p95: profile.quantile(0.95),
                    largest: profile.largest(),
                };
                (Some(numbers), Vec::new())
            }
            Profile::Categorical(profile) => (None, most_frequent(profile, profile.counts(), NAMES)),
        };
        Self {
            rows,
            missing: missing as f64 / rows.max(1) as f64,
            numbers,
            categories,
        }
    }
}
