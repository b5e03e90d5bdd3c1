//! Finds changes of a column of categories.

use super::kind::Change;
use crate::baseline::{CategoricalCounts, CategoricalProfile};

/// The maximum number of new categories that a change names.
const NAMES: usize = 10;
/// A category with at least this share in training is missed when it is gone,
const MISSED: f64 = 0.01;
/// if the window should have at least this many rows of it: fewer may be absent by chance.
const EXPECTED: f64 = 20.0;
/// A new category with a smaller share is not worth mentioning.
const NEW: f64 = 0.005;

/// Finds the changes, the strongest evidence first.
pub(super) fn change_of_categories(profile: &CategoricalProfile, counts: &CategoricalCounts) -> Vec<Change> {
    let present = counts.present() as f64;
    if present == 0.0 {
        return Vec::new();
    }
    let names = profile.bins().names();
    if let [(name, share)] = most_frequent(profile, counts, 2).as_slice()
        && *share >= 1.0
        && names.len() > 1
    {
        return vec![Change::OneValue {
            value: format!("{name:?}"),
        }];
    }
    let trained = profile.counts().present() as f64;
    // Some new categories may be ones that training had beyond its names, each at most as frequent as the last name.
    let known = match profile.bins().has_other() {
        true => 3.0 * profile.counts().named.last().copied().unwrap_or_default() as f64 / trained,
        false => 0.0,
    };
    let new = counts.unnamed.top(NAMES * 2);
    let mut new: Vec<(&str, f64)> = new
        .into_iter()
        .map(|(name, rows)| (name, rows as f64 / present))
        .collect();
    new.retain(|(_, share)| *share >= NEW.max(known));
    let gone = names.iter().zip(&profile.counts().named).zip(&counts.named);
    let gone: Vec<(&str, f64)> = gone
        .map(|((name, before), now)| (name.as_str(), *before as f64 / trained, *now as f64 / present))
        .filter(|(_, before, now)| *before >= MISSED && *now <= before / 20.0)
        .map(|(name, before, _)| (name, before))
        .collect();
    let mut changes = renamed(&gone, &mut new);
    let is_renamed = |name: &str| {
        let mut renamed = changes.iter();
        renamed.any(|change| matches!(change, Change::Renamed { from, .. } if from == name))
    };
    let mut gone: Vec<(&str, f64)> = gone
        .into_iter()
        .filter(|(name, before)| !is_renamed(name) && before * present >= EXPECTED)
        .collect();
    if !new.is_empty() {
        let unnamed = match profile.bins().has_other() {
            true => new.iter().map(|(_, share)| share).sum(),
            false => {
                let renamed: f64 = changes.iter().map(share_of).sum();
                (counts.unseen as f64 / present - renamed).max(0.0)
            }
        };
        new.truncate(NAMES);
        changes.push(Change::NewCategories {
            names: owned(new),
            share: unnamed,
        });
    }
    if !gone.is_empty() {
        gone.sort_by(|one, other| other.1.total_cmp(&one.1));
        let share = gone.iter().map(|(_, share)| share).sum();
        gone.truncate(NAMES);
        changes.push(Change::CategoriesGone {
            names: owned(gone),
            share,
        });
    }
    changes
}

fn owned(names: Vec<(&str, f64)>) -> Vec<(String, f64)> {
    names
        .into_iter()
        .map(|(name, share)| (name.to_owned(), share))
        .collect()
}

fn share_of(change: &Change) -> f64 {
    match change {
        Change::Renamed { share, .. } => *share,
        _ => 0.0,
    }
}

/// Pairs categories that are gone with new ones: first by their letters, ignoring case and punctuation, then by share.
fn renamed(gone: &[(&str, f64)], new: &mut Vec<(&str, f64)>) -> Vec<Change> {
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let mut changes = Vec::new();
    for by_letters in [true, false] {
        for (from, before) in gone {
            if changes
                .iter()
                .any(|change| matches!(change, Change::Renamed { from: known, .. } if known == from))
            {
                continue;
            }
            let fits = |(to, share): &(&str, f64)| match by_letters {
                true => letters(to) == letters(from) && !letters(from).is_empty(),
                false => (0.6..1.7).contains(&(share / before)),
            };
            let far = |share: f64| (share / before).ln().abs();
            let candidates = (0..new.len()).filter(|place| fits(&new[*place]));
            let Some(place) = candidates.min_by(|one, other| far(new[*one].1).total_cmp(&far(new[*other].1))) else {
                continue;
            };
            let (to, share) = new.remove(place);
            changes.push(Change::Renamed {
                from: (*from).to_owned(),
                to: to.to_owned(),
                share,
                before: *before,
            });
        }
    }
    changes
}

/// Returns the most frequent categories with their share of the rows with a value. Includes categories without a name,
/// as far as the window's counts kept them.
pub(super) fn most_frequent(
    profile: &CategoricalProfile,
    counts: &CategoricalCounts,
    most: usize,
) -> Vec<(String, f64)> {
    let present = counts.present().max(1) as f64;
    let named = profile
        .bins()
        .names()
        .iter()
        .map(String::as_str)
        .zip(counts.named.iter().copied());
    let mut all: Vec<(&str, u64)> = named
        .chain(counts.unnamed.iter())
        .filter(|(_, rows)| *rows > 0)
        .collect();
    all.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    all.truncate(most);
    all.into_iter()
        .map(|(name, rows)| (name.to_owned(), rows as f64 / present))
        .collect()
}
