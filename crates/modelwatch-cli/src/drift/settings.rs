//! From modelwatch.toml to what the drift job is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::TimeDelta;
use modelwatch_config::{
    Config, Drift, DriftColumns, DriftRows, FeatureDrift, Model, OutcomeRows, PathOrUrl, Performance,
};
use modelwatch_drift::decision::Rule;
use modelwatch_drift_job::performance::{PerformanceOptions, PerformanceSettings};
use modelwatch_drift_job::{ModelSettings, TableColumns};

use crate::failure::Failure;
use crate::warehouse;

/// The settings of every model that has drift to watch, or of the named ones; at least one.
pub(crate) fn of(config: &Config, named: &[String]) -> Result<Vec<ModelSettings>, Failure> {
    let watched = drift(config, named)?;
    match watched.is_empty() {
        true => Err(Failure::new(
            "no model has a [models.drift] section; add one with baseline = and log =",
        )),
        false => Ok(watched),
    }
}

/// The settings of every model that has drift to watch, or of the named ones.
pub(super) fn drift(config: &Config, named: &[String]) -> Result<Vec<ModelSettings>, Failure> {
    let watched = chosen(config, named)?.into_iter();
    watched
        .filter_map(|model| Some(settings(model, model.drift.as_ref()?)))
        .collect()
}

/// The settings of every model whose performance is told, or of the named ones.
pub(super) fn performance(config: &Config, named: &[String]) -> Result<Vec<PerformanceSettings>, Failure> {
    let watched = chosen(config, named)?.into_iter();
    watched
        .filter_map(|model| Some(performance_settings(model, model.performance.as_ref()?)))
        .collect()
}

fn chosen<'a>(config: &'a Config, named: &[String]) -> Result<Vec<&'a Model>, Failure> {
    if let Some(unknown) = named
        .iter()
        .find(|name| !config.models.iter().any(|model| model.name == **name))
    {
        let known: Vec<_> = config.models.iter().map(|model| model.name.as_str()).collect();
        return Err(Failure::new(format!(
            "no model is called {unknown:?}; there are {}",
            known.join(", ")
        )));
    }
    let is_chosen = |model: &&Model| named.is_empty() || named.contains(&model.name);
    Ok(config.models.iter().filter(is_chosen).collect())
}

fn performance_settings(model: &Model, performance: &Performance) -> Result<PerformanceSettings, Failure> {
    let time = |duration| {
        TimeDelta::from_std(duration).map_err(|error| Failure::new(format!("model {:?}: {error}", model.name)))
    };
    let mut options = PerformanceOptions::new(
        &performance.label,
        [place(&performance.reference)],
        [place(&performance.predictions)],
    );
    match &performance.outcomes {
        None => {}
        Some(OutcomeRows::Files(files)) => options.outcomes.push(place(files)),
        Some(OutcomeRows::Warehouse(table)) => {
            options.outcome_table = Some(warehouse::outcomes(&format!("model {:?}", model.name), table)?);
        }
    }
    options.score.clone_from(&performance.score);
    options.class.clone_from(&performance.class);
    options.probabilities.clone_from(&performance.probabilities);
    options.positive.clone_from(&performance.positive);
    options.threshold = performance.threshold;
    options.regression = performance.regression;
    options.features.clone_from(&performance.features);
    options.id.clone_from(&performance.id);
    options.outcome_id.clone_from(&performance.outcome_id);
    options.outcome_label.clone_from(&performance.outcome_label);
    options.outcome_time.clone_from(&performance.outcome_time);
    options.time.clone_from(&performance.time);
    options.version.clone_from(&performance.version);
    options.segments.clone_from(&performance.segments);
    // The values of segments are the first in which to look for what made it worse.
    let explain = performance.segments.iter().chain(&performance.explain);
    let mut named = BTreeSet::new();
    options.explain = explain.filter(|column| named.insert(*column)).cloned().collect();
    options.horizon = time(performance.horizon)?;
    let mut settings = PerformanceSettings::new(&model.name, options);
    settings.interval = time(performance.interval)?;
    settings.period = time(performance.period)?;
    settings.timeout = performance.timeout;
    Ok(settings)
}

/// The settings of a model whose rows are in files: in its own, or at another address.
#[cfg(feature = "triage")]
pub(crate) fn of_files(model: &Model, drift: &Drift, log: Option<&str>) -> Result<ModelSettings, Failure> {
    let own = match &drift.rows {
        DriftRows::Files(own) => place(own),
        DriftRows::Warehouse(_) => String::new(),
    };
    let mut settings = ModelSettings::new(&model.name, place(&drift.baseline), log.map_or(own, str::to_owned));
    configure(&mut settings, model, drift)?;
    settings.table = None;
    Ok(settings)
}

fn settings(model: &Model, drift: &Drift) -> Result<ModelSettings, Failure> {
    let columns = drift.columns.as_ref().map(table_columns);
    let baseline = place(&drift.baseline);
    let mut settings = match &drift.rows {
        DriftRows::Files(log) => {
            let mut settings = ModelSettings::new(&model.name, baseline, place(log));
            if let Some(spark) = &drift.spark {
                settings.engine = Some(warehouse::spark(&model.name, &place(log), spark)?);
            }
            settings
        }
        DriftRows::Warehouse(warehouse) => {
            let (name, engine) = warehouse::engine(&model.name, warehouse, columns.clone().unwrap_or_default())?;
            let mut settings = ModelSettings::new(&model.name, baseline, name);
            settings.engine = Some(engine);
            settings
        }
    };
    configure(&mut settings, model, drift)?;
    settings.table = columns;
    Ok(settings)
}

/// What a section says beside where the rows are.
fn configure(settings: &mut ModelSettings, model: &Model, drift: &Drift) -> Result<(), Failure> {
    let time = |duration| {
        TimeDelta::from_std(duration).map_err(|error| Failure::new(format!("model {:?}: {error}", model.name)))
    };
    let rule = Rule {
        statistic: drift.statistic,
        threshold: drift.threshold,
        significance: drift.significance,
        consecutive_windows: u32::try_from(drift.consecutive_windows).unwrap_or(u32::MAX),
        minimum_rows: drift.minimum_rows,
        ..Rule::default()
    };
    let own = |feature: &FeatureDrift| Rule {
        statistic: feature.statistic.unwrap_or(rule.statistic),
        threshold: feature.threshold.unwrap_or(rule.threshold),
        // A threshold that somebody set for this very feature is meant.
        learned: feature.threshold.is_none(),
        ..rule
    };
    settings.window = time(drift.window)?;
    settings.interval = time(drift.interval)?;
    settings.grace = time(drift.grace)?;
    settings.rule = rule;
    let features = drift.features.iter();
    settings.features = features.map(|(name, feature)| (name.clone(), own(feature))).collect();
    settings.reference = drift.reference;
    settings.per_version = drift.per_version;
    settings.segments.clone_from(&drift.segments);
    Ok(())
}

fn table_columns(columns: &DriftColumns) -> TableColumns {
    TableColumns {
        time: columns.time.clone(),
        model_version: columns.model_version.clone(),
        score: columns.score.clone(),
        class: columns.class.clone(),
        features: columns.features.clone(),
    }
}

fn place(source: &PathOrUrl) -> String {
    match source {
        PathOrUrl::Path(path) => path.display().to_string(),
        PathOrUrl::Url(url) => url.clone(),
    }
}

/// What a command takes from modelwatch.toml.
type Taken<T> = fn(&Config, &[String]) -> Result<Vec<T>, Failure>;

/// A modelwatch.toml that is read again when it has changed.
pub(crate) struct Reloaded<T> {
    path: PathBuf,
    text: io::Result<String>,
    named: Vec<String>,
    take: Taken<T>,
}

impl<T> Reloaded<T> {
    pub(crate) fn new(path: &Path, named: &[String], take: Taken<T>) -> Self {
        Self {
            path: path.into(),
            text: fs::read_to_string(path),
            named: named.into(),
            take,
        }
    }

    /// New settings, where the file has changed and can be read. One that cannot leaves the settings as they are, and is told.
    pub(crate) fn changed(&mut self) -> Option<Vec<T>> {
        let text = fs::read_to_string(&self.path);
        let same = match (&self.text, &text) {
            (Ok(before), Ok(now)) => before == now,
            (Err(before), Err(now)) => before.kind() == now.kind(),
            _ => false,
        };
        if same {
            return None;
        }
        let read = Config::load(&self.path)
            .map_err(Failure::new)
            .and_then(|config| (self.take)(&config, &self.named));
        self.text = text;
        match read {
            Ok(models) => {
                tracing::info!(
                    models = models.len(),
                    "{} has changed and is in use",
                    self.path.display()
                );
                Some(models)
            }
            Err(failure) => {
                tracing::error!("{failure}; the settings of before stay in use");
                None
            }
        }
    }
}
