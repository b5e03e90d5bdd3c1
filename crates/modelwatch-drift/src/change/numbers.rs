//! Finds changes of a column of numbers.

use super::fit::{Training, Window};
use super::grids::Grids;
use super::kind::Change;
use super::left::Left;
use super::part::change_of_part;
use super::rounded::rounded;
use super::whole::{change_beyond_seasons, change_of_all};
use crate::baseline::{NumericCounts, NumericProfile};

/// Finds the change that alone turns training into the window.
pub(super) fn change_of_numbers(profile: &NumericProfile, counts: &NumericCounts) -> Option<Change> {
    if counts.least == counts.largest {
        return one_value(profile, counts);
    }
    let training = Training::new(profile);
    let window = Window::new(counts)?;
    let grids = Grids::new(&training, &window);
    let left = Left::of(&training, &window);
    let part = change_of_part(&training, &window, left);
    let whole = change_of_all(&training, &window, grids.as_ref(), left);
    let rounded = rounded(&training, &window, grids.as_ref(), left);
    // Lost digits can look like another unit, so one of the two must fit clearly better.
    let whole = match (whole, rounded) {
        (Some((whole, left)), Some((rounded, other))) => match (left, other) {
            _ if left <= 0.6 * other => Some((whole, left)),
            _ if other <= 0.6 * left => Some((rounded, other)),
            _ => return None,
        },
        (whole, rounded) => whole.or(rounded),
    };
    let found = [whole, part].into_iter().flatten();
    // Prefers the change of all rows unless it fits clearly less well.
    match found.min_by(|one, other| one.1.total_cmp(&other.1)) {
        Some((change, _)) => Some(change),
        None => change_beyond_seasons(&training, &window, grids.as_ref()),
    }
}

/// A value with this share in training is the column's usual value.
const MOSTLY: f64 = 0.5;

fn one_value(profile: &NumericProfile, counts: &NumericCounts) -> Option<Change> {
    if let Some(infinite) = one_infinity(counts) {
        return Some(Change::OneValue { value: infinite });
    }
    let value = counts.least.filter(|least| counts.largest == Some(*least))?;
    // A day without rain is not a change.
    let new = Training::new(profile).around(value).within < MOSTLY;
    let all = counts.present() == counts.sample.offered();
    (new && all).then(|| Change::OneValue {
        value: value.to_string(),
    })
}

/// Returns the infinity that every value is, if no value is finite and all have the same sign.
fn one_infinity(counts: &NumericCounts) -> Option<String> {
    let present = counts.present();
    if present == 0 || counts.least.is_some() {
        return None;
    }
    if counts.above == present {
        Some(f64::INFINITY.to_string())
    } else if counts.below == present {
        Some(f64::NEG_INFINITY.to_string())
    } else {
        None
    }
}
