//! Configures how a model is watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::{Rule, Statistic};
use modelwatch_drift::reference::Reference;

use crate::engine::{Engine, EngineError};
use crate::prediction_log::PredictionLog;
use crate::subject::Subject;
use crate::tables::{TableColumns, Tables, is_delta_table};

/// Configures how a model is watched. Start with [`new`](Self::new) and set the fields that differ from the defaults.
/// The example of [`JobError`](crate::JobError) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelSettings {
    /// The model's name, as the service uses it.
    pub model: String,
    /// The baseline's path or URL.
    pub baseline: String,
    /// The root folder of the prediction log, or its URL; or a Delta table's folder or URL; or, if you set
    /// [`table`](Self::table), a path, a folder or a glob of tables.
    pub log: String,
    /// The column names, if [`log`](Self::log) is not a prediction log but plain Parquet, CSV or JSON lines.
    pub table: Option<TableColumns>,
    /// The engine that counts the model's rows, if they are neither in a prediction log nor in files.
    /// [`log`](Self::log) then only tells readers where they are.
    pub engine: Option<Arc<dyn Engine>>,
    /// The length of a window. Defaults to 15 minutes.
    pub window: TimeDelta,
    /// The time between the ends of two windows, which are at whole multiples of it since the epoch. Defaults to 15
    /// minutes.
    pub interval: TimeDelta,
    /// How long to wait after a window's end for late rows. Defaults to 30 seconds, three times the age at which the
    /// prediction log ends a file.
    pub grace: TimeDelta,
    /// The rule that detects drift.
    pub rule: Rule,
    /// The rules of features that need their own.
    pub features: BTreeMap<String, Rule>,
    /// The reference that windows are compared with. Defaults to the baseline.
    pub reference: Reference,
    /// Whether to compare each version separately, too.
    pub per_version: bool,
    /// Features whose values split the rows into segments, such as `country`. Each of up to 64 values is compared with
    /// the whole reference, as versions are. The features need not be in the baseline.
    pub segments: Vec<String>,
}

impl ModelSettings {
    /// Creates the settings of a model, with defaults for everything else.
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

    /// Opens the engine that counts the model's rows.
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

    /// Returns the rule for a subject's windows of a length, with its thresholds raised to the usual distances. If the
    /// model's default statistic needs numbers, categories use PSI.
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
