//! Two files in one Prometheus: each team is told of its own models, and of nobody else's.

use std::collections::BTreeSet;

use modelwatch_config::Config;
use modelwatch_stack::rules::{RuleFile, Rules};
use serde_json::json;

use crate::answering::Answering;
use crate::support::{Folder, example, run};

/// The example as the file of a team with a job of its own.
fn of_team(stack: &str) -> Config {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text
        .replace("job = \"", &format!("job = \"{stack}-"))
        .replace("name = \"flight-delay\"", &format!("name = \"{stack}-model\""));
    Config::parse("modelwatch.toml", &format!("stack = \"{stack}\"\n{text}")).unwrap()
}

/// One team's model fails, and so does one that its file does not name, on the same job. Even the rule that takes in every
/// other model tells the other team nothing; and no series is recorded twice, which Prometheus would refuse.
#[test]
fn judged_nobody_is_paged_for_a_model_of_another_stack() {
    let folder = Folder::new();
    let mut files = Vec::new();
    let mut groups = Vec::new();
    for stack in ["claims", "fraud"] {
        let rules = Rules::new(&of_team(stack)).unwrap();
        let all = Answering::new([rules.recording, rules.alerts].concat());
        let mut answering = all.among(&BTreeSet::from(["ml_inference_requests_total"]));
        for rule in answering.iter_mut().flat_map(|group| &mut group.rules) {
            rule.annotations.clear();
        }
        let path = format!("{stack}.json");
        folder.write(&path, &serde_json::to_string(&RuleFile { groups: &answering }).unwrap());
        files.push(path);
        groups.extend(answering.into_iter().map(|group| group.name));
    }
    let input = |model: &str, status: &str, rate: u32| {
        json!({
            "series": format!(
                "ml_inference_requests_total{{job=\"claims-model-inference\", instance=\"a\", environment=\"production\", \
                 model_name=\"{model}\", model_version=\"1\", route=\"/predict\", status=\"{status}\"}}"
            ),
            "values": format!("0+{rate}x60"),
        })
    };
    let fires = |model: &str| {
        json!({
            "labels": format!(
                "ALERTS{{alertname=\"MLInferenceHighErrorRate\", alertstate=\"firing\", environment=\"production\", \
                 job=\"claims-model-inference\", model_name=\"{model}\", model_version=\"1\", plane=\"inference\", \
                 route=\"/predict\", severity=\"page\", stack=\"claims\", team=\"ml-platform\"}}"
            ),
            "value": 1,
        })
    };
    let test = json!({
        "rule_files": files,
        "evaluation_interval": "1m",
        "group_eval_order": groups,
        "tests": [{
            "interval": "1m",
            "input_series": [
                input("claims-model", "error", 600), input("claims-model", "success", 600),
                input("a stranger", "error", 600), input("a stranger", "success", 600),
            ],
            "promql_expr_test": [
                {
                    "expr": "ALERTS{alertname=\"MLInferenceHighErrorRate\", alertstate=\"firing\"}",
                    "eval_time": "30m",
                    "exp_samples": [fires("a stranger"), fires("claims-model")],
                },
                {
                    "expr": "ALERTS{stack=\"fraud\", job!=\"\", alertname!~\"MLScrapeJobDown\"}",
                    "eval_time": "30m",
                    "exp_samples": [],
                },
            ],
        }],
    });
    folder.write("test.yml", &test.to_string());
    run("promtool", &["test", "rules"], &[folder.path("test.yml")]);
}

#[test]
fn names_of_two_stacks_never_meet() {
    let names = ["claims", "fraud"].map(|stack| {
        let config = of_team(stack);
        let rules = Rules::new(&config).unwrap();
        let mut names: Vec<_> = rules
            .recording
            .iter()
            .chain(&rules.alerts)
            .map(|group| group.name.clone())
            .collect();
        names.extend(
            modelwatch_stack::grafana::dashboards(&config)
                .unwrap()
                .iter()
                .map(|dashboard| dashboard.uid().to_owned()),
        );
        for file in modelwatch_stack::generate(&config).unwrap() {
            let manifest = file.path.starts_with("kubernetes/") && !file.path.contains("service-monitors");
            let named = file.contents.lines().find_map(|line| line.strip_prefix("  name: "));
            names.extend(named.filter(|_| manifest).map(str::to_owned));
        }
        names
    });
    assert!(names[0].len() > 15, "{:?}", names[0]);
    for name in &names[0] {
        assert!(!names[1].contains(name), "both stacks have {name}");
    }
}
