//! Every annotation of every alert, as promtool fills it in at the minute its own story fires.

use std::collections::{BTreeMap, BTreeSet};

use modelwatch_config::Config;
use modelwatch_stack::known::ALERTS;
use modelwatch_testkit::Release;
use serde_json::Value as Json;

use crate::stories::PLAYED;
use crate::support::{Folder, example};

/// What an alert says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) alert: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Said {
    /// Every one that promtool tells of where it was asked for nothing.
    pub(crate) fn all(alert: &str, told: &str) -> Vec<Self> {
        let alerts = told.split("Labels:{").skip(1).map(|told| {
            let (labels, rest) = told.split_once("Annotations:{").unwrap_or_else(|| panic!("{told}"));
            Self {
                alert: alert.to_owned(),
                labels: pairs(labels),
                annotations: pairs(rest),
            }
        });
        alerts.collect()
    }
}

/// The pairs of Go's `{a="b", c="d"}`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut rest = text.trim_start_matches('{');
    while let Some((key, after)) = rest.split_once('=') {
        let mut ends = 1;
        let bytes = after.as_bytes();
        while bytes[ends] != b'"' {
            ends += if bytes[ends] == b'\\' { 2 } else { 1 };
        }
        let value = serde_json::from_str(&after[..=ends]).unwrap_or_else(|_| after[1..ends].to_owned());
        pairs.insert(key.trim_start_matches([',', ' ']).to_owned(), value);
        rest = &after[ends + 1..];
    }
    pairs
}

/// What an alert says where a test of promtool's asks for nothing of it.
pub(crate) fn answered(release: Release, folder: &Folder, test: &str, alert: &str, document: &Json) -> Vec<Said> {
    let asking = format!("prometheus/tests/asking-{test}-{release:?}.yml");
    folder.write(&asking, &document.to_string());
    let output = release
        .tool("promtool")
        .args(["test", "rules"])
        .arg(folder.path(&asking))
        .output();
    let output =
        output.unwrap_or_else(|error| panic!("promtool of {release} can't be run ({error}): run `make setup`"));
    std::fs::remove_file(folder.path(&asking)).unwrap();
    let told = [output.stdout, output.stderr].concat();
    Said::all(alert, &String::from_utf8_lossy(&told))
}

/// No place of a text is empty, whole words are between its commas, and it says where.
pub(crate) fn assert_whole(said: &Said) {
    let Said {
        alert,
        labels,
        annotations,
    } = said;
    for (key, text) in annotations {
        for hole in [
            "error expanding",
            "<no value>",
            "{{",
            "%!",
            "NaN%",
            " NaN times",
            "is NaN",
            "  ",
            " ,",
            " .",
            "()",
            ": :",
            "=\"\"",
            "= ",
            "=&",
            "var-&",
        ] {
            // Empty matchers and brackets are right where a name has them.
            let whole = labels
                .values()
                .fold(text.clone(), |text, value| text.replace(value.as_str(), "x"));
            assert!(!whole.contains(hole), "{alert}: {key} has {hole:?}: {text}");
        }
        assert!(!text.trim().is_empty(), "{alert}: {key}");
    }
    let description = &annotations["description"];
    for label in [
        "model_name",
        "model_version",
        "route",
        "feature_name",
        "class",
        "outcome",
        "environment",
    ] {
        if let Some(value) = labels.get(label) {
            assert!(
                description.contains(value.as_str()),
                "{alert} names no {label}: {description}"
            );
        }
    }
    // A job that never had a target is nowhere, and the watchdog is of no place; everything else is somewhere.
    assert!(
        ["MLScrapeJobDown", "MLWatchdog"].contains(&alert.as_str()) || labels.contains_key("environment"),
        "{alert}: {labels:?}"
    );
    if let Some(environment) = labels.get("environment") {
        let link = &annotations["dashboard_url"];
        assert!(
            link.contains(&format!("var-environment={environment}")),
            "{annotations:?}"
        );
        // Of a job that is down somewhere, one wants to see where it is up; and who watches is of no environment.
        let everywhere = ["MLScrapeJobDown", "MLRulesFailing", "MLNotificationsFailing"];
        let query = &annotations["query"];
        let narrowed = query.contains(&format!("environment={environment:?}"));
        assert_eq!(narrowed, !everywhere.contains(&alert.as_str()), "{alert}: {query}");
    }
    assert!(
        !annotations["dashboard_url"].contains("var-version"),
        "a version is to be seen among the others: {annotations:?}"
    );
}

#[test]
fn judged_every_annotation_is_whole_in_both_releases() {
    for release in Release::ALL {
        let played = || PLAYED.iter().filter(|played| played.release == release);
        let heard: BTreeSet<_> = played()
            .flat_map(|played| &played.said)
            .map(|said| &said.alert)
            .collect();
        assert_eq!(heard.len(), ALERTS.len(), "{release}: {heard:?}");
        for said in played().flat_map(|played| &played.said) {
            assert_whole(said);
        }
    }
}

/// The example, which says where triage is asked for.
pub(crate) fn with_triage() -> Config {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.replace("[links]\n", "[links]\ntriage = \"https://triage.example.com/\"\n");
    Config::parse(file, &text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn judged_each_alert_links_to_its_triage_where_the_file_says_where_that_is() {
    for said in PLAYED.iter().flat_map(|played| &played.said) {
        let link = &said.annotations["triage_url"];
        let Some(model) = said.labels.get("model_name") else {
            assert_eq!(link, "https://triage.example.com/", "{said:?}");
            continue;
        };
        let begins = format!("https://triage.example.com/triage?alert={}&", said.alert);
        assert!(
            link.starts_with(&begins) && link.contains(&format!("&model={}", model.replace(' ', "+"))),
            "{link}"
        );
        if let Some(feature) = said.labels.get("feature_name") {
            let feature = feature.replace(' ', "+");
            assert!(link.contains(&format!("&feature_name={feature}")), "{link}");
        }
    }
    let rules = modelwatch_stack::rules::Rules::new(&example()).unwrap();
    let mut all = rules.alerts.iter().flat_map(|group| &group.rules);
    assert!(all.all(|rule| !rule.annotations.contains_key("triage_url")));
}
