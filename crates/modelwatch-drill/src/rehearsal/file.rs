//! A world as a test file. It is JSON, which is YAML, too: so what is quoted is quoted by a library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::iter;

use modelwatch_config::Config;
use modelwatch_stack::GenerateError;
use modelwatch_stack::rules::{Group, Rules};
use serde::Serialize;

use super::answer::{AnswerError, alerts};
use super::firing::{ALWAYS, Evaluation};
use super::mark::Mark;
use super::needed;
use crate::world::{Series, World};

/// What the files of each rehearsal of a configuration are made of.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::Incident;
/// use modelwatch_drill::rehearsal::{Rehearsal, RehearsalFiles, files};
/// use modelwatch_drill::scene::Scene;
/// use modelwatch_drill::world::{Settings, World};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, None)?;
/// let files: RehearsalFiles = files(&scene.config)?;
/// let mut incident = Incident::new("nothing", "Nothing happens.");
/// incident.minutes = 5;
/// let world = World::new(&scene, &incident, &Settings::new(5, 0));
/// let rehearsal: Rehearsal = files.of("nothing", &world, world.onset)?;
/// let (name, rules) = &rehearsal.rules;
/// assert_eq!(name, "nothing-rules.json");
/// assert!(rules.contains("MLInferenceHighErrorRate"));
/// // From the onset on, each alert is asked for.
/// assert!(rehearsal.test.contains(r#""eval_time":"300s","alertname":"MLInferenceHighErrorRate""#));
/// assert!(!rehearsal.test.contains(r#""eval_time":"270s""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RehearsalFiles {
    /// The rules in the order of their evaluation, but those that no alert reads.
    pub(super) groups: Vec<Group>,
    /// The names of the alerts.
    alerts: BTreeSet<String>,
    /// The alerts that read no series: they fire in every world.
    pub(super) everywhere: BTreeSet<String>,
    /// The label by which the rules tell environments apart; the last of them where there are several.
    pub(super) identity: Option<String>,
    /// Between evaluations, in seconds.
    interval: u32,
}

/// The files of one rehearsal, for one folder.
///
/// The example of [`RehearsalFiles`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The test file.
    pub test: String,
    /// The rules that it names, each with the name of its file: those that find a series in this world.
    pub rules: (String, String),
    /// The last evaluation, in seconds from the first scrape.
    last: u32,
}

/// A world of a run, with the label that says which one it is where there are several.
pub(super) struct Part<'a> {
    pub(super) world: &'a World,
    pub(super) mark: Option<(&'a String, Mark)>,
}

#[derive(Serialize)]
struct TestFile<'a> {
    rule_files: [&'a str; 1],
    evaluation_interval: String,
    group_eval_order: Vec<&'a str>,
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
/// Makes the rules of a configuration ready to be rehearsed.
///
/// # Errors
///
/// The rules can't be generated.
pub fn files(config: &Config) -> Result<RehearsalFiles, GenerateError> {
    let rules = Rules::new(config)?;
    let alerts = || rules.alerts.iter().flat_map(|group| &group.rules);
    let everywhere = alerts().filter(|rule| needed::reads_nothing(&rule.expr));
    Ok(RehearsalFiles {
        alerts: alerts().filter_map(|rule| rule.alert.clone()).collect(),
        everywhere: everywhere.filter_map(|rule| rule.alert.clone()).collect(),
        identity: config.prometheus.identity.last().cloned(),
        groups: [needed::read(&rules), rules.alerts].concat(),
        interval: u32::try_from(config.prometheus.evaluation_interval.as_secs())
            .unwrap_or(u32::MAX)
            .max(1),
    })
}

impl RehearsalFiles {
    /// Makes the files of a world of this name, in which alerts count from a time on, in seconds from the first scrape.
    ///
    /// # Errors
    ///
    /// They can't be serialised.
    pub fn of(&self, name: &str, world: &World, from: u32) -> Result<Rehearsal, serde_json::Error> {
        self.write(name, &[Part { world, mark: None }], world.begins, from)
    }

    pub(super) fn write(
        &self,
        name: &str,
        parts: &[Part<'_>],
        begins: u32,
        from: u32,
    ) -> Result<Rehearsal, serde_json::Error> {
        let all_series = || parts.iter().flat_map(|part| &part.world.series);
        let names = all_series().map(|series| series.name.as_str()).collect();
        let mut groups: Vec<_> = needed::finding(&self.groups, &names)
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<_, _>>()?;
        groups.push(serde_json::json!({ "name": GROUP, "rules": [{ "alert": ALWAYS, "expr": "vector(1)" }] }));
        let order = groups.iter().filter_map(|group| group["name"].as_str()).collect();
        let rules = (
            format!("{name}-rules.json"),
            serde_json::json!({ "groups": groups }).to_string(),
        );
        let seconds = |seconds: u32| format!("{seconds}s");
        // promtool knows one interval for all: a day before the world is long, and half as often is soon enough.
        let interval = if begins > 0 { 2 * self.interval } else { self.interval };
        let end = parts.iter().map(|part| part.world.end).max().unwrap_or_default();
        let last = end / interval;
        let times = (0..=last)
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
        let series = parts
            .iter()
            .flat_map(|part| part.world.series.iter().zip(iter::repeat(&part.mark)));
        let file = TestFile {
            rule_files: [&rules.0],
            evaluation_interval: seconds(interval),
            group_eval_order: order,
            tests: [Test {
                interval: seconds(parts.first().map_or(1, |part| part.world.step)),
                input_series: series.map(|(series, mark)| input(series, mark.as_ref())).collect(),
                alert_rule_test: expected.collect(),
            }],
        };
        let test = serde_json::to_string(&file)?;
        Ok(Rehearsal {
            test,
            rules,
            last: last * interval,
        })
    }
}

impl Rehearsal {
    /// Reads promtool's answer, as [`alerts`] does, and makes sure that it reaches the last evaluation: a rule that fails ends it early.
    ///
    /// # Errors
    ///
    /// Those of [`alerts`].
    pub fn alerts(&self, said: &str) -> Result<Vec<Evaluation>, AnswerError> {
        let evaluations = alerts(said)?;
        if evaluations.last().is_some_and(|evaluation| evaluation.at >= self.last) {
            return Ok(evaluations);
        }
        let errors = said.lines().map(str::trim).filter(|line| line.contains("err: "));
        Err(AnswerError::NoAnswer(errors.collect::<Vec<_>>().join(" ")))
    }
}

fn input(series: &Series, mark: Option<&(&String, Mark)>) -> Input {
    let mut all = series.labels.clone();
    if let Some((label, mark)) = mark
        && let Some(value) = all.get_mut(*label)
    {
        mark.put(value);
    }
    Input {
        series: format!("{}{}", series.name, labels(&all)),
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
