//! Groups and rules in Prometheus' format.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, prometheus_duration};
use serde::Serialize;

use crate::error::GenerateError;
use crate::promql::{Expr, STACK_LABEL, Writer};
use crate::recorded::Recorded;

/// Rules that Prometheus evaluates one after the other.
/// The example of [`Rules`](crate::rules::Rules) has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// The name, which includes the stack's.
    pub name: String,
    /// The evaluation interval. Optional; without it, Prometheus uses its global interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A recording rule or an alert in Prometheus' format.
/// The example of [`Rules`](crate::rules::Rules) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// The series that it records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The alert that it raises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// PromQL.
    pub expr: String,
    /// How long the expression must hold before the alert fires.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub for_: Option<String>,
    /// How long the alert keeps firing after the expression last held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_firing_for: Option<String>,
    /// Labels of the alert, or of the recorded series.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the alert.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Group {
    /// Makes a group of the stack.
    pub(crate) fn new(config: &Config, name: &str, interval: Option<Duration>, rules: Vec<Rule>) -> Self {
        Self {
            name: format!("{}-{name}", config.stack),
            interval: interval.map(prometheus_duration),
            rules,
        }
    }
}

impl Rule {
    /// Makes a recording rule.
    pub(crate) fn record(config: &Config, series: &Recorded, expr: &Expr) -> Result<Self, GenerateError> {
        Ok(Self {
            record: Some(series.name.to_owned()),
            expr: Writer::new(config)
                .rule(expr)
                .map_err(|error| GenerateError::new(series.name, error))?,
            labels: BTreeMap::from([(STACK_LABEL.to_owned(), config.stack.clone())]),
            ..Self::default()
        })
    }
}
