//! Checks that an expression selects existing series. It checks the text, so the result holds for what is written, not only for
//! what was meant.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::fmt;

use modelwatch::contract::{self, MetricKind};
use promql_parser::label::Labels;
use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use super::expr::SIDE;
use crate::recorded::RECORDED;

/// The number of valid expressions to remember: several for each alert.
const REMEMBERED: usize = 4096;

/// The label that names the stack, on the series and alerts of its rules.
pub(crate) const STACK_LABEL: &str = "stack";

/// Labels that Prometheus and the generated scrape configuration put on every scraped series.
pub(super) const TARGET_LABELS: [&str; 3] = ["job", "instance", "service"];
/// Series that Prometheus makes itself, and their labels.
pub(super) const OWN: &[(&str, &[&str])] = &[
    ("up", &TARGET_LABELS),
    (
        "prometheus_rule_evaluation_failures_total",
        &["job", "instance", "rule_group"],
    ),
    ("prometheus_notifications_dropped_total", &["job", "instance"]),
    (
        "alertmanager_notifications_failed_total",
        &["job", "instance", "integration"],
    ),
    ("ALERTS", ALERT_LABELS),
    ("ALERTS_FOR_STATE", ALERT_LABELS),
];
const ALERT_LABELS: &[&str] = &[
    "alertname",
    "alertstate",
    "severity",
    "team",
    "plane",
    STACK_LABEL,
    "job",
    "instance",
    "service",
    "model_name",
    "model_version",
    "route",
    "feature_name",
    "fault",
    "class",
    "outcome",
    "label",
    "window",
    "rule_group",
];

/// Why an expression is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It does not parse. Contains the parser's message.
    Syntax(String),
    /// No such metric, neither recorded nor in the contract.
    Metric(String),
    /// The metric has no such label.
    Label {
        /// The metric, or "any metric" for a label of a grouping.
        metric: String,
        /// The label.
        label: String,
    },
    /// A label of the alert, used where there is no alert.
    OfAlert(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(words) => write!(f, "it does not parse: {words}"),
            Self::Metric(metric) => write!(f, "nothing exposes or records {metric}"),
            Self::Label { metric, label } => write!(f, "{metric} has no label {label}"),
            Self::OfAlert(label) => write!(f, "it compares with the label {label} of an alert, and there is none"),
        }
    }
}

impl std::error::Error for Unknown {}

/// Parses an expression, looks up its series, and formats it for readers.
///
/// # Errors
///
/// Returns an error when the expression does not parse, or selects a metric or label that neither the contract nor a recording
/// rule has.
pub(super) fn check(expression: &str, identity: &[String]) -> Result<String, Unknown> {
    Ok(looked_up(expression, identity)?.prettify())
}

/// Checks that an expression parses and selects existing series, as [`check`] does. It remembers valid ones, because each alert
/// of each model runs the same queries in its annotations.
///
/// # Errors
///
/// The same errors as [`check`].
pub(super) fn is_right(expression: &str, identity: &[String]) -> Result<(), Unknown> {
    thread_local! {
        static RIGHT: RefCell<HashSet<(Vec<String>, String)>> = RefCell::default();
    }
    let key = (identity.to_vec(), expression.to_owned());
    if RIGHT.with_borrow(|right| right.contains(&key)) {
        return Ok(());
    }
    looked_up(expression, identity)?;
    RIGHT.with_borrow_mut(|right| {
        if right.len() >= REMEMBERED {
            right.clear();
        }
        right.insert(key);
    });
    Ok(())
}

fn looked_up(expression: &str, identity: &[String]) -> Result<Expr, Unknown> {
    let parsed = parser::parse(expression).map_err(Unknown::Syntax)?;
    walk_expr(&mut Check { identity }, &parsed)?;
    Ok(parsed)
}

/// Returns the names of the series that an expression selects.
///
/// # Errors
///
/// Returns an error when the expression does not parse.
pub(crate) fn series_in(expression: &str) -> Result<BTreeSet<String>, Unknown> {
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

struct Check<'a> {
    identity: &'a [String],
}

impl ExprVisitor for Check<'_> {
    type Error = Unknown;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Unknown> {
        match expr {
            Expr::Aggregate(aggregate) => {
                self.known_labels(aggregate.modifier.as_ref().map(LabelModifier::labels))?;
            }
            Expr::Binary(binary) => {
                if let Some(modifier) = &binary.modifier {
                    self.known_labels(modifier.matching.as_ref().map(LabelModifier::labels))?;
                    self.known_labels(modifier.card.labels())?;
                }
            }
            _ => {}
        }
        if let Some(selector) = selector(expr) {
            self.known_selector(selector)?;
        }
        Ok(true)
    }
}

impl Check<'_> {
    fn identifies(&self, label: &str) -> bool {
        self.identity.iter().any(|known| known == label)
    }

    fn known_selector(&self, selector: &VectorSelector) -> Result<(), Unknown> {
        let name = selector.name.as_deref().unwrap_or_default();
        let labels = labels_of(name).ok_or_else(|| Unknown::Metric(name.to_owned()))?;
        let matchers = selector.matchers.or_matchers.iter().flatten();
        for matcher in selector.matchers.matchers.iter().chain(matchers) {
            if !labels.contains(&matcher.name.as_str()) && !self.identifies(&matcher.name) {
                return Err(Unknown::Label {
                    metric: name.to_owned(),
                    label: matcher.name.clone(),
                });
            }
        }
        Ok(())
    }

    fn known_labels(&self, labels: Option<&Labels>) -> Result<(), Unknown> {
        let known = |label: &str| {
            ["le", SIDE].contains(&label)
                || self.identifies(label)
                || TARGET_LABELS.contains(&label)
                || contract::METRICS.iter().any(|metric| metric.labels.contains(&label))
                || RECORDED.iter().any(|recorded| recorded.labels.contains(&label))
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
}

/// Returns the labels of a series, including `le` but not the identity. `None` when there is no such series.
fn labels_of(name: &str) -> Option<Vec<&'static str>> {
    if let Some(recorded) = RECORDED.iter().find(|recorded| recorded.name == name) {
        return Some([recorded.labels, &[STACK_LABEL]].concat());
    }
    if let Some((_, labels)) = OWN.iter().find(|(own, _)| *own == name) {
        return Some(labels.to_vec());
    }
    contract::METRICS.iter().find_map(|metric| {
        let mut labels: Vec<_> = metric.labels.iter().chain(&TARGET_LABELS).copied().collect();
        match (metric.kind, name.strip_prefix(metric.name)?) {
            // The plain name of a histogram is its native form.
            (MetricKind::Counter | MetricKind::Gauge | MetricKind::Histogram, "")
            | (MetricKind::Histogram, "_count" | "_sum") => Some(labels),
            (MetricKind::Histogram, "_bucket") => {
                labels.push("le");
                Some(labels)
            }
            _ => None,
        }
    })
}
