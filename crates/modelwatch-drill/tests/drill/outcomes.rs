//! How a rehearsal is judged, by messages that were made up.

use std::collections::BTreeMap;

use modelwatch_drill::notification::{Clock, Configuration, messages};
use modelwatch_drill::outcome::{Change, Outcome, Summary};
use modelwatch_drill::rehearsal::{Alert, Evaluation};
use modelwatch_drill::table;
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;

use crate::fixture::{incident, scene};

const ONSET: u32 = 3600;

fn page(alertname: &str, description: &str, changed: &str) -> Alert {
    let labels = [
        ("alertname", alertname),
        ("model_name", "claims-risk"),
        ("severity", "page"),
        ("team", "ml-platform"),
        ("plane", "inference"),
        ("environment", "production"),
        ("stack", "modelwatch"),
    ];
    let texts = [("description", description), ("changed", changed)];
    let owned = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        pairs.collect()
    };
    Alert::new(owned(&labels), owned(&texts))
}

/// The outcome of an incident in which this fires from so many seconds after the onset on.
fn outcome(name: &str, after: i64, alert: &Alert) -> Outcome {
    let scene = scene();
    let files = modelwatch_stack::generate(&scene.config).unwrap();
    let routing = files.iter().find(|file| file.path == ALERTMANAGER_FILE).unwrap();
    let configuration = Configuration::parse(&routing.contents).unwrap();
    let evaluations: Vec<_> = (0..240)
        .map(|index| {
            let at = index * 30;
            let fires = i64::from(at) >= i64::from(ONSET) + after;
            Evaluation::new(at, fires.then(|| alert.clone()).into_iter().collect())
        })
        .collect();
    let messages = messages(&configuration, Clock::new(ONSET, false), &evaluations);
    Outcome::new(&scene, &incident(&scene, name), ONSET, &messages)
}

#[test]
fn counts_the_minutes_to_the_message_and_not_to_the_alert() {
    let alert = page("A", "version 2026-05-01 fails", "Released: version 2026-05-01.");
    let outcome = outcome("canary-errors", 120, &alert);
    assert_eq!(outcome.heard.as_ref().unwrap().minutes, 2.5);
    assert_eq!(outcome.heard.as_ref().unwrap().receiver, "ml-platform-page");
    assert_eq!(
        (outcome.unnamed.len(), outcome.change, outcome.wakings),
        (0, Change::Right, 1)
    );
    assert!(outcome.false_messages.is_empty() && outcome.others.is_empty());
}

#[test]
fn wants_the_whole_name_of_a_culprit() {
    for (text, unnamed) in [
        ("version 2026-05-010", 1),
        ("version x2026-05-01", 1),
        ("(2026-05-01)", 0),
    ] {
        let outcome = outcome("canary-errors", 60, &page("A", text, ""));
        assert_eq!(outcome.unnamed.len(), unnamed, "{text}");
    }
}

#[test]
fn judges_what_is_said_of_releases() {
    for (name, changed, expected) in [
        ("canary-errors", "", Change::Unsaid),
        (
            "canary-errors",
            "Nothing was released in the hour before.",
            Change::Wrong,
        ),
        (
            "canary-errors",
            "Released: version 2026-05-01 2m before.",
            Change::Right,
        ),
        (
            "canary-errors-decoy",
            "Suspect: version 2026-05-01. Also: pipeline-2.",
            Change::Right,
        ),
        (
            "canary-errors-decoy",
            "Suspect: version 2026-05-01, pipeline pipeline-2.",
            Change::Wrong,
        ),
        (
            "dependency-down",
            "Nothing was released in the hour before.",
            Change::Right,
        ),
        (
            "dependency-down",
            "Released: version 2026-04-01 2m before.",
            Change::Wrong,
        ),
    ] {
        let outcome = outcome(name, 60, &page("A", "", changed));
        assert_eq!(outcome.change, expected, "{name}: {changed}");
    }
}

#[test]
fn calls_messages_false_before_the_onset_and_on_quiet_stretches() {
    let alert = page("A", "fails", "");
    assert_eq!(outcome("canary-errors", -600, &alert).false_messages.len(), 1);
    assert_eq!(outcome("canary-errors", 60, &alert).false_messages.len(), 0);
    let quiet = outcome("quiet-day", 60, &alert);
    assert_eq!((quiet.false_messages.len(), quiet.heard.is_some()), (1, false));
}

#[test]
fn sums_up_both_halves() {
    let alert = page("A", "version 2026-05-01", "Released: version 2026-05-01.");
    let outcomes = [
        outcome("deploy-errors", 60, &alert),
        outcome("canary-errors", 120, &alert),
        outcome("quiet-day", 600_000, &alert),
    ];
    let summary = Summary::new("all", &outcomes);
    assert_eq!((summary.incidents, summary.found, summary.quiet), (2, 2, 1));
    assert_eq!(
        (summary.median, summary.median_pages, summary.median_tickets),
        (Some(2.0), Some(2.0), None)
    );
    assert_eq!((summary.named, summary.changes, summary.false_messages), (2, 2, 0));
    let text = table::text(&outcomes);
    assert!(text.contains("| deploy-errors | tuning"), "{text}");
    assert!(text.contains("| held out | 1 of 1"), "{text}");
}
