//! What is usual for the reference's own windows is no drift.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::TimeDelta;
use modelwatch_drift::baseline::{About, Baseline, Counts, Profile, TimeSpan};
use modelwatch_drift::decision::{Measurement, Rule, Statistic};
use modelwatch_drift::learn::TimeOrder;

use crate::data::TRAINING;
use crate::table::Table;
use crate::{APRIL, JULY};

/// The training quarter and its profiles, which take a while to learn.
fn training() -> &'static (Table, BTreeMap<&'static str, Profile>) {
    static LEARNED: OnceLock<(Table, BTreeMap<&'static str, Profile>)> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let table = Table::read(TRAINING);
        let learned = table.learned();
        (table, learned)
    })
}

/// How many windows a rule calls drift.
fn drifting(windows: &[Counts], profile: &Profile, rule: &Rule) -> usize {
    let measured = windows
        .iter()
        .map(|counts| Measurement::of(profile, counts, rule.statistic));
    measured
        .filter(|measured| measured.as_ref().expect("a window with rows").drifts(rule))
        .count()
}

#[test]
fn at_most_one_in_a_hundred_of_the_reference_s_own_windows_drifts_whatever_their_length() {
    let (training, learned) = training();
    let lengths = [2, 3, 6, 12, 24, 36, 48, 72, 168, 336].map(TimeDelta::hours);
    let mut without = 0;
    for (name, profile) in learned {
        for length in lengths {
            let windows = training.windows(name, profile, length);
            for statistic in Statistic::ALL {
                if statistic.needs_order() && matches!(profile, Profile::Categorical(_)) {
                    continue;
                }
                let fixed = Rule {
                    statistic,
                    ..Rule::default()
                };
                let drifts = drifting(&windows, profile, &fixed.for_windows(profile, Some(length)));
                assert!(
                    windows.len() >= 5 && drifts * 100 <= windows.len(),
                    "{name}, {statistic}, {length}: {drifts} of {}",
                    windows.len()
                );
                if statistic == Statistic::Psi {
                    without += drifting(&windows, profile, &fixed);
                }
            }
        }
    }
    assert!(
        without > 1_000,
        "without learning it is {without}, so this proves nothing"
    );
}

#[test]
fn the_week_in_july_still_drifts() {
    let (_, learned) = training();
    let week = TimeDelta::days(7);
    for (name, april, july) in [
        ("dep_delay", false, true),
        ("temp", false, true),
        ("distance", false, false),
    ] {
        let profile = &learned[name];
        for (file, expected) in [(APRIL, april), (JULY, july)] {
            let counts = Table::read(file).counts(name, profile);
            for statistic in [Statistic::JensenShannon, Statistic::Psi] {
                let rule = Rule {
                    statistic,
                    ..Rule::default()
                };
                let rule = rule.for_windows(profile, Some(week));
                let measured = Measurement::of(profile, &counts, statistic).expect("a week");
                assert!(
                    measured.drifts(&rule) == expected,
                    "{name} of {file} by {statistic}: {measured:?}, {rule:?}"
                );
            }
        }
    }
}

#[test]
fn a_rule_learns_of_lengths_around_its_own_and_only_where_it_may() {
    let (training, learned) = training();
    let temp = &learned["temp"];
    let hours = |hours| Some(TimeDelta::hours(hours));
    let rule = Rule::default();
    let daily = rule.for_windows(temp, hours(24)).threshold;
    assert!(daily > 3.0, "{daily}");
    let [shorter, longer] = [24, 36].map(|length| rule.for_windows(temp, hours(length)).threshold);
    assert_eq!(rule.for_windows(temp, hours(30)).threshold, shorter.max(longer));
    // Beyond both ends, the end.
    let ends = [temp.limits().first(), temp.limits().last()].map(|end| end.expect("limits").seconds);
    for (length, end) in [(TimeDelta::minutes(1), ends[0]), (TimeDelta::days(400), ends[1])] {
        let at_end = Some(TimeDelta::seconds(i64::from(end)));
        assert_eq!(rule.for_windows(temp, Some(length)), rule.for_windows(temp, at_end));
    }
    assert_eq!(rule.for_windows(temp, None), rule);
    let fixed = Rule { learned: false, ..rule };
    assert_eq!(fixed.for_windows(temp, hours(24)), fixed);
    let high = Rule {
        threshold: 99.0,
        ..rule
    };
    assert_eq!(high.for_windows(temp, hours(24)).threshold, 99.0);
    assert_eq!(rule.for_windows(&training.profiles()["temp"], hours(24)), rule);
}

#[test]
fn what_is_usual_is_in_the_baseline_s_file() {
    let (training, learned) = training();
    let span = TimeSpan {
        from: training.times[0],
        to: training.times[training.len() - 1],
    };
    let about = About {
        model: "flight-delay".into(),
        version: "1".into(),
        created: span.to,
        rows: training.len() as u64,
        time_span: Some(span),
        fingerprint: "test:0".into(),
    };
    let features = learned
        .iter()
        .map(|(name, profile)| ((*name).to_owned(), profile.clone()));
    let baseline = Baseline::new(about, features.collect(), None, None).expect("a baseline");
    let text = baseline.to_json().expect("JSON");
    let again = Baseline::from_json(&text).expect("its own JSON");
    assert_eq!(again, baseline);
    assert!(!again.features()[0].1.limits().is_empty());
    for (name, wrong) in [
        ("negative", text.replacen("\"psi\":", "\"psi\":-", 1)),
        ("unknown", text.replacen("\"psi\":", "\"spi\":", 1)),
        ("lengths", text.replacen("\"seconds\":3600", "\"seconds\":3", 1)),
    ] {
        assert!(Baseline::from_json(&wrong).is_err(), "{name}");
    }
}

#[test]
fn rows_without_times_teach_nothing() {
    assert!(TimeOrder::new([]).is_none());
    assert!(TimeOrder::new([None, None]).is_none());
    let one = Table::read(TRAINING).times[0];
    assert!(TimeOrder::new([Some(one), None, Some(one)]).is_none());
    assert!(TimeOrder::new([Some(one), Some(one + TimeDelta::seconds(1))]).is_some());
}
