//! Stories in which nothing happens prove nothing unless a broken rule makes something happen: each passes with the rules as
//! they are, and fails with one of them broken.
//!
//! Only the rules that a story is about are evaluated, so that each takes seconds.

use modelwatch_stack::rules::{ALERT_FILE, Group, RECORDING_FILE, RuleFile, Rules};
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

use crate::support::{Folder, example, run_one};

/// A rule that is broken, and the story that is to notice it.
struct Mutation {
    /// The file of the story, without its ending.
    file: &'static str,
    story: &'static str,
    /// Recording rules that the story needs: the end of their group's name.
    groups: &'static [&'static str],
    /// The alert that the story is about.
    alert: &'static str,
    /// What is replaced in its rule, or in the recording rules.
    replaced: &'static [(&'static str, &'static str)],
}

const OFFICE: &str = "three days of office hours, a weekend and a Monday page nobody";
const MUTATIONS: [Mutation; 6] = [
    // Last week is forgotten: Saturday looks like Friday with its traffic gone.
    Mutation {
        file: "scenarios-seasons",
        story: OFFICE,
        groups: &["recording-rules", "recording-rules-usual", "recording-rules-now"],
        alert: "MLTrafficGone",
        replaced: &[("offset 6d23h45m", "offset 23h45m"), ("offset 7d15m", "offset 1d15m")],
    },
    // The shortest pause of the day in place of the longest: every pause between batches is too long.
    Mutation {
        file: "scenarios-seasons",
        story: "a client of batches, some of them late, pages nobody",
        groups: &["recording-rules", "recording-rules-usual", "recording-rules-now"],
        alert: "MLTrafficGone",
        replaced: &[("max_over_time(model:ml_idle:", "min_over_time(model:ml_idle:")],
    },
    // Nobody asks for a day of traffic: nine minutes of it are enough to be missed.
    Mutation {
        file: "scenarios-seasons",
        story: "a smoke test of nine minutes pages nobody when it is over",
        groups: &["recording-rules", "recording-rules-usual", "recording-rules-now"],
        alert: "MLTrafficGone",
        replaced: &[(
            "model:ml_idle:seconds{model_name=\"flight-delay\",stack=\"modelwatch\"} offset 1d",
            "model:ml_idle:seconds{model_name=\"flight-delay\",stack=\"modelwatch\"} offset 10m",
        )],
    },
    Mutation {
        file: "scenarios",
        story: "six hours about the threshold are one alert that never stops",
        groups: &["recording-rules"],
        alert: "MLInferenceHighErrorRate",
        replaced: &[("keep_firing_for", "")],
    },
    Mutation {
        file: "scenarios",
        story: "requests that match no route are in no objective, unless there are no others",
        groups: &["recording-rules"],
        alert: "MLInferenceHighErrorRate",
        replaced: &[("route!=\"__unmatched__\"", "route!=\"none\"")],
    },
    // Training's share is taken for nothing.
    Mutation {
        file: "MLFeatureMissingRatioHigh",
        story: "MLFeatureMissingRatioHigh is quiet, fires and resolves",
        groups: &["recording-rules", "recording-rules-features"],
        alert: "MLFeatureMissingRatioHigh",
        replaced: &[(
            "job:ml_feature_missing_reference:ratio",
            "job:ml_feature_defaulted:ratio15m",
        )],
    },
];

#[test]
fn judged_a_story_passes_with_its_rule_and_fails_with_it_broken() {
    for mutation in &MUTATIONS {
        let what = format!("{}, {:?}", mutation.story, mutation.replaced);
        play(mutation, false).unwrap_or_else(|said| panic!("{what}: fails with the rule as it is: {said}"));
        let said = play(mutation, true);
        let Err(said) = said else {
            panic!("{what}: passes though the rule is broken");
        };
        assert!(said.contains("FAILED") && said.contains("got:"), "{what}: {said}");
    }
}

/// What promtool says of the story, with the rule broken or as it is.
fn play(mutation: &Mutation, broken: bool) -> Result<String, String> {
    let config = example();
    let folder = Folder::of_rules(&config);
    let mut rules = Rules::new(&config).unwrap();
    rules.recording.retain(|group| {
        mutation
            .groups
            .iter()
            .any(|end| group.name == format!("modelwatch-{end}"))
    });
    for group in &mut rules.alerts {
        group.rules.retain(|rule| rule.alert.as_deref() == Some(mutation.alert));
    }
    rules.alerts.retain(|group| !group.rules.is_empty());
    if broken {
        for (from, to) in mutation.replaced {
            assert!(
                replace(&mut rules.recording, from, to) | replace(&mut rules.alerts, from, to),
                "no rule has {from}"
            );
        }
    }
    for (file, groups) in [(RECORDING_FILE, &rules.recording), (ALERT_FILE, &rules.alerts)] {
        folder.write(file, &serde_json::to_string(&RuleFile { groups }).unwrap());
    }
    let path = folder.path(&format!("prometheus/tests/{}.yml", mutation.file));
    let mut document: Json = serde_saphyr::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let tests = document["tests"].as_array_mut().unwrap();
    tests.retain(|test| test["name"] == mutation.story);
    assert_eq!(tests.len(), 1, "no story {}", mutation.story);
    let names = rules
        .recording
        .iter()
        .chain(&rules.alerts)
        .map(|group| group.name.clone());
    document["group_eval_order"] = json!(names.collect::<Vec<_>>());
    folder.write("prometheus/tests/one.yml", &document.to_string());
    let one = folder.path("prometheus/tests/one.yml");
    run_one(Release::System, "promtool", &["test", "rules"], &[one])
}

/// Whether there was something to replace.
fn replace(groups: &mut [Group], from: &str, to: &str) -> bool {
    let mut replaced = false;
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        if from == "keep_firing_for" {
            replaced |= rule.keep_firing_for.take().is_some();
        } else if rule.expr.contains(from) {
            rule.expr = rule.expr.replace(from, to);
            replaced = true;
        }
    }
    replaced
}
