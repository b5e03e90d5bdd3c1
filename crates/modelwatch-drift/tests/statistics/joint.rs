//! What no single feature shows: how numbers go together.

use std::sync::OnceLock;

use chrono::TimeDelta;
use flights::data::FEATURES;
use modelwatch_drift::joint::{JointMeasurement, JointProfile, JointReference};
use modelwatch_drift::sketch::RowSample;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use serde_json::{Value, json};

use crate::data::{TRAINING, flights as folder};
use crate::judges::ask;
use crate::table::Table;
use crate::{APRIL, JULY};

fn learned(table: &Table) -> JointProfile {
    let mut reference = JointReference::new(table.len() as u64, FEATURES.len());
    for (name, values) in &table.numbers {
        let values: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        reference.add(reference.column(name, &values));
    }
    reference
        .learn(2, |row| table.times.get(row).copied())
        .expect("a profile")
}

fn training() -> &'static (Table, JointProfile) {
    static LEARNED: OnceLock<(Table, JointProfile)> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let table = Table::read(TRAINING);
        let profile = learned(&table);
        (table, profile)
    })
}

fn sample(table: &Table, profile: &JointProfile, rows: &[usize]) -> RowSample {
    let mut sample = RowSample::new(profile.features().len());
    sample.offer(rows.len(), |places| {
        let column = |name: &str| -> Vec<f64> {
            let values = &table.numbers[name];
            places
                .iter()
                .map(|place| values[rows[*place]].unwrap_or(f64::NAN))
                .collect()
        };
        profile.features().iter().map(|feature| column(&feature.name)).collect()
    });
    sample
}

fn measured(table: &Table, profile: &JointProfile, rows: &[usize], length: TimeDelta) -> JointMeasurement {
    let sample = sample(table, profile, rows);
    profile.measure(&sample, Some(length)).expect("a window of enough rows")
}

/// Column `name` with its values in the opposite order: its distribution as it was, its correlations the other way.
fn flipped(table: &Table, name: &'static str) -> Table {
    let mut flipped = table.clone();
    let values = flipped.numbers.get_mut(name).expect("the column");
    let mut places: Vec<usize> = (0..values.len()).filter(|place| values[*place].is_some()).collect();
    places.sort_by(|one, other| values[*one].partial_cmp(&values[*other]).expect("numbers"));
    let sorted: Vec<Option<f64>> = places.iter().map(|place| values[*place]).collect();
    for (place, value) in places.iter().rev().zip(sorted) {
        values[*place] = value;
    }
    flipped
}

/// Hours, which days and weeks are made of.
const LENGTHS: [i64; 5] = [2, 6, 12, 24, 168];

#[test]
fn one_in_a_hundred_of_the_reference_s_own_windows_drifts_together_at_most() {
    let (table, profile) = training();
    for length in LENGTHS.map(TimeDelta::hours) {
        let windows = table.spans(length);
        let drifting = windows
            .iter()
            .filter(|rows| measured(table, profile, rows, length).drifts());
        let drifting = drifting.count();
        assert!(
            windows.len() > 10 && drifting * 100 <= windows.len(),
            "{length}: {drifting} of {}",
            windows.len()
        );
    }
}

/// Every column is distributed as it was, to the last value, and one of them goes together with the others the other way.
#[test]
fn names_pair_when_correlation_flips_and_no_distribution_changes() {
    let (_, profile) = training();
    let week = TimeDelta::days(7);
    let april = Table::read(APRIL);
    let all: Vec<usize> = (0..april.len()).collect();
    let as_it_came = measured(&april, profile, &all, week);
    assert!(!as_it_came.drifts() && as_it_came.pairs.is_empty(), "{as_it_came:?}");
    for (name, other) in [
        ("hour", "dep_delay"),
        ("dewp", "humid"),
        ("humid", "dewp"),
        ("humid", "visib"),
        ("visib", "humid"),
    ] {
        let flipped = flipped(&april, name);
        let sorted = |table: &Table| {
            let mut values = table.numbers[name].clone();
            values.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
            values
        };
        assert_eq!(sorted(&flipped), sorted(&april));
        let measured = measured(&flipped, profile, &all, week);
        assert!(measured.drifts(), "{name}: {measured:?}");
        let is_pair = |pair: &&modelwatch_drift::joint::MovedPair| {
            [pair.feature.as_str(), pair.other.as_str()] == [name, other]
                || [pair.feature.as_str(), pair.other.as_str()] == [other, name]
        };
        let pair = measured.pairs.iter().find(is_pair);
        let pair = pair.unwrap_or_else(|| panic!("{name} and {other} are not named: {measured:?}"));
        assert!(pair.before * pair.now < 0.0, "{pair}");
        assert!(
            measured
                .pairs
                .iter()
                .all(|pair| pair.feature == name || pair.other == name),
            "{name}: {measured:?}"
        );
    }
}

/// NannyML 0.13.1's `DataReconstructionDriftCalculator(column_names=…, chunk_size=len(week)).fit(quarter).calculate(week)`
/// on the same files, by scripts/beside-nannyml.
#[test]
fn reconstruction_error_is_that_of_nannyml() {
    let (_, profile) = training();
    for (file, theirs) in [(APRIL, 2.225_916_333_854_136), (JULY, 3.196_696_487_669_121)] {
        let week = Table::read(file);
        let all: Vec<usize> = (0..week.len()).collect();
        let ours = measured(&week, profile, &all, TimeDelta::days(7)).error;
        assert!((ours - theirs).abs() <= 1e-9 * theirs, "{file}: {ours} and {theirs}");
    }
}

#[test]
fn judged_joint_figures_are_those_of_scikit_learn() {
    let (_, profile) = training();
    let columns: Vec<&str> = profile.features().iter().map(|feature| feature.name.as_str()).collect();
    let case = |week: &str| {
        json!({"reference": folder().join(TRAINING), "window": folder().join(week), "columns": columns}).to_string()
    };
    let answers = ask("joint_judge.py", &format!("{}\n{}\n", case(APRIL), case(JULY)));
    for (week, answer) in [APRIL, JULY].into_iter().zip(answers.lines()) {
        let theirs: Value = serde_json::from_str(answer).expect("an answer");
        let table = Table::read(week);
        let all: Vec<usize> = (0..table.len()).collect();
        let ours = measured(&table, profile, &all, TimeDelta::days(7));
        assert_eq!(theirs["components"], json!(profile.components().len()));
        let close = |what: &str, ours: f64, theirs: &Value| {
            let theirs = theirs.as_f64().expect("a number");
            assert!(
                (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
                "{what} of {week}: {ours} and {theirs}"
            );
        };
        close("reference error", ours.reference_error, &theirs["reference_error"]);
        close("error", ours.error, &theirs["error"]);
        for ((one, other, correlation), theirs) in profile
            .correlations()
            .zip(theirs["before"].as_array().expect("correlations"))
        {
            close(&format!("{one} and {other}"), correlation.expect("one"), theirs);
        }
        for pair in &ours.pairs {
            let place = profile
                .correlations()
                .position(|(one, other, _)| one == pair.feature && other == pair.other);
            close(&pair.to_string(), pair.now, &theirs["now"][place.expect("a pair")]);
        }
    }
}

/// Rows of three normal columns, the first two of which have a correlation, and some of whose values are missing.
fn drawn(rows: usize, correlation: f64, missing: f64, random: &mut SmallRng) -> [Vec<f64>; 3] {
    let mut normal = || {
        let (radius, angle): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - radius).ln()).sqrt() * (angle * std::f64::consts::TAU).cos()
    };
    let mut columns = [const { Vec::new() }; 3];
    for _ in 0..rows {
        let (one, rest, third) = (normal(), normal(), normal());
        let other = correlation * one + (1.0 - correlation * correlation).sqrt() * rest;
        for (column, value) in columns.iter_mut().zip([one, other, third]) {
            column.push(value);
        }
    }
    for value in columns.iter_mut().flatten() {
        if random.random::<f64>() < missing {
            *value = f64::NAN;
        }
    }
    columns
}

fn reference(columns: &[Vec<f64>]) -> Option<JointProfile> {
    let rows = columns.first().map_or(0, Vec::len);
    let mut reference = JointReference::new(rows as u64, columns.len());
    for (place, values) in columns.iter().enumerate() {
        reference.add(reference.column(&format!("x{place}"), values));
    }
    reference.learn(2, |_| None)
}

fn rows_of(columns: &[Vec<f64>]) -> RowSample {
    let mut sample = RowSample::new(columns.len());
    let rows = columns.first().map_or(0, Vec::len);
    sample.offer(rows, |places| {
        let column = |values: &Vec<f64>| places.iter().map(|place| values[*place]).collect();
        columns.iter().map(column).collect()
    });
    sample
}

#[test]
fn finds_flip_and_nothing_else_when_reference_has_no_times() {
    let mut random = SmallRng::seed_from_u64(5);
    let profile = reference(&drawn(20_000, 0.7, 0.0, &mut random)).expect("a profile");
    for rows in [150, 1_000, 5_000] {
        let mut healthy = 0;
        for _ in 0..200 {
            // Missing at random changes no relation.
            let missing = random.random_range(0.0..0.2);
            let window = rows_of(&drawn(rows, 0.7, if rows > 150 { missing } else { 0.0 }, &mut random));
            let measured = profile.measure(&window, None).expect("enough rows");
            healthy += usize::from(!measured.pairs.is_empty());
            let window = rows_of(&drawn(rows, -0.7, 0.0, &mut random));
            let measured = profile.measure(&window, None).expect("enough rows");
            let pair = &measured.pairs[0];
            assert!(measured.drifts() && measured.moved == 1, "{measured:?}");
            assert_eq!((pair.feature.as_str(), pair.other.as_str()), ("x0", "x1"));
        }
        assert!(healthy <= 2, "{healthy} of 200 windows of {rows} rows");
    }
}

/// A unit and a scale of a column say nothing of how it goes together with others.
#[test]
fn says_the_same_when_columns_are_huge_or_tiny() {
    let mut random = SmallRng::seed_from_u64(9);
    let (training, window) = (
        drawn(4_000, 0.6, 0.01, &mut random),
        drawn(1_000, -0.2, 0.01, &mut random),
    );
    let measure = |by: [f64; 3], plus: [f64; 3]| {
        let scaled = |columns: &[Vec<f64>; 3]| {
            let columns = columns.iter().zip(by.iter().zip(plus));
            let scaled = columns.map(|(column, (by, plus))| column.iter().map(|value| value * by + plus).collect());
            scaled.collect::<Vec<Vec<f64>>>()
        };
        let profile = reference(&scaled(&training)).expect("a profile");
        profile
            .measure(&rows_of(&scaled(&window)), None)
            .expect("a measurement")
    };
    let plain = measure([1.0; 3], [0.0; 3]);
    assert!(plain.drifts(), "{plain:?}");
    for (by, plus) in [
        ([1e150, 1e-150, 1.0], [0.0; 3]),
        ([1e300, 1.0, 1e-300], [0.0, 0.0, 0.0]),
        ([2.0, -3.0, 0.5], [1e6, -1e6, 3.0]),
    ] {
        let other = measure(by, plus);
        assert!(
            (other.score - plain.score).abs() < 0.02 * plain.score,
            "{other:?} {plain:?}"
        );
        assert!(
            (other.error - plain.error).abs() < 1e-6 * plain.error,
            "{other:?} {plain:?}"
        );
    }
}

#[test]
fn knows_nothing_together_when_fewer_than_two_columns_vary_or_rows_are_few() {
    let mut random = SmallRng::seed_from_u64(11);
    let [one, other, _] = drawn(2_000, 0.5, 0.0, &mut random);
    let constant = vec![3.25; 2_000];
    let empty = vec![f64::NAN; 2_000];
    let infinite = vec![f64::INFINITY; 2_000];
    for columns in [
        vec![],
        vec![one.clone()],
        vec![one.clone(), constant.clone(), empty, infinite],
        vec![constant.clone(), vec![1e300; 2_000]],
        vec![one[..300].to_vec(), other[..300].to_vec()],
    ] {
        assert_eq!(reference(&columns), None);
    }
    let profile = reference(&[one.clone(), constant, other.clone()]).expect("two vary");
    let names: Vec<&str> = profile.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["x0", "x2"]);
    let few = rows_of(&[one[..99].to_vec(), other[..99].to_vec()]);
    let problem = profile.measure(&few, None).expect_err("too few");
    assert_eq!(
        problem.to_string(),
        "the window has 99 rows and 100 are needed to say how features go together"
    );
    assert!(profile.measure(&rows_of(&[one]), None).is_err());
}

/// Components of many columns and few rows are those of chance, which no other row has.
#[test]
fn says_nothing_when_many_columns_of_few_rows_are_noise() {
    let mut random = SmallRng::seed_from_u64(17);
    let mut noise = |rows: usize| -> Vec<Vec<f64>> {
        let columns = (0..40).flat_map(|_| drawn(rows, 0.0, 0.0, &mut random));
        columns.collect()
    };
    let profile = reference(&noise(1_000)).expect("a profile");
    for rows in [300, 1_000, 5_000] {
        let measured = profile.measure(&rows_of(&noise(rows)), None).expect("a measurement");
        assert!(!measured.drifts(), "{measured:?}");
    }
}

#[test]
fn takes_columns_that_go_together_when_there_are_more_than_it_can() {
    let mut random = SmallRng::seed_from_u64(13);
    let mut columns = Vec::new();
    for _ in 0..70 {
        let [alone, _, also] = drawn(1_000, 0.0, 0.0, &mut random);
        columns.extend([alone, also]);
    }
    let [one, other, _] = drawn(1_000, 0.9, 0.0, &mut random);
    columns.extend([one, other]);
    let profile = reference(&columns).expect("a profile");
    let names: Vec<&str> = profile.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names.len(), modelwatch_drift::joint::MOST_FEATURES);
    assert!(names.contains(&"x140") && names.contains(&"x141"), "{names:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the values, a figure is a number, and the profile is one that a file may hold.
    #[test]
    fn measures_whatever_values_are(
        seed in any::<u64>(),
        strange in prop::collection::vec((0_usize..1_500, any::<f64>()), 0..60),
    ) {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut columns = drawn(1_500, 0.4, 0.05, &mut random);
        let profile = reference(&columns).expect("a profile");
        for (row, value) in strange {
            columns[row % 3][row] = value;
        }
        let measured = profile.measure(&rows_of(&columns), None).expect("a measurement");
        prop_assert!(measured.score.is_finite() && measured.error.is_finite(), "{:?}", measured);
        for pair in &measured.pairs {
            prop_assert!((-1.0..=1.0).contains(&pair.now), "{}", pair);
        }
        if let Some(strange) = reference(&columns) {
            let text = serde_json::to_string(&strange).expect("JSON");
            let read: JointProfile = serde_json::from_str(&text).expect("the same");
            prop_assert_eq!(read, strange);
        }
    }

    /// Samples of parts are a sample of the whole: all rows while they fit, and else as many of each part as it has.
    #[test]
    fn merged_rows_are_those_of_all_parts(parts in prop::collection::vec(0_usize..9_000, 1..5)) {
        let columns = 128;
        let mut merged = RowSample::new(columns);
        for (part, rows) in parts.iter().enumerate() {
            let mut sample = RowSample::new(columns);
            sample.offer(*rows, |places| vec![vec![part as f64; places.len()]; columns]);
            merged.merge(&sample);
        }
        let all: usize = parts.iter().sum();
        prop_assert_eq!(merged.offered(), all as u64);
        prop_assert_eq!(merged.len(), all.min(merged.capacity()));
        for (part, rows) in parts.iter().enumerate() {
            let kept = merged.rows().filter(|row| row.iter().all(|value| *value == part as f64)).count();
            let expected = *rows as f64 * merged.len() as f64 / all.max(1) as f64;
            prop_assert!((kept as f64 - expected).abs() <= 6.0 * expected.sqrt() + 1.0, "{} of {}", kept, expected);
        }
    }
}
