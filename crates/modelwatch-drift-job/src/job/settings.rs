//! What is said of one model.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::{Rule, Statistic};

use crate::window_report::Subject;

/// How one model is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// Its name, as the service has it.
    pub model: String,
    /// The baseline's path or URL.
    pub baseline: String,
    /// The root folder of the prediction log, or its URL.
    pub log: String,
    /// How long a window is; 15 minutes unless set.
    pub window: TimeDelta,
    /// How far the ends of two windows are apart, at whole multiples of it since the epoch; 15 minutes unless set.
    pub interval: TimeDelta,
    /// How long after its end a window is looked at, so that late rows are in it; 30 seconds unless set, three times the age at
    /// which the prediction log ends a file.
    pub grace: TimeDelta,
    /// When drift is detected.
    pub rule: Rule,
    /// The rules of features that have their own.
    pub features: BTreeMap<String, Rule>,
    /// Whether versions are looked at apart, too.
    pub per_version: bool,
}

impl ModelSettings {
    /// The defaults.
    pub fn new(model: impl Into<String>, baseline: impl Into<String>, log: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            baseline: baseline.into(),
            log: log.into(),
            window: TimeDelta::minutes(15),
            interval: TimeDelta::minutes(15),
            grace: TimeDelta::seconds(30),
            rule: Rule::default(),
            features: BTreeMap::new(),
            per_version: false,
        }
    }

    /// The rule for a subject. A statistic of numbers that the model has by default is, for categories, PSI.
    pub(super) fn rule(&self, subject: &Subject, profile: &Profile) -> Rule {
        let own = match subject {
            Subject::Feature(name) => self.features.get(name),
            Subject::Score | Subject::Classes => None,
        };
        let mut rule = own.copied().unwrap_or(self.rule);
        let unordered = matches!(profile, Profile::Categorical(_));
        if unordered && rule.statistic.needs_order() && own.is_none_or(|own| own.statistic == self.rule.statistic) {
            rule.statistic = Statistic::Psi;
        }
        rule
    }
}
