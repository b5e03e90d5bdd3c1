//! Tables whose culprit is put there.

use modelwatch_triage::localization::{Localization, Settings, Table, localize};
use rand_distr::{Distribution as _, Gamma, Poisson};
use rand_pcg::Pcg64Mcg;

const VERSIONS: [&str; 3] = ["1", "2", "3"];
const ROUTES: [&str; 3] = ["predict", "batch", "explain"];
const REPLICAS: [&str; 4] = ["a:1", "b:1", "c:1", "d:1"];

/// Ten in a thousand fail everywhere, and as many more as `more` says of what a row is.
fn table(more: impl Fn(&str, &str, &str) -> f64) -> Table {
    let mut table = Table::new(["model_version", "route", "replica"], 4);
    for version in VERSIONS {
        for route in ROUTES {
            for replica in REPLICAS {
                for back in 1..=4 {
                    table.add_past(back, &[version, route, replica], 10.0, 1000.0);
                }
                table.add_now(&[version, route, replica], 10.0 + more(version, route, replica), 1000.0);
            }
        }
    }
    table
}

fn first(found: &Localization) -> String {
    let labels = found.ranked.first().map(|first| &first.labels[..]).unwrap_or_default();
    let labels: Vec<_> = labels.iter().map(|(_, value)| value.as_str()).collect();
    labels.join(" ")
}

#[test]
fn names_one_two_or_three_labels_by_what_the_excess_covers() {
    type Holds = fn(&str, &str, &str) -> bool;
    let cases: [(&str, Holds); 4] = [
        ("2", |version, _, _| version == "2"),
        ("b:1", |_, _, replica| replica == "b:1"),
        ("2 batch", |version, route, _| version == "2" && route == "batch"),
        ("3 explain d:1", |version, route, replica| {
            (version, route, replica) == ("3", "explain", "d:1")
        }),
    ];
    for (expected, holds) in cases {
        let table = table(|version, route, replica| if holds(version, route, replica) { 90.0 } else { 0.0 });
        let found = localize(&table, &Settings::default());
        assert_eq!(first(&found), expected);
        let best = &found.ranked[0];
        assert!(best.share > 0.9 && best.p_value <= 0.05, "{expected}: {best:?}");
        assert!((best.events - best.expected - found.excess()).abs() < 0.2 * found.excess());
    }
}

#[test]
fn answers_nothing_when_there_is_no_excess() {
    for change in [0.0, -5.0] {
        let found = localize(&table(|_, _, _| change), &Settings::default());
        assert!(found.ranked.is_empty() || found.ranked[0].p_value > 0.05, "{found:?}");
    }
}

#[test]
fn answers_nothing_without_history() {
    let mut table = Table::new(["route"], 4);
    table.add_now(&["a"], 50.0, 100.0);
    table.add_now(&["b"], 0.0, 100.0);
    assert!(localize(&table, &Settings::default()).ranked.is_empty());
    assert!(
        localize(&Table::new(["route"], 0), &Settings::default())
            .ranked
            .is_empty()
    );
}

#[test]
fn says_which_labels_a_combination_always_has() {
    let mut table = Table::new(["version", "route", "region"], 1);
    for (version, route, failed) in [("1", "a", 0.0), ("1", "b", 0.0), ("2", "b", 50.0)] {
        table.add_past(1, &[version, route, "eu"], 1.0, 100.0);
        table.add_now(&[version, route, "eu"], failed, 100.0);
    }
    let found = localize(&table, &Settings::default());
    assert_eq!(first(&found), "2");
    assert_eq!(found.ranked[0].value("route"), Some("b"));
    assert_eq!(found.ranked[0].value("region"), Some("eu"));
}

#[test]
fn gives_the_same_answer_to_the_same_table() {
    let table = table(|version, _, _| if version == "1" { 8.0 } else { 0.0 });
    let settings = Settings::default();
    assert_eq!(localize(&table, &settings), localize(&table, &settings));
}

/// Chance alone, with the noise of real services too, seldom looks like a culprit.
#[test]
fn finds_no_culprit_where_only_chance_moves() {
    let mut random = Pcg64Mcg::new(7);
    for shape in [f64::INFINITY, 2.0] {
        let tables = 150;
        let accused = (0..tables)
            .filter(|_| {
                let mut table = Table::new(["model_version", "route"], 4);
                let mut draw = || {
                    let burst = if shape.is_finite() {
                        Gamma::new(shape, 1.0 / shape).unwrap().sample(&mut random)
                    } else {
                        1.0
                    };
                    Poisson::new(20.0 * burst).map_or(0.0, |poisson| poisson.sample(&mut random))
                };
                for version in VERSIONS {
                    for route in ROUTES {
                        for back in 1..=4 {
                            table.add_past(back, &[version, route], draw(), 1000.0);
                        }
                        table.add_now(&[version, route], draw(), 1000.0);
                    }
                }
                let found = localize(&table, &Settings::default());
                found.ranked.iter().any(|candidate| candidate.p_value <= 0.05)
            })
            .count();
        assert!(
            accused * 10 <= tables,
            "{accused} of {tables} with bursts of shape {shape}"
        );
    }
}
