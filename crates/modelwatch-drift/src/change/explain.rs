//! Explains all columns of a window.

use serde::Serialize;

use super::categories::change_of_categories;
use super::kind::{Change, ChangeKind};
use super::numbers::change_of_numbers;
use super::observed::Observed;
use super::summary::Summary;
use super::swapped::find_swapped;
use crate::baseline::{Counts, Profile};
use crate::decision::{Measurement, ScorePart};

/// Explains a column that drifts.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The changes found, the strongest evidence first; empty if no known change explains the window well.
    pub changes: Vec<Change>,
    /// The part that is further away, to which the score belongs.
    pub part: ScorePart,
    /// The window's values.
    pub window: Summary,
    /// Training's values.
    pub training: Summary,
}

/// Explains each column that [drifts](Observed::drifts), and returns the explanations in the order of the columns;
/// `None` for columns that do not drift.
///
/// # Example: dollars became cents
///
/// ```
/// use modelwatch_drift::baseline::{Counts, Hygiene, NumericProfile, Profile};
/// use modelwatch_drift::change::{Change, ChangeKind, Explanation, Numbers, Observed, Side, Summary, explain};
/// use modelwatch_drift::decision::{Measurement, Rule, Statistic};
///
/// let dollars: Vec<f64> = (0..5_000).map(|row| f64::from(row % 997) * 1.25).collect();
/// let numeric = NumericProfile::from_values("amount", dollars.clone(), 0, &Hygiene::default())?;
/// let mut window = numeric.bins().count();
/// for amount in &dollars {
///     window.add(numeric.bins(), Some(100.0 * amount));
/// }
///
/// let measurement = Measurement::of_numeric(&numeric, &window, Statistic::Psi)?;
/// let (profile, counts) = (Profile::Numeric(numeric), Counts::Numeric(window));
/// let explained = explain(&[Observed {
///     name: "amount",
///     profile: &profile,
///     counts: &counts,
///     measurement: &measurement,
///     drifts: measurement.drifts(&Rule::default()),
/// }]);
///
/// let Some(Explanation { changes, training: Summary { numbers, .. }, .. }) = &explained[0] else {
///     panic!("it drifts");
/// };
/// assert!(matches!(changes[0], Change::Scaled { factor } if (factor - 100.0).abs() < 1.0), "{changes:?}");
/// assert_eq!(changes[0].kind(), ChangeKind::Scaled);
/// assert!(matches!(numbers, Some(Numbers { largest: 1245.0, .. })), "{numbers:?}");
///
/// let clamped = Change::Clamped { side: Side::Upper, at: 500.0, share: 0.25 };
/// assert!(clamped.to_string().contains("500"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// A share of missing rows that moved by this is worth mentioning,
const MISSING_MOVED: f64 = 0.1;
/// and so is one that moved by the first of these, if it grew by the second as a factor.
const MISSING_APPEARED: (f64, f64) = (0.02, 3.0);
/// Chance explains p-values at or above this.
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
