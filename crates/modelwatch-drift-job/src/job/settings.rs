//! How one model is watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::{Rule, Statistic};
use modelwatch_drift::reference::Reference;

use crate::engine::{Engine, EngineError};
use crate::prediction_log::PredictionLog;
use crate::tables::{TableColumns, Tables, is_delta_table};
use crate::window_report::Subject;

/// How one model is watched. Begin with [`new`](Self::new) and set what differs from the defaults.
/// The example of [`JobError`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelSettings {
    /// Its name, as the service has it.
    pub model: String,
    /// The baseline's path or URL.
    pub baseline: String,
    /// The root folder of the prediction log, or its URL; or a Delta table's folder or URL; or, with [`table`](Self::table), a path, a folder
    /// or a glob of tables.
    pub log: String,
    /// What the columns are called where [`log`](Self::log) is no prediction log but plain Parquet, CSV or JSON lines.
    pub table: Option<TableColumns>,
    /// What counts the model's rows, where they are neither in a prediction log nor in files. [`log`](Self::log) then says where
    /// they are, for people.
    pub engine: Option<Arc<dyn Engine>>,
    /// How long a window is. Defaults to 15 minutes.
    pub window: TimeDelta,
    /// How far the ends of two windows are apart, at whole multiples of it since the epoch. Defaults to 15 minutes.
    pub interval: TimeDelta,
    /// How long after its end a window is looked at, so that late rows are in it. Defaults to 30 seconds, three times the age at
    /// which the prediction log ends a file.
    pub grace: TimeDelta,
    /// When drift is detected.
    pub rule: Rule,
    /// The rules of features that have their own.
    pub features: BTreeMap<String, Rule>,
    /// What a window is compared with. Defaults to the baseline.
    pub reference: Reference,
    /// Whether each version is compared on its own, too.
    pub per_version: bool,
    /// Features by whose values rows are compared on their own, too, such as `country`: each of up to 64 values with the whole
    /// reference, as versions are. They need not be in the baseline.
    pub segments: Vec<String>,
}

impl ModelSettings {
    /// Makes the settings of a model with defaults for everything else.
    pub fn new(model: impl Into<String>, baseline: impl Into<String>, log: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            baseline: baseline.into(),
            log: log.into(),
            table: None,
            engine: None,
            window: TimeDelta::minutes(15),
            interval: TimeDelta::minutes(15),
            grace: TimeDelta::seconds(30),
            rule: Rule::default(),
            features: BTreeMap::new(),
            reference: Reference::default(),
            per_version: false,
            segments: Vec::new(),
        }
    }

    /// What counts the model's rows.
    pub(super) async fn open_engine(&self) -> Result<Arc<dyn Engine>, EngineError> {
        Ok(match (&self.engine, &self.table) {
            (Some(engine), _) => engine.clone(),
            (None, Some(columns)) => Arc::new(Tables::new([&self.log], columns.clone())),
            (None, None) if is_delta_table(&self.log).await? => {
                Arc::new(Tables::new([&self.log], TableColumns::default()))
            }
            (None, None) => Arc::new(PredictionLog::open(&self.log)?),
        })
    }

    /// The rule for a subject's windows of a length, its thresholds raised to what is usual for them. A statistic of numbers that the
    /// model has by default is, for categories, PSI.
    pub(crate) fn rule(&self, subject: &Subject, profile: &Profile, length: Option<TimeDelta>) -> Rule {
        let own = match subject {
            Subject::Feature(name) => self.features.get(name),
            Subject::Score | Subject::Classes => None,
        };
        let mut rule = own.copied().unwrap_or(self.rule);
        let unordered = matches!(profile, Profile::Categorical(_));
        if unordered && rule.statistic.needs_order() && own.is_none_or(|own| own.statistic == self.rule.statistic) {
            rule.statistic = Statistic::Psi;
        }
        rule.for_windows(profile, length)
    }
}
