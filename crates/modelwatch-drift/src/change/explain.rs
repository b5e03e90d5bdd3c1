//! All columns of a window, explained.

use serde::Serialize;

use super::categories::change_of_categories;
use super::kind::{Change, ChangeKind};
use super::numbers::change_of_numbers;
use super::observed::Observed;
use super::summary::Summary;
use super::swapped::find_swapped;
use crate::baseline::{Counts, Profile};
use crate::decision::{Measurement, ScorePart};

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

/// Explains each column that [drifts](Observed::drifts); nothing for those that do not. The answers are in the order of the
/// columns.
#[must_use]
pub fn explain(columns: &[Observed<'_>]) -> Vec<Option<Explanation>> {
    let swaps = find_swapped(columns);
    let explained = columns.iter().zip(swaps).map(|(column, swapped)| {
        column.drifts.then(|| {
            let mut changes: Vec<Change> = swapped.map(|with| Change::Swapped { with }).into_iter().collect();
            match (column.profile, column.counts) {
                (Profile::Numeric(profile), Counts::Numeric(counts)) if changes.is_empty() => {
                    changes.extend(change_of_numbers(profile, counts));
                }
                (Profile::Categorical(profile), Counts::Categorical(counts)) if changes.is_empty() => {
                    changes.extend(change_of_categories(profile, counts));
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
