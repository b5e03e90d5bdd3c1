//! What is called drift, and what is only chance.

use crate::drawn::{Drawn, normal};
use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericProfile, Profile};
use modelwatch_drift::decision::{Detector, Measurement, Rule, Statistic, Unmeasurable};
use modelwatch_drift::reference::Reference;
use modelwatch_drift::statistics::Incomparable;

const SEED: u64 = 7;

/// How many of so many windows of these rows, moved by so much, are called drift in one window, and how many are above the
/// threshold.
fn drifting(windows: u32, rows: usize, deviations: f64) -> (u32, u32) {
    let mut drawn = Drawn::new("x", normal(SEED), SEED);
    let rule = Rule::default();
    (0..windows).fold((0, 0), |(drifting, above), _| {
        let measured = drawn.measured(rows, deviations, Statistic::Psi);
        (
            drifting + u32::from(measured.drifts(&rule)),
            above + u32::from(measured.score > rule.threshold),
        )
    })
}

#[test]
fn windows_of_the_baseline_itself_do_not_drift_whatever_their_size() {
    // At most one in a thousand; the threshold alone would call one small window in ten.
    let (drifts, above) = drifting(2_000, 100, 0.0);
    assert!(drifts <= 2, "{drifts} of 2,000");
    assert!(
        above >= 100,
        "the threshold alone calls {above} of 2,000 only, so this test proves nothing"
    );
    for (windows, rows) in [(500, 1_000), (50, 10_000)] {
        assert_eq!(drifting(windows, rows, 0.0).0, 0, "windows of {rows} rows");
    }
}

#[test]
fn windows_of_any_size_are_significant_as_often_as_they_may_be() {
    // Ten times the default, so that 2,000 windows show it; an asymptotic test of the index is beyond this at 100 rows.
    let mut drawn = Drawn::new("x", normal(SEED), SEED);
    for (windows, rows) in [(2_000, 100), (500, 1_000)] {
        let significant = (0..windows)
            .filter(|_| drawn.measured(rows, 0.0, Statistic::Psi).p_value < 0.01)
            .count();
        assert!(
            significant * 100 <= windows * 2,
            "{significant} of {windows} windows of {rows} rows"
        );
    }
}

#[test]
fn half_a_deviation_in_a_thousand_rows_drifts() {
    let (drifts, _) = drifting(500, 1_000, 0.5);
    assert!(drifts >= 495, "{drifts} of 500");
}

#[test]
fn a_difference_too_small_to_matter_does_not_drift_however_significant() {
    let mut drawn = Drawn::new("x", normal(SEED), SEED);
    let measured = drawn.measured(50_000, 0.1, Statistic::Psi);
    assert!(
        measured.p_value < 1e-12 && !measured.drifts(&Rule::default()),
        "{measured:?}"
    );
}

fn profile(missing: u64) -> NumericProfile {
    let values = (0..100_000).map(|row| f64::from(row % 1_000)).collect();
    NumericProfile::from_values("x", values, missing, &Hygiene::default()).expect("a profile")
}

#[test]
fn missing_values_drift_though_those_that_are_there_do_not() {
    let profile = profile(1_000);
    let mut window = profile.bins().count();
    for row in 0..1_000 {
        window.add(profile.bins(), (row % 2 == 0).then_some(f64::from(row)));
    }
    for statistic in Statistic::ALL {
        let measured = Measurement::of_numeric(&profile, &window, statistic).expect("a measurement");
        let values = measured.values.expect("there are values");
        assert!(values.score < 0.05, "{statistic}: {measured:?}");
        assert!(
            measured.score == measured.missing.score && measured.drifts(&Rule::default()),
            "{statistic}: {measured:?}"
        );
    }
}

#[test]
fn a_window_without_a_single_value_drifts() {
    let profile = profile(0);
    let mut window = profile.bins().count();
    window.missing = 500;
    let measured = Measurement::of_numeric(&profile, &window, Statistic::Psi).expect("a measurement");
    assert!(
        measured.values.is_none() && measured.drifts(&Rule::default()),
        "{measured:?}"
    );
}

#[test]
fn missing_values_of_training_do_not_water_down_a_shift_of_the_rest() {
    let scores = [0, 900_000].map(|missing| {
        let profile = profile(missing);
        let mut window = profile.bins().count();
        for row in 0..1_000 {
            window.add(profile.bins(), Some(f64::from(row / 2)));
        }
        window.missing = missing / 100;
        Measurement::of_numeric(&profile, &window, Statistic::Psi)
            .expect("a measurement")
            .score
    });
    assert!(scores[0] > 1.0 && scores[0] == scores[1], "{scores:?}");
}

#[test]
fn values_beyond_training_are_evidence_in_a_small_window() {
    let profile = profile(0);
    let window = |beyond: u32, value: f64| {
        let mut window = profile.bins().count();
        for row in 0..200 {
            let inside = f64::from(row * 5);
            window.add(profile.bins(), Some(if row < beyond { value } else { inside }));
        }
        Measurement::of_numeric(&profile, &window, Statistic::Psi).expect("a measurement")
    };
    assert!(
        !window(1, 1e6).drifts(&Rule::default()),
        "one row is little: {:?}",
        window(1, 1e6)
    );
    for value in [1e6, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(
            window(10, value).drifts(&Rule::default()),
            "{value}: {:?}",
            window(10, value)
        );
    }
}

fn carriers(rows: &[(&str, u64)]) -> CategoricalProfile {
    let rows = rows.iter().map(|(carrier, rows)| ((*carrier).to_owned(), *rows));
    CategoricalProfile::new("carrier", rows, 0, &Hygiene::default()).expect("a profile")
}

#[test]
fn categories_never_seen_drift_and_rare_ones_do_not_raise_alarm() {
    let profile = carriers(&[("UA", 50_000), ("B6", 40_000), ("HA", 20), ("OO", 3)]);
    let window = |rows: &[(&str, u64)]| {
        let mut window = profile.bins().count();
        for (carrier, rows) in rows {
            window.add_rows(profile.bins(), Some(carrier), *rows);
        }
        Measurement::of_categorical(&profile, &window, Statistic::Psi).expect("a measurement")
    };
    let usual = window(&[("UA", 55), ("B6", 44), ("OO", 1)]);
    assert!(!usual.drifts(&Rule::default()), "{usual:?}");
    let unseen = window(&[("UA", 50), ("B6", 40), ("ZZ", 10)]);
    assert!(unseen.drifts(&Rule::default()), "{unseen:?}");
}

#[test]
fn many_categories_are_not_a_distance_by_themselves() {
    let names: Vec<String> = (0..5_000).map(|zipcode| zipcode.to_string()).collect();
    let rows = names.iter().map(|zipcode| (zipcode.clone(), 20));
    let profile = CategoricalProfile::new("zipcode", rows, 0, &Hygiene::default()).expect("a profile");
    let mut window = profile.bins().count();
    for zipcode in names.iter().step_by(17) {
        window.add(profile.bins(), Some(zipcode));
    }
    let measured = Measurement::of_categorical(&profile, &window, Statistic::Psi).expect("a measurement");
    assert!(measured.score < 0.15 && measured.p_value > 0.01, "{measured:?}");
}

#[test]
fn a_column_that_collapses_to_one_of_many_rare_categories_drifts() {
    for categories in [200_u32, 1_000, 20_000] {
        let names: Vec<String> = (0..categories).map(|name| format!("c{name}")).collect();
        let rows = names.iter().map(|name| (name.clone(), 50));
        let profile = CategoricalProfile::new("c", rows, 0, &Hygiene::default()).expect("a profile");
        let reference = profile.coarse(profile.counts());
        assert_eq!(reference.len(), 11, "{categories}: {reference:?}");
        let even = u64::from(categories) * 5;
        let is_even = |rows: &u64| rows.abs_diff(even) * 5 <= even;
        assert!(reference[..10].iter().all(is_even), "{categories}: {reference:?}");
        for name in [&names[0], &names[names.len() - 1]] {
            let mut window = profile.bins().count();
            window.add_rows(profile.bins(), Some(name), 1_000);
            let measured = Measurement::of_categorical(&profile, &window, Statistic::Psi).expect("a measurement");
            assert!(
                measured.score > 1.0 && measured.drifts(&Rule::default()),
                "{categories}: {measured:?}"
            );
        }
    }
}

#[test]
fn one_value_has_one_text_in_training_and_in_a_window() {
    let rows = [("True", 600), ("False", 500), ("1.0", 400), ("NA", 300), ("", 200)];
    let long = "ä".repeat(200);
    let rows = rows.map(|(category, rows)| (category.to_owned(), rows));
    let rows = rows.into_iter().chain([(long.clone(), 100)]);
    let profile = CategoricalProfile::new("c", rows, 10, &Hygiene::default()).expect("a profile");
    assert_eq!(profile.bins().names()[..3], ["true", "false", "1"]);
    assert_eq!((profile.counts().named[3], profile.counts().missing), (100, 510));
    let mut window = profile.bins().count();
    for text in ["true", "TRUE", "True", "false", "1", "1.000", &long[..256], &long] {
        window.add(profile.bins(), Some(text));
    }
    assert_eq!((window.named.clone(), window.unseen), (vec![3, 1, 2, 2], 0));
    for none in ["", "NA", "NaN", "null", "None"] {
        window.add(profile.bins(), Some(none));
    }
    assert_eq!((window.missing, window.unseen), (5, 0));
    for other in ["01", "1.5", "-1", "na", "t", "1.", ".0"] {
        let unseen = window.unseen;
        window.add(profile.bins(), Some(other));
        assert_eq!(window.unseen, unseen + u64::from(other != "1."), "{other}");
    }
}

#[test]
fn drift_is_detected_in_the_last_of_so_many_windows_in_a_row_and_ends_with_the_first_that_is_quiet() {
    let rule = Rule {
        consecutive_windows: 3,
        ..Rule::default()
    };
    let mut drawn = Drawn::new("x", normal(SEED), SEED);
    let mut detector = Detector::default();
    let observed = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
        .map(|deviations| detector.observe(&drawn.measured(1_000, deviations, Statistic::Psi), &rule));
    assert_eq!(observed, [false, false, false, false, false, true, true, false]);
}

#[test]
fn what_can_not_be_compared_says_why() {
    let numbers = profile(0);
    let carriers = carriers(&[("UA", 5_000), ("B6", 4_000)]);
    let empty = numbers.bins().count();
    assert_eq!(
        Measurement::of_numeric(&numbers, &empty, Statistic::Psi),
        Err(Unmeasurable::Incomparable(Incomparable::NoWindow))
    );
    let mut other = empty.clone();
    other.bins.push(1);
    assert!(matches!(
        Measurement::of_numeric(&numbers, &other, Statistic::Psi),
        Err(Unmeasurable::Incomparable(Incomparable::Bins { .. }))
    ));
    let mut categories = carriers.bins().count();
    categories.add(carriers.bins(), Some("UA"));
    let ks = Measurement::of_categorical(&carriers, &categories, Statistic::KolmogorovSmirnov).expect_err("no order");
    assert!(ks.to_string().contains("take psi"), "{ks}");
    let kind = Measurement::of(
        &Profile::Numeric(numbers),
        &Counts::Categorical(categories),
        Statistic::Psi,
    );
    assert_eq!(kind, Err(Unmeasurable::Kind));
    let unknown = "kolmogorov".parse::<Statistic>().expect_err("no such statistic");
    assert!(unknown.to_string().contains("kolmogorov-smirnov"), "{unknown}");
    for statistic in Statistic::ALL {
        assert_eq!(statistic.name().parse(), Ok(statistic));
    }
}

#[test]
fn a_window_is_compared_with_last_week_where_that_is_the_reference() {
    let profile = Profile::Numeric(profile(100));
    let Profile::Numeric(numbers) = &profile else {
        unreachable!()
    };
    let week = |from: u32, missing: u64| {
        let mut counts = numbers.bins().count();
        (0..5_000).for_each(|row| counts.add(numbers.bins(), Some(f64::from(from + row % 500))));
        counts.missing = missing;
        Counts::Numeric(counts)
    };
    let last = profile.recounted(&week(500, 900)).expect("values");
    for statistic in Statistic::ALL {
        let measured = |profile, counts: &Counts| Measurement::of(profile, counts, statistic).expect("rows");
        let same = measured(&last, &week(500, 900));
        assert!(same.score < 1e-9, "{statistic}: {same:?}");
        let usual = measured(&profile, &week(500, 900));
        assert!(usual.score > 0.15, "{statistic}: {usual:?}");
        assert!(measured(&last, &week(0, 900)).score > 0.15, "{statistic}");
        assert!(measured(&last, &week(500, 0)).missing.score > 0.1, "{statistic}");
    }
    assert!(profile.recounted(&profile.count()).is_none());
    let carriers = carriers(&[("UA", 5_000), ("B6", 4_000)]);
    assert!(
        profile
            .recounted(&Profile::Categorical(carriers.clone()).count())
            .is_none()
    );
    let mut counts = carriers.bins().count();
    counts.add_rows(carriers.bins(), Some("ZZ"), 900);
    let last = carriers.recounted(&counts).expect("values");
    let same = Measurement::of_categorical(&last, &counts, Statistic::Psi).expect("rows");
    assert!(same.score < 1e-9, "{same:?}");
}

#[test]
fn the_reference_of_a_window_lies_a_week_earlier() {
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    let (start, end) = (time("2026-04-08T10:15:00Z"), time("2026-04-08T10:30:00Z"));
    assert_eq!(Reference::Baseline.of_window(start, end), None);
    assert_eq!(
        Reference::LastWeek.of_window(start, end),
        Some((time("2026-04-01T00:00:00Z"), time("2026-04-08T00:00:00Z")))
    );
    assert_eq!(
        Reference::SameHourLastWeek.of_window(start, end),
        Some((time("2026-04-01T10:15:00Z"), time("2026-04-01T10:30:00Z")))
    );
    for reference in Reference::ALL {
        assert_eq!(reference.name().parse(), Ok(reference));
    }
    let unknown = "yesterday".parse::<Reference>().expect_err("no such reference");
    assert!(unknown.to_string().contains("same-hour-last-week"), "{unknown}");
}
