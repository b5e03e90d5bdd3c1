//! A world as a test file. It is JSON, which is YAML, too: so what is quoted is quoted by a library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use modelwatch_config::Config;
use modelwatch_stack::GenerateError;
use modelwatch_stack::rules::{ALERT_FILE, RECORDING_FILE, Rules};
use serde::Serialize;

use super::firing::ALWAYS;
use crate::world::{Series, World};

/// The files of a rehearsal, all of them in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RehearsalFiles {
    /// Names and contents of the rules, which all worlds of a configuration share.
    pub rules: Vec<(String, String)>,
    /// The names of the groups in the order of their evaluation.
    groups: Vec<String>,
    /// The names of the alerts.
    alerts: BTreeSet<String>,
    /// Between evaluations, in seconds.
    interval: u32,
}

#[derive(Serialize)]
struct TestFile<'a> {
    rule_files: Vec<&'a str>,
    evaluation_interval: String,
    group_eval_order: &'a [String],
    tests: [Test<'a>; 1],
}

#[derive(Serialize)]
struct Test<'a> {
    interval: String,
    input_series: Vec<Input>,
    alert_rule_test: Vec<Expected<'a>>,
}

#[derive(Serialize)]
struct Input {
    series: String,
    values: String,
}

#[derive(Serialize)]
struct Expected<'a> {
    eval_time: String,
    alertname: &'a str,
    exp_alerts: [(); 0],
}

/// The group of the alert that always fires.
const GROUP: &str = "modelwatch-drill";
/// Its file.
const ALWAYS_FILE: &str = "modelwatch-drill.json";

/// Makes the rule files of a configuration.
///
/// # Errors
///
/// The rules can't be generated.
pub fn files(config: &Config) -> Result<RehearsalFiles, GenerateError> {
    let rules = Rules::new(config)?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let wanted = [RECORDING_FILE, ALERT_FILE];
    let mut files: Vec<_> = rules
        .files()?
        .into_iter()
        .filter(|file| wanted.contains(&file.path.as_str()))
        .map(|file| (name(&file.path), file.contents))
        .collect();
    let always = serde_json::json!({
        "groups": [{ "name": GROUP, "rules": [{ "alert": ALWAYS, "expr": "vector(1)" }] }]
    });
    files.push((ALWAYS_FILE.to_owned(), always.to_string()));
    let groups = rules.recording.iter().chain(&rules.alerts);
    let alerts = rules.alerts.iter().flat_map(|group| &group.rules);
    Ok(RehearsalFiles {
        rules: files,
        groups: groups
            .map(|group| group.name.clone())
            .chain([GROUP.to_owned()])
            .collect(),
        alerts: alerts.filter_map(|rule| rule.alert.clone()).collect(),
        interval: u32::try_from(config.prometheus.evaluation_interval.as_secs())
            .unwrap_or(u32::MAX)
            .max(1),
    })
}

impl RehearsalFiles {
    /// Makes the test file of a world, in which alerts count from a time on, in seconds from the first scrape.
    ///
    /// # Errors
    ///
    /// It can't be serialised.
    pub fn test(&self, world: &World, from: u32) -> Result<String, serde_json::Error> {
        let seconds = |seconds: u32| format!("{seconds}s");
        // promtool knows one interval for all: a day before the world is long, and half as often is soon enough.
        let interval = if world.begins > 0 {
            2 * self.interval
        } else {
            self.interval
        };
        let times = (0..=world.end / interval)
            .map(|evaluation| evaluation * interval)
            .filter(|&time| time >= from);
        let expected = times.flat_map(|time| {
            let names = self.alerts.iter().map(String::as_str).chain([ALWAYS]);
            names.map(move |alertname| Expected {
                eval_time: seconds(time),
                alertname,
                exp_alerts: [],
            })
        });
        let file = TestFile {
            rule_files: self.rules.iter().map(|(name, _)| name.as_str()).collect(),
            evaluation_interval: seconds(interval),
            group_eval_order: &self.groups,
            tests: [Test {
                interval: seconds(world.step),
                input_series: world.series.iter().map(input).collect(),
                alert_rule_test: expected.collect(),
            }],
        };
        serde_json::to_string(&file)
    }
}

fn input(series: &Series) -> Input {
    Input {
        series: format!("{}{}", series.name, labels(&series.labels)),
        values: values(&series.samples),
    }
}

fn labels(labels: &BTreeMap<String, String>) -> String {
    let mut text = String::from("{");
    for (label, value) in labels {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let comma = if text.len() > 1 { "," } else { "" };
        // Writing into a string can't fail.
        let _ = write!(text, "{comma}{label}=\"{value}\"");
    }
    text + "}"
}

/// Samples as promtool reads them: what repeats is written once, and what ends is marked as Prometheus marks it.
fn values(samples: &[Option<f64>]) -> String {
    let mut text = String::new();
    let mut index = 0;
    let mut was_there = false;
    while let Some(&sample) = samples.get(index) {
        let run = samples[index..].iter().take_while(|other| **other == sample).count();
        index += run;
        let written = match sample {
            Some(value) if run > 2 => write!(text, "{value}+0x{} ", run - 1),
            Some(value) => (0..run).try_for_each(|_| write!(text, "{value} ")),
            None if was_there && run > 1 => write!(text, "stale _x{} ", run - 1),
            None if was_there => write!(text, "stale "),
            None => write!(text, "_x{run} "),
        };
        // Writing into a string can't fail.
        let _ = written;
        was_there = sample.is_some();
    }
    text
}
