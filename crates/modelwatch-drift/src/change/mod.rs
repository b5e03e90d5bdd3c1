//! What changed, in words and numbers.
//!
//! A score says that a column is far from training. Whoever is paged wants to know what was done to it: multiplied by a
//! hundred, swapped with its neighbour, filled with a default. [`explain`] tries each of these on a window's counts and
//! sketches and names one only where **undoing it makes the window equal training**. Weather is none of them, and then nothing
//! is said: an explanation that is wrong costs more than none.
//!
//! [`explain`] takes all columns of a window, because a column can have been swapped with another one. For each that is said
//! to drift it gives its [`Change`]s, the part the score is of and both sides' [`Summary`]. A change displays as
//! half a sentence, and its [`kind`](Change::kind) has a name from a small fixed set, fit for a label.

mod categories;
mod fit;
mod kind;
mod numbers;
mod round;
mod swapped;

use serde::Serialize;

use crate::baseline::{Counts, Profile};
use crate::decision::{Measurement, ScorePart};

pub use kind::{Change, ChangeKind, Side};

/// A column of a window beside its training.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The column's name, by which another is said to be swapped with it.
    pub name: &'a str,
    /// The column in training.
    pub profile: &'a Profile,
    /// The column in the window, on the profile's bins.
    pub counts: &'a Counts,
    /// How far apart the two are.
    pub measurement: &'a Measurement,
    /// Whether it is to be explained; one that does not drift has nothing to explain.
    pub drifts: bool,
}

/// What is known of a column that drifts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// What was done to it, the most telling first; nothing where nothing explains it well.
    pub changes: Vec<Change>,
    /// The part that is further away, which is the one the score is of.
    pub part: ScorePart,
    /// The window's values.
    pub window: Summary,
    /// Training's values.
    pub training: Summary,
}

/// A side of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Rows, those without a value among them.
    pub rows: u64,
    /// The share of rows without a value, 0 to 1.
    pub missing: f64,
    /// Of a number that has finite values.
    pub numbers: Option<Numbers>,
    /// Of a category: the most frequent ones with their share of the rows that have a value, ten at most.
    pub categories: Vec<(String, f64)>,
}

/// Where numbers lie. A window's quantiles are those of a sample of up to 2,048 values, training's those of its bins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Numbers {
    /// The mean; nothing where the sum is no double.
    pub mean: Option<f64>,
    /// The least value.
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
    /// The largest value.
    pub largest: f64,
}

/// Names at most.
const NAMES: usize = 10;

/// Explains each column that [drifts](Observed::drifts); nothing for those that do not. The answers are in the order of the
/// columns.
#[must_use]
pub fn explain(columns: &[Observed<'_>]) -> Vec<Option<Explanation>> {
    let swaps = swapped::find(columns);
    let explained = columns.iter().zip(swaps).map(|(column, swapped)| {
        column.drifts.then(|| {
            let mut changes: Vec<Change> = swapped.map(|with| Change::Swapped { with }).into_iter().collect();
            match (column.profile, column.counts) {
                (Profile::Numeric(profile), Counts::Numeric(counts)) if changes.is_empty() => {
                    changes.extend(numbers::change(profile, counts));
                }
                (Profile::Categorical(profile), Counts::Categorical(counts)) if changes.is_empty() => {
                    changes.extend(categories::changes(profile, counts));
                }
                _ => {}
            }
            let (window, training) = (
                Summary::of_window(column.counts, column.profile),
                Summary::of_training(column.profile),
            );
            changes.extend(missing(&window, &training, column.measurement));
            if column.measurement.part() == ScorePart::Missing {
                changes
                    .sort_by_key(|change| !matches!(change.kind(), ChangeKind::MissingMore | ChangeKind::MissingLess));
            }
            Explanation {
                changes,
                part: column.measurement.part(),
                window,
                training,
            }
        })
    });
    explained.collect()
}

/// A share of missing rows that moved by this is worth a word,
const MISSING_MOVED: f64 = 0.1;
/// and one that moved by this where it is so many times what it was.
const MISSING_APPEARED: (f64, f64) = (0.02, 3.0);
/// Chance explains a p-value from this on.
const SIGNIFICANCE: f64 = 1e-4;

fn missing(window: &Summary, training: &Summary, measurement: &Measurement) -> Option<Change> {
    let (share, before) = (window.missing, training.missing);
    let (least, times) = MISSING_APPEARED;
    let moved = (share - before).abs();
    let worth = moved >= MISSING_MOVED || moved >= least && share >= times * before;
    if !worth || measurement.missing.p_value >= SIGNIFICANCE {
        return None;
    }
    Some(match share > before {
        true => Change::MissingMore { share, before },
        false => Change::MissingLess { share, before },
    })
}

impl Summary {
    fn of_window(counts: &Counts, profile: &Profile) -> Self {
        let (numbers, categories) = match (counts, profile) {
            (Counts::Numeric(counts), _) => {
                let sorted = counts.sample.sorted();
                let at = |level| crate::sketch::quantile(&sorted, level);
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
                (None, categories::most_frequent(profile, counts, NAMES))
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

    fn of_training(profile: &Profile) -> Self {
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
            Profile::Categorical(profile) => (None, categories::most_frequent(profile, profile.counts(), NAMES)),
        };
        Self {
            rows,
            missing: missing as f64 / rows.max(1) as f64,
            numbers,
            categories,
        }
    }
}
