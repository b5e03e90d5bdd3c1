//! What was done to a column is told, and weather is none of it.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::Profile;
use modelwatch_drift::change::{Change, ChangeKind, Explanation, Observed, explain};
use modelwatch_drift::decision::{Measurement, Rule, ScorePart, Statistic};

use crate::data::TRAINING;
use crate::table::Table;
use crate::{APRIL, JULY};

/// What is said of each of these columns that drifts.
pub(crate) fn told(
    profiles: &BTreeMap<&'static str, Profile>,
    window: &Table,
    names: &[&str],
) -> BTreeMap<&'static str, Explanation> {
    let counted: Vec<_> = profiles
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, profile)| {
            let counts = window.counts(name, profile);
            let measured = Measurement::of(profile, &counts, Statistic::Psi).expect("a window with rows");
            (*name, profile, counts, measured)
        })
        .collect();
    let observed: Vec<_> = counted
        .iter()
        .map(|(name, profile, counts, measurement)| Observed {
            name,
            profile,
            counts,
            measurement,
            drifts: measurement.drifts(&Rule::default()),
        })
        .collect();
    let names = counted.iter().map(|(name, ..)| *name);
    let explained = names.zip(explain(&observed));
    explained
        .filter_map(|(name, explanation)| Some((name, explanation?)))
        .collect()
}

pub(crate) fn all(profiles: &BTreeMap<&'static str, Profile>) -> Vec<&'static str> {
    profiles.keys().copied().collect()
}

pub(crate) fn number(table: &Table, name: &'static str, change: impl Fn(usize, f64) -> Option<f64>) -> Table {
    let mut changed = table.clone();
    let values = changed.numbers.get_mut(name).expect("a number").iter_mut().enumerate();
    values.for_each(|(row, value)| *value = value.and_then(|value| change(row, value)));
    changed
}

pub(crate) fn category(table: &Table, name: &'static str, change: impl Fn(usize, &str) -> String) -> Table {
    let mut changed = table.clone();
    let values = changed
        .categories
        .get_mut(name)
        .expect("a category")
        .iter_mut()
        .enumerate();
    values.for_each(|(row, value)| *value = value.as_deref().map(|value| change(row, value)));
    changed
}

/// What the tests say of one column: the changes of it, the first first.
fn changes(profiles: &BTreeMap<&'static str, Profile>, window: &Table, name: &str) -> Vec<Change> {
    told(profiles, window, &[name])
        .remove(name)
        .map_or(Vec::new(), |told| told.changes)
}

#[test]
fn made_changes_are_named_and_their_numbers_are_right() {
    let training = Table::read(TRAINING);
    let profiles = training.profiles();
    let drawn = training.rows(|row| random(row) < 0.08);
    let small = training.rows(|row| random(row) < 0.013);
    for window in [&drawn, &small, &Table::read(APRIL)] {
        // Columns that a week in spring leaves nearly as they were.
        for name in ["dep_delay", "distance", "hour"] {
            let said = |change: &dyn Fn(usize, f64) -> Option<f64>| {
                let changes = changes(&profiles, &number(window, name, change), name);
                changes
                    .first()
                    .cloned()
                    .unwrap_or_else(|| panic!("nothing is said of {name}"))
            };
            for factor in [100.0, 0.001, 1_000.0, 60.0] {
                let change = said(&|_, value| Some(value * factor));
                let Change::Scaled { factor: told } = change else {
                    panic!("{name} times {factor}: {change}");
                };
                assert!((told / factor - 1.0).abs() < 1e-9, "{name} times {factor}: {told}");
            }
            for by in [1_000.0_f64, -5_000.0, 2_500.0] {
                let change = said(&|_, value| Some(value + by));
                let Change::Shifted { by: told } = change else {
                    panic!("{name} and {by}: {change}");
                };
                assert!((told - by).abs() < 0.1 * by.abs(), "{name} and {by}: {told}");
            }
            assert_eq!(said(&|_, value| Some(-value)), Change::SignFlipped, "{name}");
            let one = Change::OneValue { value: "7".into() };
            assert_eq!(said(&|_, _| Some(7.0)), one, "{name}");
            for default in [-1.0, 9_999.0, 0.0] {
                let change = said(&|row, value| Some(if random(row * 7) < 0.3 { default } else { value }));
                let Change::HeapAdded { at, share, .. } = change else {
                    panic!("{name} by default {default}: {change}");
                };
                assert!(
                    at == default && (0.25..0.4).contains(&share),
                    "{name} by default {default}: {change}"
                );
            }
            let change = said(&|row, value| (random(row * 7) >= 0.3).then_some(value));
            assert_eq!(change.kind(), ChangeKind::MissingMore, "{name}: {change}");
            let Profile::Numeric(profile) = &profiles[name] else {
                panic!("{name} is a number");
            };
            let bound = profile.quantile(0.7).floor();
            let change = said(&|_, value| Some(value.min(bound)));
            assert!(
                matches!(change, Change::Clamped { at, .. } if at == bound),
                "{name} at most {bound}: {change}"
            );
        }
        for (one, other) in [("dep_delay", "distance"), ("hour", "distance"), ("hour", "pressure")] {
            let mut swapped = window.clone();
            let values = [one, other].map(|name| window.numbers[name].clone());
            let [first, second] = values;
            swapped.numbers.extend([(one, second), (other, first)]);
            let told = told(&profiles, &swapped, &[one, other]);
            for (name, with) in [(one, other), (other, one)] {
                let expected = Change::Swapped { with: with.to_owned() };
                assert_eq!(told[name].changes.first(), Some(&expected), "{name}");
            }
        }
    }
}

#[test]
fn made_changes_of_categories_are_named() {
    let profiles = Table::read(TRAINING).profiles();
    let april = Table::read(APRIL);
    let new = category(&april, "carrier", |row, name| {
        if random(row) < 0.2 { "ZZ" } else { name }.to_owned()
    });
    let said = changes(&profiles, &new, "carrier");
    let [Change::NewCategories { names, share }] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        names.len() == 1 && names[0].0 == "ZZ" && (names[0].1 - share).abs() < 1e-9,
        "{said:?}"
    );
    let renamed = category(&april, "carrier", |_, name| {
        if name == "UA" { "United" } else { name }.to_owned()
    });
    let said = changes(&profiles, &renamed, "carrier");
    assert!(
        matches!(said.as_slice(), [Change::Renamed { from, to, .. }] if from == "UA" && to == "United"),
        "{said:?}"
    );
    let lower = category(&april, "origin", |_, name| name.to_lowercase());
    let said = changes(&profiles, &lower, "origin");
    let pairs: Vec<_> = said
        .iter()
        .filter_map(|change| match change {
            Change::Renamed { from, to, .. } => Some((from.as_str(), to.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!((pairs.len(), said.len()), (3, 3), "{said:?}");
    assert!(pairs.iter().all(|(from, to)| from.to_lowercase() == *to), "{said:?}");
    let one = category(&april, "carrier", |_, _| "UA".to_owned());
    let expected = Change::OneValue { value: "\"UA\"".into() };
    assert_eq!(changes(&profiles, &one, "carrier"), [expected]);
}

#[test]
fn a_real_week_is_none_of_the_changes() {
    let profiles = Table::read(TRAINING).profiles();
    for week in [APRIL, JULY] {
        let told = told(&profiles, &Table::read(week), &all(&profiles));
        assert!(told.len() > 2, "{week} has weather");
        for (name, explanation) in told {
            assert!(
                explanation.changes.is_empty(),
                "{name} of {week}: {:?}",
                explanation.changes
            );
            assert_eq!(explanation.part, ScorePart::Values, "{name} of {week}");
            let numbers = explanation.window.numbers.expect("weather is numbers");
            let ordered = [
                numbers.least,
                numbers.p05,
                numbers.p25,
                numbers.p50,
                numbers.p75,
                numbers.p95,
                numbers.largest,
            ];
            assert!(ordered.is_sorted(), "{name} of {week}: {numbers:?}");
        }
    }
}

#[test]
fn windows_of_hours_and_days_are_seldom_called_what_they_are_not() {
    let training = Table::read(TRAINING);
    let profiles = training.profiles();
    let (mut drifting, mut named) = (0, Vec::new());
    for day in (0..90).step_by(2) {
        let start = training.times[0] + chrono::TimeDelta::days(day);
        let window = training.rows(|row| (start..start + chrono::TimeDelta::days(1)).contains(&training.times[row]));
        if window.len() < 100 {
            continue;
        }
        for (name, explanation) in told(&profiles, &window, &all(&profiles)) {
            drifting += 1;
            let is_missing = |kind| matches!(kind, ChangeKind::MissingMore | ChangeKind::MissingLess);
            let changes = explanation.changes.into_iter();
            named.extend(
                changes
                    .filter(|change| !is_missing(change.kind()))
                    .map(|change| (day, name, change)),
            );
        }
    }
    // Days without learned thresholds, hundreds of which drift.
    assert!(
        drifting > 150 && named.len() * 100 <= drifting,
        "{} of {drifting}: {named:?}",
        named.len()
    );
}

#[test]
fn changes_have_names_for_labels_and_words_for_people() {
    let names: Vec<&str> = ChangeKind::ALL.into_iter().map(ChangeKind::name).collect();
    let is_label = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(names.iter().all(is_label) && names.len() == 16, "{names:?}");
    let scaled = Change::Scaled { factor: 0.01 };
    assert_eq!(
        scaled.to_string(),
        "is divided by 100: multiplied by that it equals training"
    );
    assert_eq!(
        serde_json::to_value(&scaled).expect("JSON"),
        serde_json::json!({"change": "scaled", "factor": 0.01})
    );
}

/// A number that looks random, the same for the same row: splitmix64, to [0, 1).
pub(crate) fn random(row: usize) -> f64 {
    let mut bits = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
