//! Every change that can be made, made to every column of several weeks: named right, or not named where the evidence does
//! not say which it is, and never named wrong.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use flights::data::FEATURES;
use modelwatch_drift::baseline::{Counts, Hygiene, NumericProfile, Profile};
use modelwatch_drift::change::{Change, ChangeKind, Observed, Side, explain};
use modelwatch_drift::decision::{Measurement, Statistic};

use crate::data::TRAINING;
use crate::table::{CATEGORIES, Table};
use crate::told::{all, category, number, random, told};
use crate::{APRIL, JULY};

/// What came of a change that was made.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    /// It is named, with its numbers.
    Right,
    /// The column does not drift, so nothing has to be said.
    NoDrift,
    /// Nothing is said.
    Unknown,
    /// Something else is said.
    Wrong(Vec<Change>),
}

/// A change of numbers, and whether what is said of it is right.
struct Made {
    name: &'static str,
    make: fn(&Sizes, usize, f64) -> Option<f64>,
    is_right: fn(&Sizes, &Change) -> bool,
}

/// The window's numbers that a change goes by.
struct Sizes {
    /// The window's quantile at 0.3 and 0.7, both values of it.
    bounds: [f64; 2],
}

impl Sizes {
    fn of(window: &Table, name: &str) -> Self {
        let mut values: Vec<f64> = window.numbers[name].iter().flatten().copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |level: f64| values[(level * values.len() as f64) as usize];
        Self {
            bounds: [at(0.3), at(0.7)],
        }
    }
}

fn is_factor(change: &Change, made: f64) -> bool {
    matches!(change, Change::Scaled { factor } if (factor / made - 1.0).abs() < 1e-6)
}

fn is_summand(change: &Change, made: f64) -> bool {
    matches!(change, Change::Shifted { by } if (by - made).abs() <= 0.5 * made.abs())
}

fn is_heap(change: &Change, made: f64) -> bool {
    matches!(change, Change::HeapAdded { at, .. } if *at == made)
}

const MADE: [Made; 18] = [
    Made {
        name: "×100",
        make: |_, _, value| Some(value * 100.0),
        is_right: |_, change| is_factor(change, 100.0),
    },
    Made {
        name: "÷1000",
        make: |_, _, value| Some(value / 1_000.0),
        is_right: |_, change| is_factor(change, 0.001),
    },
    Made {
        name: "×3",
        make: |_, _, value| Some(value * 3.0),
        is_right: |_, change| is_factor(change, 3.0),
    },
    Made {
        name: "÷60",
        make: |_, _, value| Some(value / 60.0),
        is_right: |_, change| is_factor(change, 1.0 / 60.0),
    },
    Made {
        name: "miles to kilometres",
        make: |_, _, value| Some(value * 1.609_344),
        is_right: |_, change| is_factor(change, 1.609_344),
    },
    Made {
        name: "+1000",
        make: |_, _, value| Some(value + 1_000.0),
        is_right: |_, change| is_summand(change, 1_000.0),
    },
    Made {
        name: "+100",
        make: |_, _, value| Some(value + 100.0),
        is_right: |_, change| is_summand(change, 100.0),
    },
    Made {
        name: "-5000",
        make: |_, _, value| Some(value - 5_000.0),
        is_right: |_, change| is_summand(change, -5_000.0),
    },
    Made {
        name: "×-1",
        make: |_, _, value| Some(-value),
        is_right: |_, change| *change == Change::SignFlipped,
    },
    Made {
        name: "Fahrenheit to Celsius",
        make: |_, _, value| Some((value - 32.0) / 1.8),
        is_right: |_, change| {
            matches!(change, Change::ScaledAndShifted { factor, by }
                if (factor * 1.8 - 1.0).abs() < 1e-6 && (by + 17.78).abs() < 1.0)
        },
    },
    Made {
        name: "constant",
        make: |_, _, _| Some(7.0),
        is_right: |_, change| *change == Change::OneValue { value: "7".to_owned() },
    },
    Made {
        name: "at most",
        make: |sizes, _, value| Some(value.min(sizes.bounds[1])),
        is_right: |sizes, change| matches!(change, Change::Clamped { side: Side::Upper, at, .. } if *at == sizes.bounds[1]),
    },
    Made {
        name: "at least",
        make: |sizes, _, value| Some(value.max(sizes.bounds[0])),
        is_right: |sizes, change| matches!(change, Change::Clamped { side: Side::Lower, at, .. } if *at == sizes.bounds[0]),
    },
    Made {
        name: "30 % -1",
        make: |_, row, value| Some(if random(row * 7) < 0.3 { -1.0 } else { value }),
        is_right: |_, change| is_heap(change, -1.0),
    },
    Made {
        name: "30 % 9999",
        make: |_, row, value| Some(if random(row * 7) < 0.3 { 9_999.0 } else { value }),
        is_right: |_, change| is_heap(change, 9_999.0),
    },
    Made {
        name: "30 % 0",
        make: |_, row, value| Some(if random(row * 7) < 0.3 { 0.0 } else { value }),
        is_right: |_, change| is_heap(change, 0.0),
    },
    Made {
        name: "30 % missing",
        make: |_, row, value| (random(row * 7) >= 0.3).then_some(value),
        is_right: |_, change| change.kind() == ChangeKind::MissingMore,
    },
    Made {
        name: "whole numbers",
        make: |_, _, value| Some(value.trunc()),
        is_right: |_, change| *change == Change::Rounded { to: 1.0 },
    },
];

fn outcome(
    profiles: &BTreeMap<&'static str, Profile>,
    window: &Table,
    name: &'static str,
    is_right: impl Fn(&Change) -> bool,
) -> Outcome {
    let Some(explanation) = told(profiles, window, &[name]).remove(name) else {
        return Outcome::NoDrift;
    };
    match explanation.changes {
        changes if changes.is_empty() => Outcome::Unknown,
        changes if changes.iter().all(is_right) => Outcome::Right,
        changes => Outcome::Wrong(changes),
    }
}

/// A training and a window of it or after it.
struct Case {
    name: String,
    profiles: BTreeMap<&'static str, Profile>,
    window: Table,
}

fn within(table: &Table, start: DateTime<Utc>, days: i64) -> Table {
    let end = start + TimeDelta::days(days);
    table.rows(|row| (start..end).contains(&table.times[row]))
}

/// Weeks of spring and of summer, rows of the quarter itself, and weeks after a training of two months.
fn cases() -> Vec<Case> {
    let quarter = Table::read(TRAINING);
    let start = quarter.times[0];
    let two_months = within(&quarter, start, 59);
    let case = |name: &str, training: &Table, window: Table| Case {
        name: name.to_owned(),
        profiles: training.profiles(),
        window,
    };
    let mut cases = vec![
        case("April", &quarter, Table::read(APRIL)),
        case("July", &quarter, Table::read(JULY)),
        case("6,400 rows", &quarter, quarter.rows(|row| random(row) < 0.08)),
        case("1,000 rows", &quarter, quarter.rows(|row| random(row) < 0.013)),
    ];
    for week in 0..4 {
        let window = within(&quarter, start + TimeDelta::days(60 + 7 * week), 7);
        cases.push(case(&format!("March {week}"), &two_months, window));
    }
    cases
}

/// The columns of numbers.
fn numbers(profiles: &BTreeMap<&'static str, Profile>) -> Vec<&'static str> {
    let numbers = profiles
        .iter()
        .filter(|(_, profile)| matches!(profile, Profile::Numeric(_)));
    numbers.map(|(name, _)| *name).collect()
}

/// Without a grid a factor can only be told as well as the week is like training, and what rounds to zero is zero.
fn is_about(made: &str, change: &Change) -> bool {
    let about = |factor: f64, made: f64| (0.4..2.5).contains(&(factor / made));
    match (made, change) {
        ("×100", Change::Scaled { factor }) => about(*factor, 100.0),
        ("÷1000", Change::Scaled { factor }) => about(*factor, 0.001),
        ("×3", Change::Scaled { factor }) => about(*factor, 3.0),
        ("÷60", Change::Scaled { factor }) => about(*factor, 1.0 / 60.0),
        ("miles to kilometres", Change::Scaled { factor }) => about(*factor, 1.609_344),
        // Hours and miles in degrees are no change that anybody makes, and a factor alone may say as much.
        ("Fahrenheit to Celsius", _) => true,
        ("whole numbers", Change::OneValue { value }) => value == "0" || value == "-0",
        _ => false,
    }
}

/// The same rows with all their digits, as a thermometer without a display has them: a column's values lie on no grid.
/// `like` is the training whose values are spread by up to half their least gap.
fn without_grid(table: &Table, like: &Table) -> Table {
    let mut table = table.clone();
    for (place, name) in FEATURES.into_iter().enumerate() {
        let mut known: Vec<f64> = like.numbers[name].iter().flatten().copied().collect();
        known.sort_unstable_by(f64::total_cmp);
        known.dedup();
        let gap = known.windows(2).map(|pair| pair[1] - pair[0]).fold(1.0, f64::min);
        let values = table.numbers.get_mut(name).expect("a number");
        for (row, value) in values.iter_mut().enumerate() {
            *value = value.map(|value| value + gap * (random(row * 31 + place) - 0.5));
        }
    }
    table
}

#[test]
fn names_no_change_wrong_when_values_lie_on_no_grid() {
    let quarter = Table::read(TRAINING);
    let training = without_grid(&quarter, &quarter);
    let profiles = training.profiles();
    let mut wrong = Vec::new();
    let mut right = 0;
    for (case, window) in [
        ("April", without_grid(&Table::read(APRIL), &quarter)),
        ("July", without_grid(&Table::read(JULY), &quarter)),
        ("6,400 rows", training.rows(|row| random(row) < 0.08)),
    ] {
        for made in MADE {
            for name in numbers(&profiles) {
                let sizes = Sizes::of(&window, name);
                let changed = number(&window, name, |row, value| (made.make)(&sizes, row, value));
                let outcome = outcome(&profiles, &changed, name, |change| {
                    (made.is_right)(&sizes, change) || is_about(made.name, change)
                });
                right += usize::from(outcome == Outcome::Right);
                if let Outcome::Wrong(changes) = outcome {
                    wrong.push(format!("{case} {name} {}: {changes:?}", made.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right >= 400, "of 540 only {right} are named");
}

/// The week of April: what is not named, though it drifts, and why nobody could name it.
const UNDECIDED: [(&str, &str); 4] = [
    // The bound is zero, and a week without rain is none.
    ("at most", "precip"),
    // Nearly every value lies on the bound, and did in training.
    ("at least", "visib"),
    // Whole miles are nearly the knots that the speeds were measured in.
    ("whole numbers", "wind_speed"),
    // All of it is zero, and a week without rain is none.
    ("whole numbers", "precip"),
];

#[test]
fn names_every_change_right_where_it_can_be_decided_and_none_wrong() {
    let (mut wrong, mut missed) = (Vec::new(), Vec::new());
    for case in cases() {
        for made in MADE {
            for name in numbers(&case.profiles) {
                let sizes = Sizes::of(&case.window, name);
                let changed = number(&case.window, name, |row, value| (made.make)(&sizes, row, value));
                let outcome = outcome(&case.profiles, &changed, name, |change| (made.is_right)(&sizes, change));
                match outcome {
                    Outcome::Wrong(changes) => {
                        wrong.push(format!("{} {name} {}: {changes:?}", case.name, made.name));
                    }
                    Outcome::Unknown if case.name == "April" && !UNDECIDED.contains(&(made.name, name)) => {
                        missed.push(format!("{name} {}", made.name));
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "named wrong: {wrong:#?}");
    assert!(missed.is_empty(), "of the week of April not named: {missed:#?}");
}

/// A change of categories, and whether what is said of it is right.
struct MadeOfNames {
    name: &'static str,
    make: fn(&str, usize, &str) -> String,
    is_right: fn(&str, &Change) -> bool,
}

/// The first name is the column's most frequent category.
const MADE_OF_NAMES: [MadeOfNames; 6] = [
    MadeOfNames {
        name: "a new one",
        make: |_, row, value| if random(row) < 0.2 { "ZZ" } else { value }.to_owned(),
        is_right: |_, change| matches!(change, Change::NewCategories { names, .. } if names.len() == 1 && names[0].0 == "ZZ"),
    },
    MadeOfNames {
        name: "one renamed",
        make: |first, _, value| if value == first { "renamed" } else { value }.to_owned(),
        is_right: |first, change| matches!(change, Change::Renamed { from, to, .. } if from == first && to == "renamed"),
    },
    MadeOfNames {
        name: "lower case",
        make: |_, _, value| value.to_lowercase(),
        is_right: |_, change| match change {
            Change::Renamed { from, to, .. } => from.to_lowercase() == *to,
            // The rare ones have no name of their own in training, or hardly a row.
            Change::NewCategories { names, .. } => names.iter().all(|(name, _)| name.to_lowercase() == *name),
            _ => false,
        },
    },
    MadeOfNames {
        name: "one gone",
        make: |first, _, value| {
            let other = if first == "EWR" { "JFK" } else { "B6" };
            if value == first { other } else { value }.to_owned()
        },
        is_right: |first, change| matches!(change, Change::CategoriesGone { names, .. } if names.len() == 1 && names[0].0 == first),
    },
    MadeOfNames {
        name: "one alone",
        make: |first, _, _| first.to_owned(),
        is_right: |first, change| {
            *change
                == Change::OneValue {
                    value: format!("{first:?}"),
                }
        },
    },
    MadeOfNames {
        name: "spaces",
        make: |_, _, value| format!("{value} "),
        is_right: |_, change| {
            matches!(change, Change::Renamed { from, to, .. } if from == to.trim())
                || matches!(change, Change::NewCategories { .. })
        },
    },
];

#[test]
fn names_every_change_of_categories_right() {
    for case in cases() {
        for name in CATEGORIES {
            let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
            for value in case.window.categories[name].iter().flatten() {
                *rows.entry(value).or_insert(0) += 1;
            }
            let first = rows
                .iter()
                .max_by_key(|(_, rows)| **rows)
                .expect("a category")
                .0
                .to_string();
            for made in MADE_OF_NAMES {
                let changed = category(&case.window, name, |row, value| (made.make)(&first, row, value));
                let outcome = outcome(&case.profiles, &changed, name, |change| (made.is_right)(&first, change));
                assert_eq!(outcome, Outcome::Right, "{} of {name}, {}", case.name, made.name);
            }
        }
    }
}

/// Two columns that change places are swapped or nothing, and nothing else; and of the pairs that can be told apart by
/// their values all are named.
#[test]
fn names_swaps_right_whatever_the_pair() {
    for case in cases() {
        let names = numbers(&case.profiles);
        let mut named = 0;
        let pairs: Vec<_> = (0..names.len())
            .flat_map(|one| (one + 1..names.len()).map(move |other| (one, other)))
            .map(|(one, other)| (names[one], names[other]))
            .collect();
        for (one, other) in &pairs {
            let mut swapped = case.window.clone();
            let first = case.window.numbers[one].clone();
            let second = case.window.numbers[other].clone();
            swapped.numbers.extend([(*one, second), (*other, first)]);
            let told = told(&case.profiles, &swapped, &[one, other]);
            for (name, with) in [(one, other), (other, one)] {
                let changes = told.get(name).map_or(&[][..], |explanation| &explanation.changes);
                let right = Change::Swapped {
                    with: (*with).to_owned(),
                };
                let wrong: Vec<_> = changes
                    .iter()
                    .filter(|change| **change != right && !is_of_missing(change))
                    .collect();
                assert!(wrong.is_empty(), "{}: {name} with {with}: {changes:?}", case.name);
                named += usize::from(changes.contains(&right));
            }
        }
        assert!(named >= SWAPS_NAMED, "{}: {named} named", case.name);
    }
}

/// Pressures are missing more often than the rest, so a swap moves that too.
fn is_of_missing(change: &Change) -> bool {
    matches!(change.kind(), ChangeKind::MissingMore | ChangeKind::MissingLess)
}

/// Of the 90 columns of the 45 pairs.
const SWAPS_NAMED: usize = 82;

#[test]
fn names_nothing_when_weeks_are_as_they_came() {
    for case in cases() {
        let said: Vec<_> = told(&case.profiles, &case.window, &all(&case.profiles))
            .into_iter()
            .filter(|(_, explanation)| !explanation.changes.is_empty())
            .map(|(name, explanation)| (name, explanation.changes))
            .collect();
        assert!(said.is_empty(), "{}: {said:?}", case.name);
    }
}

/// Amounts in cents, as a company's incomes are spread.
fn amounts(rows: usize, seed: usize) -> impl Iterator<Item = f64> {
    let normal = move |row: usize| (0..12).map(|part| random(seed + row * 12 + part)).sum::<f64>() - 6.0;
    (0..rows).map(move |row| (100.0 * (10.8 + 0.5 * normal(row)).exp()).round() / 100.0)
}

/// Amounts that were written in thousands and then rounded have a grid that says nothing of the factor: the factor is named, or
/// nothing, and never another one.
#[test]
fn names_the_factor_when_values_were_rounded_after_it() {
    let profile = NumericProfile::from_values("amount", amounts(5_000, 0).collect(), 0, &Hygiene::default());
    let profile = profile.expect("enough rows");
    let (mut unnamed, mut wrong) = (Vec::new(), Vec::new());
    for factor in [1e-6, 1e-3, 1e-2, 0.1, 10.0, 1e3] {
        for decimals in 0..7 {
            let digits = 10_f64.powi(decimals);
            for missing in [0.0, 0.2] {
                let mut window = profile.bins().count();
                for (row, amount) in amounts(5_000, 100_000).enumerate() {
                    let value = (random(row * 13) >= missing).then_some((amount * factor * digits).round() / digits);
                    window.add(profile.bins(), value);
                }
                let measurement = Measurement::of_numeric(&profile, &window, Statistic::Psi).expect("rows");
                let (whole, counts) = (Profile::Numeric(profile.clone()), Counts::Numeric(window));
                let explained = explain(&[Observed {
                    name: "amount",
                    profile: &whole,
                    counts: &counts,
                    measurement: &measurement,
                    drifts: true,
                }]);
                let changes = &explained[0].as_ref().expect("it drifts").changes;
                let case = format!("times {factor}, {decimals} decimals, {missing} missing: {changes:?}");
                let of_values = changes.iter().find(|change| change.kind() != ChangeKind::MissingMore);
                match of_values {
                    // All of them round to zero.
                    Some(Change::OneValue { .. }) => {}
                    Some(change) if is_factor(change, factor) => {}
                    Some(_) => wrong.push(case),
                    None => unnamed.push((factor, decimals)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "named wrong: {wrong:#?}");
    // Of what is left after rounding, too little is known.
    let known = |(factor, decimals): &(f64, i32)| 10.8_f64.exp() * factor * 10_f64.powi(*decimals) >= 100.0;
    let undecided: Vec<_> = unnamed.iter().filter(|case| known(case)).collect();
    assert!(undecided.is_empty(), "{undecided:?}");
}
