//! Who is there: the part of a configuration that a rehearsal needs.

use std::collections::BTreeMap;
use std::fmt;

use modelwatch::contract::LATENCY_BUCKETS;
use modelwatch_config::{Config, Job, Model, Plane};

use crate::incident::Incident;
use crate::incident::effect::Effect;

/// A model, a neighbour of it and the targets that a configuration has for them.
///
/// # Example
///
/// ```
/// use modelwatch_drill::scene::{Actor, Scene, Targets};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, Some("claims-risk"))?;
/// let hero: &Actor = &scene.hero;
/// assert_eq!(hero.routes, ["/predict", "/predict/batch"]);
/// assert_eq!(hero.features, ["income", "zipcode"]);
/// let serving: &Targets = &scene.serving;
/// assert_eq!((serving.job.as_str(), serving.instances.len()), ("model-inference", 3));
/// assert_eq!(scene.neighbour.unwrap().model.name, "fraud-score");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scene {
    /// The configuration with these models alone.
    pub config: Config,
    /// Labels of every target that tell environments apart.
    pub identity: BTreeMap<String, String>,
    /// The job that serves the models.
    pub serving: Targets,
    /// The job of the drift exporter, where there is one.
    pub drift: Option<Targets>,
    /// Other jobs.
    pub others: Vec<Targets>,
    /// The model that things happen to.
    pub hero: Actor,
    /// Another model of the same job, where there is one.
    pub neighbour: Option<Actor>,
}

/// The targets of a scrape job.
///
/// The example of [`Scene`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Targets {
    /// The label `job`.
    pub job: String,
    /// The label `service`.
    pub service: String,
    /// The label `instance` of each.
    pub instances: Vec<String>,
}

/// A model with what the file does not say of it.
///
/// The example of [`Scene`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Actor {
    /// What the file says.
    pub model: Model,
    /// The first two of its routes, and what an incident names.
    pub routes: Vec<String>,
    /// The first three of its critical features, or two of no name, and what an incident names.
    pub features: Vec<String>,
    /// The upper bounds of its latency buckets, in seconds.
    pub latency_buckets: Vec<f64>,
}

/// Why there is no scene.
///
/// # Example
///
/// ```
/// use modelwatch_drill::scene::{Scene, SceneError};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let error = Scene::new(&config, Some("claims")).unwrap_err();
/// let known = ["claims-risk", "fraud-score"].map(str::to_owned);
/// assert_eq!(error, SceneError::UnknownModel("claims".to_owned(), known.into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SceneError {
    /// The file has no model of this name; the others it has.
    UnknownModel(String, Vec<String>),
}

impl fmt::Display for SceneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::UnknownModel(model, known) = self;
        write!(
            f,
            "there is no model {model:?} in the configuration; name one of {}",
            known.join(", ")
        )
    }
}

impl std::error::Error for SceneError {}

/// Replicas where the file names fewer targets: enough for one of them to differ from the others.
const REPLICAS: usize = 3;
/// Routes of a model at most.
const ROUTES: usize = 2;
/// Features of a model at most: more would be more of the same.
const FEATURES: usize = 3;

impl Scene {
    /// Makes the scene of a model, or of the first one that the file has.
    ///
    /// # Errors
    ///
    /// There is no model of that name.
    pub fn new(config: &Config, model: Option<&str>) -> Result<Self, SceneError> {
        let unknown = |model: &str| {
            let names = config.models.iter().map(|model| model.name.clone());
            SceneError::UnknownModel(model.to_owned(), names.collect())
        };
        let hero = match model {
            Some(name) => config.model(name),
            None => config.models.first(),
        };
        let hero = hero.ok_or_else(|| unknown(model.unwrap_or_default()))?;
        let neighbour = config
            .models
            .iter()
            .find(|model| model.job == hero.job && model.name != hero.name);
        let jobs = &config.prometheus.jobs;
        let of_plane = |plane| jobs.iter().find(|job| job.plane == plane);
        let serving = jobs.iter().find(|job| job.job == hero.job);
        let drift = of_plane(Plane::Drift);
        let rest = jobs
            .iter()
            .filter(|job| Some(*job) != serving && Some(*job) != drift)
            .map(|job| Targets::of(job, 1));
        let others = rest.collect();
        let identity = config.prometheus.identity.iter().map(|label| {
            let value = match label.as_str() {
                "environment" => config.environment.as_str(),
                _ => "drill",
            };
            (label.clone(), value.to_owned())
        });
        let identity = identity.collect();
        let models = std::iter::once(hero).chain(neighbour).cloned().collect();
        let (hero, neighbour) = (Actor::new(hero.clone()), neighbour.cloned().map(Actor::new));
        let mut config = config.clone();
        config.models = models;
        // What is somebody else's to manage is rehearsed as if it were ours: the fragment is the same routes.
        config.alertmanager.manage = true;
        Ok(Self {
            identity,
            serving: serving.map_or_else(|| Targets::made(&hero.model.job), |job| Targets::of(job, REPLICAS)),
            drift: drift.map(|job| Targets::of(job, 1)),
            others,
            hero,
            neighbour,
            config,
        })
    }

    /// Adds the routes and features of the model that an incident names: worlds have a few of them otherwise.
    #[must_use]
    pub fn with_all_of(&self, incident: &Incident) -> Self {
        let mut scene = self.clone();
        let add = |names: &mut Vec<String>, name: &Option<String>| {
            if let Some(name) = name
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        };
        for Effect { scope, .. } in &incident.effects {
            add(&mut scene.hero.routes, &scope.route);
            add(&mut scene.hero.features, &scope.feature);
        }
        scene
    }

    /// Its models, the one that things happen to first.
    pub fn actors(&self) -> impl Iterator<Item = &Actor> {
        std::iter::once(&self.hero).chain(&self.neighbour)
    }
}

impl Targets {
    fn of(job: &Job, least: usize) -> Self {
        let mut instances = job.targets.clone();
        if instances.len() < least {
            let (host, port) = match instances.first().and_then(|target| target.rsplit_once(':')) {
                Some((host, port)) => (host.to_owned(), port.to_owned()),
                None => (job.job.clone(), "8000".to_owned()),
            };
            instances = (1..=least).map(|number| format!("{host}-{number}:{port}")).collect();
        }
        // More replicas than this would be more of the same.
        instances.truncate(least.max(1));
        Self {
            job: job.job.clone(),
            service: job.service.clone(),
            instances,
        }
    }

    fn made(job: &str) -> Self {
        Self {
            job: job.to_owned(),
            service: job.to_owned(),
            instances: (1..=REPLICAS).map(|number| format!("{job}-{number}:8000")).collect(),
        }
    }
}

impl Actor {
    fn new(model: Model) -> Self {
        let mut features = model.critical_features.clone();
        features.truncate(FEATURES);
        if features.is_empty() {
            features = ["amount", "age"].map(str::to_owned).to_vec();
        }
        let objective = model.latency_p95.as_secs_f64();
        let mut latency_buckets = LATENCY_BUCKETS.to_vec();
        if !latency_buckets.iter().any(|edge| (edge - objective).abs() < 1e-9) {
            latency_buckets.push(objective);
            latency_buckets.sort_by(f64::total_cmp);
        }
        // A median of a quarter of the objective, and slow requests ten times that: what is below or above has no edge.
        latency_buckets.retain(|edge| (objective / 100.0..=objective * 20.0).contains(edge));
        let mut routes = model.routes.clone();
        routes.truncate(ROUTES);
        Self {
            routes,
            features,
            latency_buckets,
            model,
        }
    }
}
