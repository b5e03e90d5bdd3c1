//! Several worlds in one run of promtool, told apart again.

use std::sync::LazyLock;

use modelwatch_config::Config;
use modelwatch_drill::incident::Incident;
use modelwatch_drill::rehearsal::{AnswerError, Batch, files};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::world::{Settings, World};
use regex::Regex;
use serde_json::Value as Json;

/// Worlds of five minutes and of ten, without a minute before them, in one run; nothing where they need one each.
fn batch(old: &str, new: &str) -> Option<Batch> {
    let text = include_str!("../../../../examples/drill.toml");
    assert!(text.contains(old), "{old}");
    let scene = Scene::new(&Config::parse("drill.toml", &text.replace(old, new)).unwrap(), None).unwrap();
    let worlds = [5, 10].map(|minutes| {
        let mut incident = Incident::new("nothing", "Nothing happens.");
        incident.minutes = minutes;
        World::new(&scene, &incident, &Settings::new(0, 0))
    });
    let files = files(&scene.config).unwrap();
    files.together("both", &worlds, 0).unwrap()
}

/// Of the example as it is.
static BATCH: LazyLock<Batch> = LazyLock::new(|| batch("", "").expect("environments have a label"));

/// An answer of these alerts: each its name, its environment and when it fires.
fn answer(alerts: &[(&str, &str, &str)]) -> String {
    let alerts = alerts.iter().map(|(name, environment, at)| {
        let labels = format!("alertname=\"{name}\", environment=\"{environment}\"");
        format!("alertname: {name}, time: {at},\nLabels:{{{labels}}}\nAnnotations:{{summary=\"in {environment}\"}}\n")
    });
    alerts.collect()
}

#[test]
fn tells_worlds_of_one_run_apart_and_ends_each_with_its_own() {
    let said = answer(&[
        ("ModelwatchDrill", "", "5m"),
        ("A", "production_drill0_", "5m"),
        ("A", "production_drill1_", "5m"),
        ("B", "production_drill1_", "5m"),
        ("ModelwatchDrill", "", "10m"),
        ("A", "production_drill0_", "10m"),
    ]);
    let worlds = BATCH.alerts(&said).unwrap();
    let fired: Vec<Vec<_>> = worlds
        .iter()
        .map(|world| {
            world
                .iter()
                .map(|evaluation| (evaluation.at, evaluation.firing.len()))
                .collect()
        })
        .collect();
    assert_eq!(fired, [vec![(300, 1)], vec![(300, 2), (600, 0)]]);
    for alert in worlds.iter().flatten().flat_map(|evaluation| &evaluation.firing) {
        assert_eq!(
            (alert.label("environment"), alert.annotation("summary")),
            ("production", "in production")
        );
    }
}

/// Of no world, of one that there is not, and of one in a text of another.
#[test]
fn refuses_an_alert_of_a_world_unknown() {
    let mixed = answer(&[("A", "production_drill0_", "10m")]).replace("in ", "not in staging_drill1_, but in ");
    for alert in [
        answer(&[("A", "", "10m")]),
        answer(&[("A", "production_drill2_", "10m")]),
        mixed,
    ] {
        let said = answer(&[("ModelwatchDrill", "", "10m")]) + &alert;
        assert_eq!(BATCH.alerts(&said), Err(AnswerError::Nowhere("A".to_owned())), "{said}");
    }
}

/// It ends with the evaluation in which a rule fails.
#[test]
fn refuses_an_answer_that_ends_early() {
    let said =
        "rule: a:b:c, time: 5m0s, err: too many samples\n".to_owned() + &answer(&[("ModelwatchDrill", "", "5m")]);
    let error = BATCH.alerts(&said).unwrap_err().to_string();
    assert!(
        error.contains("to the end: rule: a:b:c, time: 5m0s, err: too many samples"),
        "{error}"
    );
    assert_eq!(BATCH.rehearsal.alerts(&said).unwrap_err().to_string(), error);
}

#[test]
fn puts_no_worlds_together_that_could_not_be_told_apart() {
    assert!(batch("[prometheus]", "[prometheus]\nidentity = []").is_none());
    assert!(batch("environment = \"production\"", "environment = \"a_drill1_\"").is_none());
    assert!(batch("fraud-score", "fraud_drill").is_none());
}

/// Worlds share a run because of it: whatever puts series together, or one beside another, does so within an environment.
#[test]
fn no_rule_reads_across_environments() {
    let rules: Json = serde_json::from_str(&BATCH.rehearsal.rules.1).unwrap();
    let quoted = Regex::new(r#""(\\.|[^"\\])*""#).unwrap();
    let puts_together = Regex::new(
        r"\b(sum|min|max|avg|count|group|stddev|stdvar|quantile|topk|bottomk|count_values|on|ignoring|without)\b\s*(by)?\s*\(\s*(\w*)",
    )
    .unwrap();
    let mut found = 0;
    let groups = rules["groups"].as_array().unwrap().iter();
    for rule in groups.flat_map(|group| group["rules"].as_array().unwrap()) {
        let expr = quoted.replace_all(rule["expr"].as_str().unwrap(), "''");
        assert!(!expr.contains("scalar("), "{rule:#}");
        for captures in puts_together.captures_iter(&expr) {
            let [operator, by, label] = [1, 2, 3].map(|group| captures.get(group).map_or("", |text| text.as_str()));
            assert_eq!(
                (operator == "on", by == "by"),
                (by.is_empty(), operator != "on"),
                "{rule:#}"
            );
            assert_eq!(label, "environment", "{rule:#}");
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}
