//! Declares a version before it is registered.

use std::cmp::Ordering;
use std::fmt;

use crate::catalog::models::Catalog;
use crate::catalog::versions::ModelVersions;
use crate::contract::feature::{Domain, Feature};
use crate::error::{BucketsError, RegisterError};
use crate::handles::model::Model;
use crate::labels::limits::Limits;
use crate::labels::value::check_name;
use crate::series::version::VersionSeries;

/// Declares a version before it is registered. From [`Monitor::model`](crate::Monitor::model).
///
/// ```
/// use modelwatch::{Feature, Monitor};
///
/// let monitor = Monitor::new();
/// monitor
///     .model("claims-risk", "2026-04-01")
///     .framework("xgboost")
///     .features([Feature::numeric("income")])
///     .classes(["approve", "review"])
///     .register()?;
/// assert_eq!(monitor.value("ml_model_info", &[("framework", "xgboost")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is registered until `register` is called"]
pub struct ModelBuilder<'a> {
    catalog: &'a Catalog,
    name: String,
    version: String,
    framework: Option<String>,
    features: Option<Vec<Feature>>,
    classes: Vec<String>,
    outcomes: Vec<String>,
    routes: Vec<String>,
    latency_buckets: Option<Vec<f64>>,
    score_buckets: Option<Vec<f64>>,
    pipeline_version: Option<String>,
}

impl<'a> ModelBuilder<'a> {
    pub(crate) fn new(catalog: &'a Catalog, name: String, version: String) -> Self {
        Self {
            catalog,
            name,
            version,
            framework: None,
            features: None,
            classes: Vec::new(),
            outcomes: Vec::new(),
            routes: Vec::new(),
            latency_buckets: None,
            score_buckets: None,
            pipeline_version: None,
        }
    }

    /// Sets what the model runs on, such as `xgboost`: the `framework` label of `ml_model_info`.
    pub fn framework(mut self, framework: impl Into<String>) -> Self {
        self.framework = Some(framework.into());
        self
    }

    /// Sets the features of a row, in the order that [`Model::record_features`] takes them.
    pub fn features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.features = Some(features.into_iter().collect());
        self
    }

    /// Sets the classes that the model may predict. Each is exposed from the start, at 0.
    pub fn classes<C: Into<String>>(mut self, classes: impl IntoIterator<Item = C>) -> Self {
        self.classes = classes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the outcomes that may follow from predictions: each is exposed from the start, at 0.
    pub fn outcomes<O: Into<String>>(mut self, outcomes: impl IntoIterator<Item = O>) -> Self {
        self.outcomes = outcomes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the routes that this version serves, such as the methods of a gRPC service. Each is exposed from the start, at 0.
    ///
    /// Adapters find routes by themselves. Declare those that you want to see before their first request, and gRPC methods, which
    /// otherwise become routes with their first OK.
    pub fn routes<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.routes = routes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the upper bounds of this version's latency buckets, in seconds, without infinity. Defaults to those of the
    /// monitor. A latency objective should be one of them.
    ///
    /// ```
    /// use modelwatch::{Monitor, contract::GENERATIVE_LATENCY_BUCKETS};
    ///
    /// let monitor = Monitor::new();
    /// let model = monitor.model("assistant", "2026-04-01").latency_buckets(GENERATIVE_LATENCY_BUCKETS).register()?;
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn latency_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.latency_buckets = Some(bounds.into());
        self
    }

    /// Sets the upper bounds of this version's score buckets, in the score's unit, for a model whose scores are not probabilities.
    pub fn score_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.score_buckets = Some(bounds.into());
        self
    }

    /// Sets the release of the feature pipeline; see [`Model::set_pipeline_version`].
    pub fn pipeline_version(mut self, version: impl Into<String>) -> Self {
        self.pipeline_version = Some(version.into());
        self
    }

    /// Registers the version. Registering it again returns the same model and cancels a retirement.
    ///
    /// What you declare here has its series, whatever names requests brought before.
    ///
    /// # Errors
    ///
    /// If a name can't be a label value, the declaration contradicts itself, the version is registered with another framework, other
    /// features or other buckets, or a [limit](crate::Limits) leaves no room for it. Nothing changes then.
    pub fn register(self) -> Result<Model, RegisterError> {
        let limits = &self.catalog.context.limits;
        check_name("model_name", &self.name, limits)?;
        check_name("model_version", &self.version, limits)?;
        if let Some(framework) = &self.framework {
            check_name("framework", framework, limits)?;
        }
        if let Some(pipeline) = &self.pipeline_version {
            check_name("pipeline_version", pipeline, limits)?;
        }
        self.check_names(
            "class",
            &self.classes,
            "classes_per_version",
            limits.classes_per_version,
        )?;
        self.check_names(
            "outcome",
            &self.outcomes,
            "outcomes_per_version",
            limits.outcomes_per_version,
        )?;
        self.check_names("route", &self.routes, "routes_per_version", limits.routes_per_version)?;
        check_features(&self.name, self.features.as_deref().unwrap_or_default(), limits)?;
        if let Some(bounds) = &self.score_buckets {
            BucketsError::check(bounds).map_err(|error| self.buckets("score buckets", error))?;
        }
        if let Some(bounds) = &self.latency_buckets {
            BucketsError::check_durations(bounds).map_err(|error| self.buckets("latency buckets", error))?;
        }
        let _registering = self.catalog.registering();
        let known = self.catalog.model(&self.name);
        if let Some(model) = &known {
            self.check_features_fit(model)?;
        }
        let version = known.and_then(|model| model.find(&self.version));
        if let Some(version) = &version {
            self.check_conflicts(version)?;
            self.check_names_fit(version)?;
        }
        let new = version.map_or(self.routes.len(), |version| version.room_for_routes(&self.routes).0);
        self.check_fits("routes", limits.routes, (new, self.catalog.context.room_for_routes()))?;
        let model = self
            .catalog
            .register_model(&self.name)
            .ok_or_else(|| self.full("models", limits.models, limits.models + 1))?;
        let version = model.register(&self.version).map_err(|limit| match limit {
            "versions_per_model" => self.full(limit, limits.versions_per_model, model.registered() + 1),
            _ => self.full("routes", limits.routes, limits.routes + 1),
        })?;
        // Again, because requests may have recorded scores meanwhile.
        self.check_conflicts(&version)?;
        self.declare(&version)?;
        Ok(Model(version))
    }

    /// Whether the features have room among those that other versions of the model declared.
    fn check_features_fit(&self, model: &ModelVersions) -> Result<(), RegisterError> {
        let names = self.features.iter().flatten().map(Feature::name);
        let most = self.catalog.context.limits.features_per_model;
        self.check_fits("features_per_model", most, model.series.features.room_for(names))
    }

    /// Whether classes, outcomes and routes have room among those that the version declared before.
    fn check_names_fit(&self, version: &VersionSeries) -> Result<(), RegisterError> {
        let limits = &self.catalog.context.limits;
        if let Some(classes) = version.classes_if_any() {
            let room = classes.room_for(&self.classes);
            self.check_fits("classes_per_version", limits.classes_per_version, room)?;
        }
        if let Some(outcomes) = version.outcomes_if_any() {
            let room = outcomes.room_for(&self.outcomes);
            self.check_fits("outcomes_per_version", limits.outcomes_per_version, room)?;
        }
        let room = version.room_for_routes(&self.routes);
        self.check_fits("routes_per_version", limits.routes_per_version, room)
    }

    fn check_fits(&self, limit: &'static str, most: usize, (new, room): (usize, usize)) -> Result<(), RegisterError> {
        if new > room {
            return Err(self.full(limit, most, most - room + new));
        }
        Ok(())
    }

    fn full(&self, limit: &'static str, most: usize, declared: usize) -> RegisterError {
        RegisterError::Limit {
            model: self.name.clone(),
            limit,
            most,
            declared,
        }
    }

    /// Whether a version can have these values of a label.
    fn check_names(
        &self,
        label: &'static str,
        names: &[String],
        limit: &'static str,
        most: usize,
    ) -> Result<(), RegisterError> {
        if names.len() > most {
            return Err(RegisterError::Limit {
                model: self.name.clone(),
                limit,
                most,
                declared: names.len(),
            });
        }
        for (position, name) in names.iter().enumerate() {
            check_name(label, name, &self.catalog.context.limits)?;
            if names[..position].contains(name) {
                return Err(RegisterError::Duplicate {
                    model: self.name.clone(),
                    label,
                    name: name.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether the version is registered already with something else.
    fn check_conflicts(&self, version: &VersionSeries) -> Result<(), RegisterError> {
        if let (Some(requested), Some(registered)) = (&self.framework, version.framework()) {
            if registered != requested {
                return Err(self.conflict("framework", registered.to_string(), requested.clone()));
            }
        }
        if let (Some(requested), Some(registered)) = (&self.features, version.schema_if_any()) {
            if !registered.is(requested) {
                let registered: Vec<_> = registered.features().collect();
                return Err(self.conflict("features", shown(&registered), shown(requested)));
            }
        }
        if let (Some(requested), Some(registered)) = (&self.latency_buckets, version.latency_bounds_if_any()) {
            if registered != requested {
                return Err(self.conflict("latency buckets", format!("{registered:?}"), format!("{requested:?}")));
            }
        }
        if let (Some(requested), Some(scores)) = (&self.score_buckets, version.scores_if_any()) {
            if scores.layout().bounds() != requested {
                let registered = scores.layout().bounds();
                return Err(self.conflict("score buckets", format!("{registered:?}"), format!("{requested:?}")));
            }
        }
        Ok(())
    }

    fn declare(&self, version: &VersionSeries) -> Result<(), RegisterError> {
        let limits = &self.catalog.context.limits;
        // First, because it alone may find no room yet.
        for route in &self.routes {
            version.declare_route(route).map_err(|limit| match limit {
                "routes_per_version" => self.full(limit, limits.routes_per_version, limits.routes_per_version + 1),
                _ => self.full("routes", limits.routes, limits.routes + 1),
            })?;
        }
        if let Some(framework) = &self.framework {
            version.declare_framework(framework);
        }
        if let Some(features) = &self.features {
            version.declare_features(features);
        }
        if let Some(bounds) = &self.latency_buckets {
            version.declare_latency_buckets(bounds);
        }
        if let Some(bounds) = &self.score_buckets {
            version.declare_score_buckets(bounds);
        }
        for class in &self.classes {
            version.classes().declare(class);
        }
        for outcome in &self.outcomes {
            version.outcomes().declare(outcome);
        }
        if let Some(pipeline) = &self.pipeline_version {
            version.model.set_pipeline(pipeline);
        }
        Ok(())
    }

    fn buckets(&self, what: &'static str, error: BucketsError) -> RegisterError {
        RegisterError::Buckets {
            model: self.name.clone(),
            what,
            error,
        }
    }

    fn conflict(&self, what: &'static str, registered: String, requested: String) -> RegisterError {
        RegisterError::Conflict {
            model: self.name.clone(),
            version: self.version.clone(),
            what,
            registered,
            requested,
        }
    }
}

impl fmt::Debug for ModelBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelBuilder")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What an error says of features: names in their order, and what is in range where that is not everything.
fn shown(features: &[Feature]) -> String {
    let shown = |feature: &Feature| match feature.domain() {
        Domain::Numeric {
            low: f64::MIN,
            high: f64::MAX,
        }
        | Domain::Categorical(None) => format!("{:?}", feature.name()),
        Domain::Numeric { low, high } => format!("{:?} from {low} to {high}", feature.name()),
        Domain::Categorical(Some(categories)) => format!("{:?} of {categories:?}", feature.name()),
    };
    let shown: Vec<_> = features.iter().map(shown).collect();
    format!("[{}]", shown.join(", "))
}

/// Whether a model can have these features.
fn check_features(model: &str, features: &[Feature], limits: &Limits) -> Result<(), RegisterError> {
    if features.len() > limits.features_per_model {
        return Err(RegisterError::Limit {
            model: model.into(),
            limit: "features_per_model",
            most: limits.features_per_model,
            declared: features.len(),
        });
    }
    for (position, feature) in features.iter().enumerate() {
        check_name("feature_name", feature.name(), limits)?;
        if features[..position]
            .iter()
            .any(|earlier| earlier.name() == feature.name())
        {
            return Err(RegisterError::Duplicate {
                model: model.into(),
                label: "feature_name",
                name: feature.name().into(),
            });
        }
        if let Domain::Numeric { low, high } = *feature.domain() {
            if low.partial_cmp(&high).is_none_or(Ordering::is_gt) {
                return Err(RegisterError::Range {
                    model: model.into(),
                    feature: feature.name().into(),
                    low,
                    high,
                });
            }
        }
    }
    Ok(())
}
