//! Marks over the panels: promtool plays releases, restarts and rollbacks, and the marks' own queries are asked minute by minute.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use modelwatch_config::Config;
use modelwatch_stack::grafana::{QueryPlace, dashboards};
use modelwatch_testkit::Release;
use serde_json::{Value, json};

/// The expression of a mark of the triage dashboard, for all models.
fn mark(name: &str) -> String {
    let config = Config::parse("modelwatch.toml", include_str!("../../../examples/modelwatch.toml")).unwrap();
    let dashboards = dashboards(&config).unwrap();
    let queries = dashboards[0].queries();
    let query = queries
        .iter()
        .find(|query| query.place == QueryPlace::Annotation && query.name == name)
        .unwrap_or_else(|| panic!("no mark {name}"));
    ["$model", "$version", "$environment"]
        .iter()
        .fold(query.expr.to_owned(), |expr, variable| expr.replace(variable, ".*"))
}

/// Asserts at which minutes the mark is there, given one sample a minute of each version and replica.
fn assert_marked(name: &str, samples: &[(&str, &str, &str)], minutes: &[(usize, &[&str])]) {
    let series = |version: &str, instance: &str| {
        format!(
            "ml_model_info{{job=\"model-inference\",model_name=\"m\",model_version=\"{version}\",instance=\"{instance}\"}}"
        )
    };
    let expr = mark(name);
    let cases = minutes.iter().map(|(minute, versions)| {
        let marks = versions
            .iter()
            .map(|version| json!({"labels": format!("{{model_name=\"m\",model_version=\"{version}\"}}"), "value": 1}));
        json!({"expr": expr, "eval_time": format!("{minute}m"), "exp_samples": marks.collect::<Vec<_>>()})
    });
    let input = samples
        .iter()
        .map(|(version, instance, values)| json!({"series": series(version, instance), "values": values}));
    let test: Value = json!({
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": input.collect::<Vec<_>>(),
            "promql_expr_test": cases.collect::<Vec<_>>(),
        }],
    });
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let unique = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("modelwatch-marks-{}-{unique}.yml", std::process::id()));
    fs::write(&file, test.to_string()).unwrap();
    let outputs = Release::ALL.map(|release| {
        let output = release.tool("promtool").args(["test", "rules"]).arg(&file).output();
        output.unwrap_or_else(|error| panic!("promtool of {release} can't be run ({error}): run `make setup`"))
    });
    let _ = fs::remove_file(&file);
    for output in outputs {
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn judged_a_release_is_marked_for_five_minutes_however_its_replicas_roll_and_a_restart_is_not() {
    assert_marked(
        "Versions deployed",
        &[
            // The first version restarts from minute 100 to 110; the second comes at 60 and, on its other replica, at 63.
            ("1", "a", "1x99 stale _x9 1x39"),
            ("2", "b", "_x60 1x90"),
            ("2", "c", "_x63 1x87"),
        ],
        &[
            (59, &[]),
            (60, &["2"]),
            (64, &["2"]),
            (66, &[]),
            (90, &[]),
            (110, &[]),
            (112, &[]),
            (130, &[]),
        ],
    );
}

#[test]
fn judged_a_rollback_to_a_version_that_was_gone_is_marked_again() {
    assert_marked(
        "Versions deployed",
        &[("1", "a", "1x59 stale _x59 1x59"), ("2", "a", "_x60 1x59 stale _x60")],
        &[(60, &["2"]), (70, &[]), (120, &["1"]), (124, &["1"]), (126, &[])],
    );
}

#[test]
fn judged_the_end_of_a_version_is_marked_once_and_a_missed_scrape_is_no_end() {
    assert_marked(
        "Versions retired",
        &[
            ("1", "a", "1x59 stale _x60"),
            // One scrape is missed at minute 80.
            ("2", "a", "1x79 stale 1x60"),
        ],
        &[
            (59, &[]),
            (60, &[]),
            (62, &["1"]),
            (65, &["1"]),
            (68, &[]),
            (80, &[]),
            (81, &[]),
            (83, &[]),
            (100, &[]),
        ],
    );
}
