//! From modelwatch.toml to what the job wants to know.

use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use modelwatch_config::{Config, Drift, Model, Source};
use modelwatch_drift::ModelSettings;
use modelwatch_drift::decision::{Rule, Statistic};

use super::Watched;
use crate::Failure;

/// The models that the file has a drift section for, or those of them that were asked for.
pub(super) fn load(watched: &Watched) -> Result<Vec<ModelSettings>, Failure> {
    let config = Config::load(&watched.config).map_err(Failure::new)?;
    let file = watched.config.display();
    for name in &watched.model {
        if !config
            .models
            .iter()
            .any(|model| model.name == *name && model.drift.is_some())
        {
            let problem = format!("{file}: no model {name:?} with a section [models.drift]; add it, or mend the name");
            return Err(Failure::new(problem));
        }
    }
    let asked = |model: &&Model| watched.model.is_empty() || watched.model.contains(&model.name);
    let models = config.models.iter().filter(asked);
    let models = models.filter_map(|model| Some(settings(model, model.drift.as_ref()?)));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    if models.is_empty() {
        return Err(Failure::new(format!(
            "{file}: no model has a section [models.drift]; there is nothing to watch"
        )));
    }
    Ok(models)
}

fn settings(model: &Model, drift: &Drift) -> Result<ModelSettings, Failure> {
    let mut settings = ModelSettings::new(&model.name, address(&drift.baseline), address(&drift.log));
    settings.window = delta(&model.name, drift.window)?;
    settings.interval = delta(&model.name, drift.interval)?;
    settings.per_version = drift.per_version;
    settings.rule = Rule {
        statistic: statistic(drift.statistic),
        threshold: drift.threshold,
        significance: drift.significance,
        consecutive_windows: u32::try_from(drift.consecutive_windows).unwrap_or(u32::MAX),
        least_rows: drift.minimum_rows,
    };
    for (feature, own) in &drift.features {
        let rule = Rule {
            statistic: own.statistic.map_or(settings.rule.statistic, statistic),
            threshold: own.threshold.unwrap_or(settings.rule.threshold),
            ..settings.rule
        };
        settings.features.insert(feature.clone(), rule);
    }
    Ok(settings)
}

fn delta(model: &str, duration: Duration) -> Result<TimeDelta, Failure> {
    let too_long = |_| Failure::new(format!("the model {model:?}: a window of {duration:?} is too long"));
    TimeDelta::from_std(duration).map_err(too_long)
}

fn statistic(named: modelwatch_config::Statistic) -> Statistic {
    use modelwatch_config::Statistic as Named;
    match named {
        Named::Psi => Statistic::Psi,
        Named::JensenShannon => Statistic::JensenShannon,
        Named::KolmogorovSmirnov => Statistic::KolmogorovSmirnov,
        Named::Wasserstein => Statistic::Wasserstein,
        Named::ChiSquare => Statistic::ChiSquare,
        Named::Hellinger => Statistic::Hellinger,
    }
}

fn address(source: &Source) -> String {
    match source {
        Source::Path(path) => path.to_string_lossy().into_owned(),
        Source::Url(url) => url.clone(),
    }
}

/// When the file was changed last; nothing while it is not there.
pub(super) fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|about| about.modified()).ok()
}
