//! Recording rules and alerts.

mod alert;
pub(crate) mod alerts;
mod annotations;
mod case;
mod changed;
mod evidence;
pub(crate) mod histograms;
mod labels;
mod minutes;
mod models;
pub(crate) mod performance;
pub(crate) mod recording;
mod releases;
mod rule;
mod scenarios;
mod seasons;
mod shares;
mod story;
mod text;

use modelwatch_config::Config;
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::yaml;

pub use self::alert::Severity;
pub use self::rule::{Group, Rule};

/// The path of the recording rules, below `monitoring/`.
pub const RECORDING_FILE: &str = "prometheus/rules/ml-recording-rules.yml";
/// The path of the alerts, below `monitoring/`.
pub const ALERT_FILE: &str = "prometheus/rules/ml-alert-rules.yml";

/// All rules of the stack.
/// # Example: the alert that pages for errors
///
/// ```
/// use modelwatch_stack::rules::{Group, Rule, RuleFile, Rules, Severity};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml"));
/// let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let rules = Rules::new(&config)?;
/// let of_alert = |name: &str| {
///     let rules = rules.alerts.iter().flat_map(|group: &Group| &group.rules);
///     rules.into_iter().find(|rule: &&Rule| rule.alert.as_deref() == Some(name))
/// };
/// let rule = of_alert("MLInferenceHighErrorRate").expect("every stack has it");
/// assert_eq!(rule.labels["severity"], Severity::Page.name());
///
/// let file = RuleFile { groups: &rules.alerts };
/// assert!(serde_json::to_string(&file)?.contains("MLInferenceHighErrorRate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Groups of recording rules.
    pub recording: Vec<Group>,
    /// Groups of alerts.
    pub alerts: Vec<Group>,
    /// The promtool tests of both.
    tests: Vec<File>,
}

/// A rule file.
/// The example of [`Rules`] has one.
#[derive(Debug, Serialize)]
pub struct RuleFile<'a> {
    /// The groups.
    pub groups: &'a [Group],
}

impl Rules {
    /// Makes the rules of a configuration.
    ///
    /// # Errors
    ///
    /// Returns an error when an expression does not parse or selects a series that does not exist, or when the file changes an
    /// alert that does not exist.
    pub fn new(config: &Config) -> Result<Self, GenerateError> {
        changed::check(config)?;
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

    /// Returns the rule files.
    ///
    /// # Errors
    ///
    /// Returns an error when a rule can't be serialised.
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
