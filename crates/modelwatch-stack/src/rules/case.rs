//! The promtool test of an alert: a story in which it stays quiet, fires at its minute, and resolves.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::prometheus_duration;
use serde::Serialize;

use crate::promql::quoted;

/// One input series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Series {
    series: String,
    values: String,
}

/// A name with labels, as promtool and PromQL write it.
pub(crate) fn series_name(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| format!("{label}={}", quoted(value)))
        .collect();
    format!("{name}{{{}}}", labels.join(", "))
}

impl Series {
    /// A counter that begins at 0 and then grows by so much a step for so many steps.
    pub(crate) fn counter(name: &str, labels: &[(&str, &str)], phases: &[(f64, usize)]) -> Self {
        let mut total = 0.0;
        let mut values = vec![String::from("0")];
        for (growth, steps) in phases {
            // promtool's `a+bxn` is n + 1 samples.
            values.push(format!("{}+{growth}x{}", total + growth, steps - 1));
            total += growth * *steps as f64;
        }
        Self::new(name, labels, &values)
    }

    /// A gauge that has so much for so many steps; nothing where the value is NaN.
    pub(crate) fn gauge(name: &str, labels: &[(&str, &str)], phases: &[(f64, usize)]) -> Self {
        let values: Vec<_> = phases
            .iter()
            .map(|(value, steps)| match (value.is_nan(), steps) {
                (true, 1) => "_".to_owned(),
                (true, _) => format!("_x{steps}"),
                // promtool 2.42 knows no `axn`.
                (false, _) => format!("{value}+0x{}", steps - 1),
            })
            .collect();
        Self::new(name, labels, &values)
    }

    /// From a value on so much more each step, for so many; nothing where the value is NaN.
    pub(crate) fn ramps(name: &str, labels: &[(&str, &str)], ramps: &[(f64, f64, usize)]) -> Self {
        let values: Vec<_> = ramps
            .iter()
            .map(|(from, growth, steps)| {
                if from.is_nan() {
                    format!("_x{steps}")
                } else {
                    format!("{from}+{growth}x{}", steps - 1)
                }
            })
            .collect();
        Self::new(name, labels, &values)
    }

    fn new(name: &str, labels: &[(&str, &str)], values: &[String]) -> Self {
        Self {
            series: series_name(name, labels),
            values: values.join(" "),
        }
    }
}

/// Labels and their values.
pub(crate) type LabelSet = Vec<(&'static str, String)>;

/// A story.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Between samples.
    pub(crate) step: Duration,
    /// Steps between evaluations.
    pub(crate) evaluate: u32,
    pub(crate) series: Vec<Series>,
    /// The labels of the series that fire; several where one cause shows in several series.
    pub(crate) fires: Vec<LabelSet>,
    /// Steps at which nothing fires: near misses, and the last before it does.
    pub(crate) quiet: Vec<usize>,
    /// The step at which it fires.
    pub(crate) fires_at: usize,
    /// The step at which it has resolved.
    pub(crate) resolved_at: usize,
}

/// The file of one or more tests.
#[derive(Debug, Serialize)]
pub(crate) struct TestFile {
    rule_files: [&'static str; 2],
    evaluation_interval: String,
    /// Recording rules first: promtool evaluates groups in any order otherwise, and what fires comes a step late.
    group_eval_order: Vec<String>,
    tests: Vec<Test>,
}

/// One test as promtool reads it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Test {
    name: String,
    interval: String,
    input_series: Vec<Series>,
    promql_expr_test: Vec<Question>,
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

impl Test {
    pub(crate) fn new(name: impl Into<String>, step: Duration, input_series: Vec<Series>) -> Self {
        Self {
            name: name.into(),
            interval: prometheus_duration(step),
            input_series,
            promql_expr_test: Vec::new(),
        }
    }

    fn ask(&mut self, expr: String, at: Duration, exp_samples: Vec<Sample>) {
        self.promql_expr_test.push(Question {
            expr,
            eval_time: prometheus_duration(at),
            exp_samples,
        });
    }

    /// Exactly these alerts fire among those with these labels.
    pub(crate) fn fires(&mut self, at: Duration, among: &BTreeMap<String, String>, fires: &[LabelSet]) {
        let mut among: Vec<_> = among
            .iter()
            .map(|(label, value)| (label.as_str(), value.as_str()))
            .collect();
        among.push(("alertstate", "firing"));
        let samples = fires.iter().map(|labels| {
            let mut all = among.clone();
            for (label, value) in labels {
                all.retain(|(known, _)| known != label);
                all.push((label, value));
            }
            Sample {
                labels: series_name("ALERTS", &all),
                value: 1.0,
            }
        });
        self.ask(series_name("ALERTS", &among), at, samples.collect());
    }

    /// An expression has these values.
    pub(crate) fn gives(&mut self, at: Duration, expr: impl Into<String>, values: &[(LabelSet, f64)]) {
        let samples = values.iter().map(|(labels, value)| {
            let name = labels.iter().find(|(label, _)| *label == "__name__");
            let others = labels.iter().filter(|(label, _)| *label != "__name__");
            let others: Vec<_> = others.map(|(label, value)| (*label, value.as_str())).collect();
            Sample {
                labels: series_name(name.map_or("", |(_, name)| name), &others),
                value: *value,
            }
        });
        self.ask(expr.into(), at, samples.collect());
    }
}

impl Case {
    /// Between evaluations.
    pub(crate) fn evaluated(&self) -> Duration {
        self.step * self.evaluate
    }

    /// The test of an alert with these labels of its own.
    pub(crate) fn test(&self, alert: &str, labels: &BTreeMap<String, String>) -> Test {
        let mut among = labels.clone();
        among.insert("alertname".to_owned(), alert.to_owned());
        let mut test = Test::new(
            format!("{alert} is quiet, fires and resolves"),
            self.step,
            self.series.clone(),
        );
        let at = |step: usize| self.step * u32::try_from(step).unwrap_or(u32::MAX);
        for step in &self.quiet {
            test.fires(at(*step), &among, &[]);
        }
        test.fires(at(self.fires_at), &among, &self.fires);
        test.fires(at(self.resolved_at), &among, &[]);
        test
    }
}
