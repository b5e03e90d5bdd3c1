//! Changes to features that the drift job reports: scaled, swapped, renamed.

use modelwatch_drift::change::ChangeKind;

use super::ask::{Asked, Topic};
use super::report::Finding;
use crate::source::Row;
use crate::symptom::{Side, Symptom};
use crate::words::name;

/// The most features to name.
const MOST: usize = 3;

/// Returns the changes that the drift job's last window reports: first the trouble's own feature, then the latest. A change
/// reported for the whole time has no beginning. Skips features that are already `known`.
pub(super) fn findings(asked: &Asked, trouble: Option<&Symptom>, known: impl Fn(&str) -> bool) -> Vec<Finding> {
    let own = match trouble {
        Some(Symptom::Missing(feature) | Symptom::OutOfRange(feature) | Symptom::Defaulted(feature)) => Some(feature),
        Some(Symptom::FeatureDrift(feature)) => Some(feature),
        _ => None,
    };
    let mut said: Vec<_> = asked
        .rows(Topic::Changes)
        .iter()
        .filter(|row| !known(row.label("feature_name")))
        .filter_map(|row| Some((row, said_since(row, asked)?)))
        .collect();
    said.sort_by_key(|(row, since)| {
        let feature = row.label("feature_name");
        (own.is_none_or(|own| own != feature), -since.unwrap_or(i64::MIN + 1))
    });
    let finding = |(row, since): (&Row, Option<i64>)| Finding {
        side: Side::Data,
        what: words(row, since.is_some()),
        since,
    };
    said.into_iter().take(MOST).map(finding).collect()
}

/// Since when a change is reported. The outer `None` means that it is no longer reported, the inner one that it was from the
/// start.
fn said_since(row: &Row, asked: &Asked) -> Option<Option<i64>> {
    /// Steps for which the exporter may be down.
    const AWAY: usize = 5;
    let said = |step: usize| row.values.get(step).copied().flatten().is_some_and(|said| said > 0.0);
    let steps = asked.grid.steps;
    if !(steps.saturating_sub(AWAY)..steps).any(said) {
        return None;
    }
    let mut first = steps;
    for step in (0..steps).rev() {
        if said(step) {
            first = step;
        } else if first > step + AWAY && first < steps {
            break;
        }
    }
    Some((first > 0).then(|| asked.grid.begins(first + 1)))
}

fn words(row: &Row, began: bool) -> String {
    let change = row.label("change");
    let done = match ChangeKind::from_name(change) {
        Some(kind) => kind.words().to_owned(),
        None => format!("has changed ({})", name(change)),
    };
    let long = if began {
        ""
    } else {
        " for longer than the hours that were looked at"
    };
    format!("{} {done}{long}, says the drift job", name(row.label("feature_name")))
}
