//! `modelwatch drill` as a user runs it.

mod terminal;

use std::fs;
use std::path::Path;
use std::process::Command;

use modelwatch_testkit::{Release, tool};
use serde_json::Value as Json;

use crate::terminal::shown_on_terminal;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml");
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/incidents.toml");

/// Runs it: whether it succeeded, what it answered, and what it said of mistakes.
fn drill(arguments: &[&str]) -> (bool, String, String) {
    drill_of(CONFIG, arguments)
}

/// Runs it with another configuration.
fn drill_of(config: &str, arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
        .args(["drill", "--config", config])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The newer release's, which takes five sixths of the time of the older one's.
fn quicker_promtool() -> String {
    let [_, newer] = Release::ALL.map(|release| release.tool("promtool").get_program().to_owned());
    newer.display().to_string()
}

/// Each mistake is one line that names it and what to do.
#[test]
fn a_mistake_is_one_line_with_its_fix() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    fs::write(&own, "[[incidents]]\nname = \"own\"\neffects = [{ eror = 0.3 }]\n").unwrap();
    let own = own.display().to_string();
    let cases: [(&[&str], &str); 7] = [
        (
            &["canary-error"],
            "there is no incident \"canary-error\"; `modelwatch drill --list` says",
        ),
        (
            &["--model", "claims"],
            "there is no model \"claims\" in the configuration; name one of claims-risk, fraud-score",
        ),
        (&["--file", "nowhere.toml"], "nowhere.toml: can't be read"),
        (
            &["--file", &own],
            "own.toml:1:1: an effect of own has the unknown key eror; use one of errors",
        ),
        (
            &["--promtool", "/nowhere/promtool"],
            "/nowhere/promtool can't be run: No such file or directory (os error 2); install Prometheus, or name its promtool with",
        ),
        (
            &["--promtool", "true", "--amtool", "/nowhere/amtool"],
            "install Alertmanager, or name its amtool with --amtool",
        ),
        (
            &["--keep", "/proc/nowhere"],
            "name a folder you may write to with --keep",
        ),
    ];
    for (arguments, wanted) in cases {
        let (done, said, error) = drill(arguments);
        assert!(!done && said.is_empty(), "{arguments:?}: {said}");
        assert!(error.contains(wanted), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
}

#[test]
fn list_names_every_incident_and_runs_none() {
    let (done, said, error) = drill(&["--list", "--promtool", "/nowhere/promtool"]);
    assert!(done, "{error}");
    assert!(said.contains("canary-errors: A canary gets"), "{said}");
    assert!(said.lines().count() >= 32, "{said}");
    let lines: Vec<_> = said.lines().collect();
    let (done, said, error) = drill(&["--list", "--json", "--promtool", "/nowhere/promtool"]);
    assert!(done, "{error}");
    let listed: Json = serde_json::from_str(&said).unwrap();
    let incidents = listed["incidents"].as_array().unwrap();
    let texts: Vec<_> = incidents
        .iter()
        .map(|incident| {
            let text = |key: &str| incident[key].as_str().unwrap();
            assert!(["tuning", "held out"].contains(&text("half")), "{incident}");
            assert_eq!(text("incident").starts_with("quiet-"), incident["quiet"], "{incident}");
            format!("{}: {}", text("incident"), text("about"))
        })
        .collect();
    assert_eq!(texts, lines);
    assert_eq!(listed["left_out"].as_array().unwrap().len(), 0);
}

/// An incident of one's own, with either release of promtool: the same is heard. On a terminal, one sees how far it is.
#[test]
fn judged_an_own_incident_is_heard_alike_with_both_releases() {
    let mut heard = Vec::new();
    for release in Release::ALL {
        let promtool = release.tool("promtool");
        let amtool = release.tool("amtool");
        let program = |command: &Command| Path::new(command.get_program()).display().to_string();
        let (promtool, amtool) = (program(&promtool), program(&amtool));
        let arguments = format!("drill --config {CONFIG} --file {OWN} --json --promtool {promtool} --amtool {amtool}");
        let shown = shown_on_terminal(Path::new("."), &arguments, "");
        for far in ["1 of 2 incidents rehearsed: ", "2 of 2 incidents rehearsed: "] {
            assert!(shown.contains(far), "{shown}");
        }
        let (_, said) = shown.rsplit_once("\x1b[K").unwrap();
        let answer: Json = serde_json::from_str(said).unwrap();
        heard.push(answer["outcomes"].as_array().unwrap().clone());
    }
    // Figures differ a little: a range of Prometheus 3 leaves out the sample at its beginning.
    let about = |outcome: &Json| {
        let first = &outcome["heard"];
        (
            outcome["incident"].clone(),
            first["receiver"].clone(),
            first["alerts"].clone(),
            outcome["change"].clone(),
        )
    };
    let [older, newer] = [&heard[0], &heard[1]].map(|outcomes| outcomes.iter().map(about).collect::<Vec<_>>());
    assert_eq!(older, newer);
    assert_eq!(older.len(), 2);
    for outcome in heard.iter().flatten() {
        assert_eq!(outcome["half"], "own");
        let silent = outcome["expected"].is_null();
        assert_eq!(outcome["heard"].is_null(), silent, "{outcome}");
        assert_eq!(outcome["false_messages"].as_array().unwrap().len(), 0, "{outcome}");
    }
}

/// A world that promtool refuses is told by its name, and is no silence.
#[test]
fn judged_a_promtool_that_answers_nothing_is_no_silence() {
    let quiet = tool("true").get_program().display().to_string();
    for incidents in [&["quiet-day"][..], &["quiet-day", "quiet-canary", "--jobs", "1"]] {
        let (done, _, error) = drill(&[incidents, &["--promtool", &quiet]].concat());
        assert!(!done, "{error}");
        assert!(
            error.contains("quiet-day: promtool did not evaluate the rules to the end"),
            "{error}"
        );
    }
}

/// Incidents of different lengths: what is heard by page and by ticket, of a canary, of targets, of features, and of nothing.
const SHORT: &str = r#"
[[incidents]]
name = "canary-fails"
minutes = 8
releases = [{ version = "2026-05-01", share = 0.2 }]
effects = [{ errors = 0.5, version = "2026-05-01" }]
expect = { team = "ml-platform", severity = "page", names = ["2026-05-01"], change = "2026-05-01" }

[[incidents]]
name = "nobody-answers"
minutes = 10
effects = [{ down = true }]
expect = { team = "ml-platform", severity = "page" }

[[incidents]]
name = "feature-gone"
minutes = 12
effects = [{ missing = 0.5, feature = "income" }]
expect = { team = "data-platform", severity = "ticket", names = ["income"] }

[[incidents]]
name = "fine-canary"
minutes = 12
releases = [{ version = "2026-05-01", share = 0.2 }]
"#;

/// Four incidents in one run of promtool are heard as each of them is in a run of its own, which those have whose files are kept.
/// Environments have two labels, and one alert fires in all of them, with the label of none.
#[test]
fn judged_incidents_that_share_a_run_are_heard_as_each_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut config = fs::read_to_string(CONFIG).unwrap();
    for (old, new) in [
        ("evaluation_interval = \"30s\"", "evaluation_interval = \"1m\""),
        (
            "[prometheus]\n",
            "[prometheus]\nidentity = [\"environment\", \"cluster\"]\n",
        ),
    ] {
        assert!(config.contains(old), "{config}");
        config = config.replace(old, new);
    }
    config += "\n[alertmanager.watchdog]\nwebhook = { url = \"https://hc.example.com/ping\" }\n";
    fs::write(path("modelwatch.toml"), config).unwrap();
    fs::write(path("incidents.toml"), SHORT).unwrap();
    // One that writes down what it is asked. Another process writes it: a program that is open for writing can't be run.
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>{}\nexec {} \"$@\"\n",
        path("asked"),
        quicker_promtool()
    );
    fs::write(path("script"), script).unwrap();
    let installed = Command::new("install")
        .args(["-m", "755", &path("script"), &path("promtool")])
        .status();
    assert!(installed.unwrap().success());
    let rehearsed = |more: &[&str]| {
        let (config, incidents, promtool) = (path("modelwatch.toml"), path("incidents.toml"), path("promtool"));
        let asked = [
            "--file",
            &incidents,
            "--promtool",
            &promtool,
            "--history",
            "30",
            "--jobs",
            "1",
            "--json",
        ];
        let (done, said, error) = drill_of(&config, &[&asked, more].concat());
        assert!(done, "{error}");
        let asked = fs::read_to_string(path("asked")).unwrap();
        fs::remove_file(path("asked")).unwrap();
        (
            said,
            asked.lines().filter(|line| line.starts_with("test rules")).count(),
        )
    };
    let (together, runs) = rehearsed(&[]);
    assert_eq!(runs, 1);
    let (alone, runs) = rehearsed(&["--keep", &path("kept")]);
    assert_eq!(runs, 4);
    // promtool takes series in another order at each run. So of two names with the same value, now one comes first and now the other.
    let without_names = |said: &str| said.split("\\\"").step_by(2).collect::<String>();
    assert_eq!(without_names(&together), without_names(&alone));
    let answer: Json = serde_json::from_str(&together).unwrap();
    for outcome in answer["outcomes"].as_array().unwrap() {
        assert_eq!(
            outcome["heard"].is_null(),
            outcome["incident"] == "fine-canary",
            "{outcome:#}"
        );
    }
    for incident in ["canary-fails", "nobody-answers", "feature-gone", "fine-canary"] {
        for kept in [
            format!("{incident}.json"),
            format!("{incident}-rules.json"),
            format!("{incident}.txt"),
        ] {
            assert!(Path::new(&path("kept")).join(&kept).is_file(), "{kept}");
        }
    }
}

/// Incidents that were written when the rules were done. Two versions that fail one after the other are two messages.
#[test]
fn judged_unseen_incidents_are_heard_by_their_team_with_culprits_and_what_changed() {
    let unseen = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../modelwatch-drill/tests/data/unseen.toml"
    );
    let (done, said, error) = drill(&["--file", unseen, "--json", "--promtool", &quicker_promtool()]);
    assert!(done, "{error}");
    let answer: Json = serde_json::from_str(&said).unwrap();
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 11);
    for outcome in outcomes {
        let name = outcome["incident"].as_str().unwrap();
        let count = |key: &str| outcome[key].as_array().unwrap().len();
        assert!(!outcome["heard"].is_null(), "nobody hears of {name}");
        assert_eq!((count("unnamed"), count("false_messages")), (0, 0), "{outcome:#}");
        assert_eq!(outcome["change"], "right", "{outcome:#}");
        let most = if name == "one-version-after-the-other" { 2 } else { 1 };
        assert!(outcome["wakings"].as_u64().unwrap() <= most, "{outcome:#}");
    }
}

/// The half by which no constant was chosen: the other one would say less, and take as long again. Incidents and quiet stretches
/// each have the interval between evaluations that is the harder one for them. One of a minute, as Prometheus has it by itself, is
/// late for what happens. The example's thirty seconds see twice as much of what is nothing.
#[test]
fn judged_incidents_reach_their_team_with_culprits_and_what_changed_and_quiet_stretches_nobody() {
    let (done, said, error) = drill(&["--list", "--held-out", "--json"]);
    assert!(done, "{error}");
    let listed: Json = serde_json::from_str(&said).unwrap();
    let named = |quiet: bool| {
        let incidents = listed["incidents"].as_array().unwrap().iter();
        let wanted = incidents.filter(move |incident| incident["quiet"] == quiet);
        wanted
            .map(|incident| incident["incident"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let folder = tempfile::tempdir().unwrap();
    let slow = folder.path().join("modelwatch.toml");
    let (example, each) = (fs::read_to_string(CONFIG).unwrap(), "evaluation_interval = \"30s\"");
    assert!(example.contains(each), "{example}");
    fs::write(&slow, example.replace(each, "evaluation_interval = \"1m\"")).unwrap();
    let promtool = quicker_promtool();
    let asked = ["--json", "--promtool", &promtool];
    let rehearsed = |config: &str, names: Vec<&str>| {
        let (done, said, error) = drill_of(config, &[&names[..], &asked].concat());
        assert!(done, "{error}");
        let answer: Json = serde_json::from_str(&said).unwrap();
        assert_eq!(answer["outcomes"].as_array().unwrap().len(), names.len());
        answer
    };
    let incidents = rehearsed(&slow.display().to_string(), named(false));
    let stretches = rehearsed(CONFIG, named(true));
    let outcomes = [&incidents, &stretches].map(|answer| answer["outcomes"].as_array().unwrap());
    for outcome in outcomes.into_iter().flatten() {
        let name = outcome["incident"].as_str().unwrap();
        assert_eq!(outcome["half"], "held out", "{name}");
        let told = outcome["expected"].is_null() || !outcome["heard"].is_null();
        assert!(told, "nobody hears of {name}");
        assert_eq!(outcome["false_messages"].as_array().unwrap().len(), 0, "{outcome:#}");
        assert_ne!(outcome["change"], "wrong", "{outcome:#}");
    }
    let summary = &incidents["summaries"][0];
    let number = |key: &str| summary[key].as_f64().unwrap();
    assert!(number("median_pages") <= 3.0, "{summary:#}");
    assert!(number("median") <= 4.0 && number("wakings") <= 1.0, "{summary:#}");
    assert!(number("named") >= 0.95 * number("found"), "{summary:#}");
    assert!(number("changes") >= 0.95 * number("found"), "{summary:#}");
    assert!(number("found") == number("incidents"), "{summary:#}");
    assert!(number("incidents") >= 20.0 && outcomes[1].len() >= 7, "{summary:#}");
}
