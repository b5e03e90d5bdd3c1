//! Is what an expression selects there to be selected?

use std::collections::BTreeSet;
use std::fmt;

use modelwatch::contract::{self, MetricKind};
use promql_parser::label::Labels;
use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use crate::recorded::RECORDED;

/// Labels that Prometheus and our scrape configuration put on every scraped series.
const TARGET_LABELS: [&str; 4] = ["job", "instance", "service", "environment"];
/// Series Prometheus makes itself, and their labels.
const OWN: [(&str, &[&str]); 2] = [
    ("up", &[]),
    (
        "ALERTS",
        &[
            "alertname",
            "alertstate",
            "severity",
            "team",
            "plane",
            "model_name",
            "model_version",
            "route",
            "feature_name",
        ],
    ),
];

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It does not parse; the parser's words.
    Syntax(String),
    /// No such metric, recorded or in the contract.
    Metric(String),
    /// The metric has no such label.
    Label {
        /// The metric, or "any metric" for a label of a grouping.
        metric: String,
        /// The label.
        label: String,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(words) => write!(f, "it does not parse: {words}"),
            Self::Metric(metric) => write!(f, "nothing exposes or records {metric}"),
            Self::Label { metric, label } => write!(f, "{metric} has no label {label}"),
        }
    }
}

impl std::error::Error for Unknown {}

/// Parses an expression, looks up what it selects, and lays it out for readers.
///
/// # Errors
///
/// It does not parse, or it selects a metric or label that neither the contract nor a recording rule has.
pub fn check(expression: &str) -> Result<String, Unknown> {
    let parsed = parser::parse(expression).map_err(Unknown::Syntax)?;
    walk_expr(&mut Check, &parsed)?;
    Ok(parsed.prettify())
}

/// The series an expression selects, by name.
///
/// # Errors
///
/// It does not parse.
pub fn series_in(expression: &str) -> Result<BTreeSet<String>, Unknown> {
    let parsed = parser::parse(expression).map_err(Unknown::Syntax)?;
    let mut names = Names(BTreeSet::new());
    walk_expr(&mut names, &parsed)?;
    Ok(names.0)
}

struct Names(BTreeSet<String>);

impl ExprVisitor for Names {
    type Error = Unknown;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Unknown> {
        if let Some(name) = selector(expr).and_then(|selector| selector.name.clone()) {
            self.0.insert(name);
        }
        Ok(true)
    }
}

fn selector(expr: &Expr) -> Option<&VectorSelector> {
    match expr {
        Expr::VectorSelector(selector) => Some(selector),
        Expr::MatrixSelector(matrix) => Some(&matrix.vs),
        _ => None,
    }
}

struct Check;

impl ExprVisitor for Check {
    type Error = Unknown;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Unknown> {
        match expr {
            Expr::Aggregate(aggregate) => {
                known_labels(aggregate.modifier.as_ref().map(LabelModifier::labels))?;
            }
            Expr::Binary(binary) => {
                if let Some(modifier) = &binary.modifier {
                    known_labels(modifier.matching.as_ref().map(LabelModifier::labels))?;
                    known_labels(modifier.card.labels())?;
                }
            }
            _ => {}
        }
        if let Some(selector) = selector(expr) {
            known_selector(selector)?;
        }
        Ok(true)
    }
}

fn known_selector(selector: &VectorSelector) -> Result<(), Unknown> {
    let name = selector.name.as_deref().unwrap_or_default();
    let labels = labels_of(name).ok_or_else(|| Unknown::Metric(name.to_owned()))?;
    let matchers = selector.matchers.or_matchers.iter().flatten();
    for matcher in selector.matchers.matchers.iter().chain(matchers) {
        if !labels.contains(&matcher.name.as_str()) {
            return Err(Unknown::Label {
                metric: name.to_owned(),
                label: matcher.name.clone(),
            });
        }
    }
    Ok(())
}

/// The labels of a series, `le` included; nothing when there is no such series.
fn labels_of(name: &str) -> Option<Vec<&'static str>> {
    if let Some(recorded) = RECORDED.iter().find(|recorded| recorded.name == name) {
        return Some(recorded.labels.to_vec());
    }
    if let Some((_, labels)) = OWN.iter().find(|(own, _)| *own == name) {
        return Some(labels.iter().chain(&TARGET_LABELS).copied().collect());
    }
    contract::METRICS.iter().find_map(|metric| {
        let mut labels: Vec<_> = metric.labels.iter().chain(&TARGET_LABELS).copied().collect();
        match (metric.kind, name.strip_prefix(metric.name)?) {
            (MetricKind::Counter | MetricKind::Gauge, "") | (MetricKind::Histogram, "_count" | "_sum") => Some(labels),
            (MetricKind::Histogram, "_bucket") => {
                labels.push("le");
                Some(labels)
            }
            _ => None,
        }
    })
}

fn known_labels(labels: Option<&Labels>) -> Result<(), Unknown> {
    let known = |label: &str| {
        label == "le"
            || TARGET_LABELS.contains(&label)
            || contract::METRICS.iter().any(|metric| metric.labels.contains(&label))
            || OWN.iter().any(|(_, labels)| labels.contains(&label))
    };
    match labels.and_then(|labels| labels.labels.iter().find(|label| !known(label))) {
        None => Ok(()),
        Some(label) => Err(Unknown::Label {
            metric: "any metric".to_owned(),
            label: label.clone(),
        }),
    }
}
