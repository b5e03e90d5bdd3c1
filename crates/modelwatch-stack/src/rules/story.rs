//! The series of a story for promtool, in the environment where something breaks and in one where nothing does.

use modelwatch::contract::{self, Origin};
use modelwatch_config::{Config, Plane};
use serde::Serialize;

use crate::promql::series_name;

/// Labels and their values.
pub(crate) type LabelSet = Vec<(&'static str, String)>;

/// An input series in promtool's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Input {
    series: String,
    values: String,
}

/// A start value, its growth per step, and the number of steps. NaN means no samples.
type Ramp = (f64, f64, usize);

/// One series of a story.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    name: String,
    labels: Vec<(String, String)>,
    ramps: Vec<Ramp>,
    /// The series where nothing breaks. Absent: it continues as it begins here.
    healthy: Option<Vec<Ramp>>,
}

/// The environment of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Broken,
    Healthy,
}

impl Series {
    /// Makes a counter that starts at 0 and then grows by an amount per step for a number of steps.
    pub(crate) fn counter(name: &str, labels: &[(&str, &str)], phases: &[(f64, usize)]) -> Self {
        let mut total = 0.0;
        let mut ramps = vec![(0.0, 0.0, 1)];
        for (growth, steps) in phases {
            ramps.push((total + growth, *growth, *steps));
            total += growth * *steps as f64;
        }
        let mut series = Self::ramps(name, labels, &ramps);
        let steps = phases.iter().map(|(_, steps)| steps).sum();
        let growth = phases.first().map_or(0.0, |(growth, _)| *growth);
        series.healthy = Some(vec![(0.0, 0.0, 1), (growth, growth, steps)]);
        series
    }

    /// Makes a gauge that has each value for a number of steps. NaN means no samples.
    pub(crate) fn gauge(name: &str, labels: &[(&str, &str)], phases: &[(f64, usize)]) -> Self {
        let ramps: Vec<_> = phases.iter().map(|(value, steps)| (*value, 0.0, *steps)).collect();
        Self::ramps(name, labels, &ramps)
    }

    /// Makes a series of ramps: a start value, its growth per step, and the number of steps. NaN means no samples.
    pub(crate) fn ramps(name: &str, labels: &[(&str, &str)], ramps: &[Ramp]) -> Self {
        Self {
            name: name.to_owned(),
            labels: labels
                .iter()
                .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
                .collect(),
            ramps: ramps.to_vec(),
            healthy: None,
        }
    }

    /// Sets the series where nothing breaks, if it is not how the series begins.
    pub(crate) fn elsewhere(mut self, ramps: &[Ramp]) -> Self {
        self.healthy = Some(ramps.to_vec());
        self
    }

    fn in_health(&self) -> Vec<Ramp> {
        self.healthy.clone().unwrap_or_else(|| {
            let steps = self.ramps.iter().map(|(.., steps)| steps).sum();
            let first = self.ramps.first();
            first
                .map(|(from, growth, _)| vec![(*from, *growth, steps)])
                .unwrap_or_default()
        })
    }

    fn input(&self, config: &Config, place: Place) -> Option<Input> {
        let ramps = match place {
            Place::Broken => self.ramps.clone(),
            Place::Healthy => self.in_health(),
        };
        if ramps.iter().all(|(from, ..)| from.is_nan()) {
            return None;
        }
        let has = |label: &str| self.labels.iter().any(|(known, _)| known == label);
        let mut labels: Vec<_> = self
            .labels
            .iter()
            .map(|(label, value)| (label.as_str(), value.as_str()))
            .collect();
        let identity = match place {
            Place::Broken => identity(config),
            Place::Healthy => identity_elsewhere(config),
        };
        labels.extend(identity.iter().map(|(label, value)| (label.as_str(), value.as_str())));
        if !has("job") {
            labels.extend(self.job(config).map(|job| ("job", job)));
        }
        Some(Input {
            series: series_name(&self.name, &labels),
            values: ramps.iter().map(values).collect::<Vec<_>>().join(" "),
        })
    }

    /// The job that would expose the series.
    fn job<'a>(&'a self, config: &'a Config) -> Option<&'a str> {
        let jobs = || config.prometheus.jobs.iter();
        let metric = contract::METRICS
            .iter()
            .find(|metric| self.name.starts_with(metric.name))?;
        if metric.origin == Origin::Drift {
            let drift = jobs().find(|job| job.plane == Plane::Drift);
            return drift.or(jobs().next()).map(|job| job.job.as_str());
        }
        let model = self.labels.iter().find(|(label, _)| label == "model_name");
        let model = model.and_then(|(_, name)| config.model(name));
        let first = || {
            jobs()
                .find(|job| job.plane == Plane::Inference)
                .map(|job| job.job.as_str())
        };
        model.map(|model| model.job.as_str()).or_else(first)
    }
}

fn values((from, growth, steps): &Ramp) -> String {
    match (from.is_nan(), steps) {
        (true, 1) => "_".to_owned(),
        (true, _) => format!("_x{steps}"),
        // promtool's `a+bxn` is n + 1 samples, and version 2.42 does not know `axn`.
        (false, _) => format!("{from}+{growth}x{}", steps - 1),
    }
}

/// The series in both environments.
pub(crate) fn inputs(config: &Config, series: &[Series]) -> Vec<Input> {
    let mut places = vec![Place::Broken];
    if !config.prometheus.identity.is_empty() {
        places.push(Place::Healthy);
    }
    let of = |place: Place| series.iter().filter_map(move |series| series.input(config, place));
    places.into_iter().flat_map(of).collect()
}

/// The identity labels of the environment in which a story breaks something.
pub(crate) fn identity(config: &Config) -> Vec<(String, String)> {
    let labels = config.prometheus.identity.iter();
    labels
        .map(|label| {
            let value = if label == "environment" {
                config.environment.clone()
            } else {
                format!("{label}-1")
            };
            (label.clone(), value)
        })
        .collect()
}

/// The identity labels of the healthy environment: only the last one differs.
fn identity_elsewhere(config: &Config) -> Vec<(String, String)> {
    let mut labels = identity(config);
    if let Some((_, value)) = labels.last_mut() {
        *value = format!("{value}-2");
    }
    labels
}
