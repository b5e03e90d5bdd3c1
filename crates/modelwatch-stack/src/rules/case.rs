//! The promtool test of an alert: a story in which it stays quiet, fires at its minute, and resolves. In a second environment,
//! where nothing breaks, it stays quiet throughout.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, SingleAlert, prometheus_duration};
use serde::Serialize;

use super::story::{Input, LabelSet, Series, identity, inputs};
use crate::error::GenerateError;
use crate::promql::{Expr, STACK_LABEL, Selector, Writer, series_name, word};

/// A story.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The interval between samples.
    pub(crate) step: Duration,
    /// Steps between evaluations.
    pub(crate) evaluate: u32,
    pub(crate) series: Vec<Series>,
    /// The labels of the series that fire, without their environment. Several when one cause shows in several series.
    pub(crate) fires: Vec<LabelSet>,
    /// Steps at which nothing fires: near misses, and the last step before it fires.
    pub(crate) quiet: Vec<usize>,
    /// The step at which it fires.
    pub(crate) fires_at: usize,
    /// The first step at which its expression no longer holds. `None` for an alert that always fires.
    pub(crate) resolved_at: Option<usize>,
}

/// The file of one or more tests.
#[derive(Debug, Serialize)]
pub(crate) struct TestFile {
    rule_files: [&'static str; 2],
    evaluation_interval: String,
    /// Recording rules first. Otherwise promtool evaluates groups in any order, and alerts fire a step late.
    group_eval_order: Vec<String>,
    tests: Vec<Test>,
}

/// One test in promtool's format.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Test {
    name: String,
    interval: String,
    input_series: Vec<Input>,
    promql_expr_test: Vec<Question>,
    #[serde(skip)]
    writer: Writer,
    #[serde(skip)]
    identity: Vec<(String, String)>,
    #[serde(skip)]
    stack: String,
    /// The file's changes to alerts.
    #[serde(skip)]
    single: BTreeMap<String, SingleAlert>,
}

#[derive(Clone, Debug, Serialize)]
struct Question {
    expr: String,
    eval_time: String,
    exp_samples: Vec<Sample>,
}

#[derive(Clone, Debug, Serialize)]
struct Sample {
    labels: String,
    value: f64,
}

impl TestFile {
    pub(crate) fn new(step: Duration, groups: &[String], tests: Vec<Test>) -> Self {
        Self {
            rule_files: ["../rules/ml-recording-rules.yml", "../rules/ml-alert-rules.yml"],
            evaluation_interval: prometheus_duration(step),
            group_eval_order: groups.to_vec(),
            tests,
        }
    }
}

/// Selects firing alerts with these labels.
pub(crate) fn firing<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Selector {
    let labels = labels.into_iter();
    labels.fold(word("ALERTS").eq("alertstate", "firing"), |alerts, (label, value)| {
        alerts.eq(label, value)
    })
}

impl Test {
    pub(crate) fn new(config: &Config, name: impl Into<String>, step: Duration, series: &[Series]) -> Self {
        Self {
            name: name.into(),
            interval: prometheus_duration(step),
            input_series: inputs(config, series),
            promql_expr_test: Vec::new(),
            writer: Writer::new(config),
            identity: identity(config),
            stack: config.stack.clone(),
            single: config.alerts.single.clone(),
        }
    }

    fn ask(&mut self, expr: &Expr, at: Duration, exp_samples: Vec<Sample>) -> Result<(), GenerateError> {
        let question = Question {
            expr: self
                .writer
                .rule(expr)
                .map_err(|error| GenerateError::new(format!("the test {}", self.name), error))?,
            eval_time: prometheus_duration(at),
            exp_samples,
        };
        self.promql_expr_test.push(question);
        Ok(())
    }

    /// Asserts that exactly these alerts fire among those with the labels `among`: in the environment where something broke, and
    /// in no other.
    pub(crate) fn fires(
        &mut self,
        at: Duration,
        among: &BTreeMap<String, String>,
        fires: &[LabelSet],
    ) -> Result<(), GenerateError> {
        let here = self.identity.clone();
        self.fires_somewhere(at, among, fires, &here)
    }

    /// The same for alerts without identity labels: their place is unknown, or they are not about a place.
    pub(crate) fn fires_nowhere_known(
        &mut self,
        at: Duration,
        among: &BTreeMap<String, String>,
        fires: &[LabelSet],
    ) -> Result<(), GenerateError> {
        self.fires_somewhere(at, among, fires, &[])
    }

    fn fires_somewhere(
        &mut self,
        at: Duration,
        among: &BTreeMap<String, String>,
        fires: &[LabelSet],
        place: &[(String, String)],
    ) -> Result<(), GenerateError> {
        let change = among.get("alertname").and_then(|alert| self.single.get(alert)).cloned();
        let besides = change.as_ref().map(|change| change.labels.clone()).unwrap_or_default();
        if change.is_some_and(|change| !change.enabled) {
            return Ok(());
        }
        let among: Vec<_> = among
            .iter()
            .map(|(label, value)| (label.as_str(), value.as_str()))
            .collect();
        let samples = fires.iter().map(|labels| {
            let mut all: BTreeMap<_, _> = among.iter().copied().collect();
            all.insert("alertstate", "firing");
            all.insert(STACK_LABEL, &self.stack);
            all.extend(besides.iter().map(|(label, value)| (label.as_str(), value.as_str())));
            all.extend(place.iter().map(|(label, value)| (label.as_str(), value.as_str())));
            all.extend(labels.iter().map(|(label, value)| (*label, value.as_str())));
            Sample {
                labels: series_name("ALERTS", &all.into_iter().collect::<Vec<_>>()),
                value: 1.0,
            }
        });
        let samples = samples.collect();
        self.ask(&firing(among).expr(), at, samples)
    }

    /// Asserts that a series has this value where something broke, or no sample.
    pub(crate) fn has(
        &mut self,
        at: Duration,
        selector: Selector,
        labels: &LabelSet,
        value: Option<f64>,
    ) -> Result<(), GenerateError> {
        let here = self.identity.clone();
        let selector = here
            .iter()
            .fold(selector, |selector, (label, value)| selector.eq(label, value));
        let name = selector.name();
        let samples = value.map(|value| {
            let mut all: Vec<_> = labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            all.push((STACK_LABEL, &self.stack));
            all.extend(here.iter().map(|(label, value)| (label.as_str(), value.as_str())));
            Sample {
                labels: series_name(&name, &all),
                value,
            }
        });
        self.ask(&selector.expr(), at, samples.into_iter().collect())
    }

    /// Asserts that none of these series existed at any time of a window.
    pub(crate) fn never(&mut self, at: Duration, selector: &Selector, window: Duration) -> Result<(), GenerateError> {
        self.ask(&selector.over("count_over_time", window), at, Vec::new())
    }

    /// Asserts that this many series exist, with any labels.
    pub(crate) fn counts(&mut self, at: Duration, selector: &Selector, count: usize) -> Result<(), GenerateError> {
        let asked = selector.expr().how_many();
        let name = selector.value("alertname").unwrap_or_default();
        if self.single.get(name).is_some_and(|change| !change.enabled) {
            return Ok(());
        }
        let samples = (count > 0).then(|| Sample {
            labels: "{}".to_owned(),
            value: count as f64,
        });
        self.ask(&asked, at, samples.into_iter().collect())
    }
}

impl Case {
    /// The interval between evaluations.
    pub(crate) fn evaluated(&self) -> Duration {
        self.step * self.evaluate
    }
}
