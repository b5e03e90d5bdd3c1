//! Recording rules and alerts.

pub mod alerts;
mod case;
pub(crate) mod recording;
mod scenarios;
pub mod scope;

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, prometheus_duration};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::promql::{self, Expr};
use crate::recorded::Recorded;
use crate::yaml;

/// Where the recording rules are, below `monitoring/`.
pub const RECORDING_FILE: &str = "prometheus/rules/ml-recording-rules.yml";
/// Where the alerts are, below `monitoring/`.
pub const ALERT_FILE: &str = "prometheus/rules/ml-alert-rules.yml";

/// Every rule of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Groups of recording rules.
    pub recording: Vec<Group>,
    /// Groups of alerts.
    pub alerts: Vec<Group>,
    /// The promtool tests of both.
    tests: Vec<File>,
}

/// Rules that are evaluated one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Between evaluations; nothing: as Prometheus is told globally.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A rule as Prometheus reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The series it records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The alert it raises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// PromQL.
    pub expr: String,
    /// How long the expression has to hold.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub for_: Option<String>,
    /// Labels of the alert.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the alert.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A rule file.
#[derive(Debug, Serialize)]
pub struct RuleFile<'a> {
    /// Its groups.
    pub groups: &'a [Group],
}

impl Rules {
    /// The rules of a configuration.
    ///
    /// # Errors
    ///
    /// An expression that does not parse or selects what does not exist.
    pub fn new(config: &Config) -> Result<Self, GenerateError> {
        let recording = recording::groups(config)?;
        let alerts = alerts::alerts(config, &recording)?;
        let order = recording.iter().chain(&alerts.groups).map(|group| group.name.clone());
        let mut tests = alerts.tests;
        tests.extend(scenarios::files(config, &order.collect::<Vec<_>>())?);
        Ok(Self {
            recording,
            alerts: alerts.groups,
            tests,
        })
    }

    /// The rule files.
    ///
    /// # Errors
    ///
    /// A rule can't be serialised.
    pub fn files(&self) -> Result<Vec<File>, GenerateError> {
        let mut files = self.tests.clone();
        files.extend([
            yaml::file(
                RECORDING_FILE,
                &RuleFile {
                    groups: &self.recording,
                },
            )?,
            yaml::file(ALERT_FILE, &RuleFile { groups: &self.alerts })?,
        ]);
        Ok(files)
    }
}

impl Rule {
    /// A recording rule.
    fn record(series: &Recorded, expr: &Expr) -> Result<Self, GenerateError> {
        Ok(Self {
            record: Some(series.name.to_owned()),
            expr: checked(series.name, expr)?,
            ..Self::default()
        })
    }
}

/// The expression's text, parsed and looked up.
fn checked(part: &str, expr: &Expr) -> Result<String, GenerateError> {
    promql::check(&expr.to_string()).map_err(|error| GenerateError::new(format!("{part} ({expr})"), error))
}

fn group(name: &str, interval: Duration, rules: Vec<Rule>) -> Group {
    Group {
        name: name.to_owned(),
        interval: Some(prometheus_duration(interval)),
        rules,
    }
}
