//! What `[alerts]` changes.

use std::fs;

use modelwatch_config::Config;
use modelwatch_stack::generate;
use modelwatch_stack::rules::{Rule, Rules};
use modelwatch_testkit::Release;

use crate::stories::Stories;
use crate::support::{Folder, example};

fn config(alerts: &str) -> Config {
    let text = fs::read_to_string(example().file).unwrap();
    let text = text.replacen("[owners]\n", &format!("{alerts}\n[owners]\n"), 1);
    Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn rules(config: &Config, alert: &str) -> Vec<Rule> {
    let rules = Rules::new(config).unwrap();
    let all = rules.alerts.into_iter().flat_map(|group| group.rules);
    all.filter(|rule| rule.alert.as_deref() == Some(alert)).collect()
}

/// The stories that use them still hold.
#[test]
fn judged_a_single_alert_is_switched_off_or_added_to_by_name() {
    let config = config(
        "[alerts.MLScrapeJobDown]\nenabled = false\n\
         [alerts.MLInferenceHighErrorRate]\nlabels = { escalation = \"{{ tier }} 1\" }\n\
         annotations = { chat = \"https://chat.example.com/{{ $labels.model_name }}\" }\n\
         [alerts.MLDriftJobStale]\nenabled = false\n",
    );
    assert_eq!(rules(&config, "MLScrapeJobDown"), []);
    for rule in rules(&config, "MLInferenceHighErrorRate") {
        assert_eq!(
            rule.annotations["chat"],
            "https://chat.example.com/{{ $labels.model_name }}"
        );
        assert!(rule.labels.contains_key("escalation"));
    }
    let files = generate(&config).unwrap();
    assert!(
        !files
            .iter()
            .any(|file| file.path == "prometheus/tests/MLScrapeJobDown.yml")
    );
    let folder = Folder::generated(&config);
    folder.judge_configurations();
    let changed = ["MLScrapeJobDown", "MLInferenceHighErrorRate", "MLDriftJobStale"];
    Stories::of(&folder, &config).play(Release::Newer, |story| story.is_short() && story.asks_about(&changed));
}

#[test]
fn an_alert_that_there_is_not_is_told_with_its_line_and_the_nearest() {
    let config = config("[alerts.MLTraficGone]\nenabled = false");
    let said = generate(&config).unwrap_err().to_string();
    assert!(
        said.contains(": there is no alert MLTraficGone; did you mean MLTrafficGone?"),
        "{said}"
    );
    assert!(!said.contains("fault of modelwatch"), "{said}");
}

/// Nor does any send its reader to one of a later phase.
#[test]
fn no_runbook_names_an_alert_that_is_switched_off() {
    let off = ["MLInferenceHighErrorRate", "MLScrapeJobDown"];
    let files = |alerts: &str| {
        let files = generate(&config(alerts)).unwrap();
        files.into_iter().filter(|file| file.path.ends_with(".md"))
    };
    let without: Vec<_> = files(&off.map(|name| format!("[alerts.{name}]\nenabled = false\n")).concat()).collect();
    for name in off {
        let naming = |file: &modelwatch_stack::File| file.contents.contains(name);
        let own = format!("runbooks/{name}.md");
        assert!(files("").any(|file| file.path != own && naming(&file)), "{name}");
        let still: Vec<_> = without
            .iter()
            .filter(|file| naming(file))
            .map(|file| &file.path)
            .collect();
        assert!(still.is_empty(), "{name}: {still:?}");
    }
    let traffic = without
        .iter()
        .find(|file| file.path == "runbooks/MLTrafficGone.md")
        .unwrap();
    assert!(
        traffic.contents.contains("1. Check whether targets answer scrapes.\n"),
        "{}",
        traffic.contents
    );
}

#[test]
fn judged_severities_have_the_names_of_the_cluster_s() {
    let config = config("[alerts.severities]\npage = \"critical\"\nticket = \"warning\"");
    let files = generate(&config).unwrap();
    for file in &files {
        for ours in [
            "severity: page",
            "severity: ticket",
            "severity=\"page\"",
            "severity=\"ticket\"",
        ] {
            assert!(!file.contents.contains(ours), "{}: {ours}", file.path);
        }
    }
    let folder = Folder::generated(&config);
    folder.judge_configurations();
    let paged = ["MLInferenceHighErrorRate", "MLScrapeJobDown"];
    Stories::of(&folder, &config).play(Release::Newer, |story| story.is_short() && story.asks_about(&paged));
}
