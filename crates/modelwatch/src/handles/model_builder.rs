//! Declares a version before it is registered.

use std::cmp::Ordering;
use std::fmt;

use crate::catalog::models::Catalog;
use crate::contract::feature::{Domain, Feature};
use crate::contract::reserved::OTHER;
use crate::error::{BucketsError, RegisterError};
use crate::handles::model::Model;
use crate::labels::limits::Limits;
use crate::labels::value::check_name;
use crate::series::version::VersionSeries;

/// Declares a version before it is registered. From [`Monitor::model`](crate::Monitor::model).
#[derive(Clone)]
#[must_use = "nothing is registered until `register` is called"]
pub struct ModelBuilder<'a> {
    catalog: &'a Catalog,
    name: String,
    version: String,
    framework: Option<String>,
    features: Option<Vec<Feature>>,
    classes: Vec<String>,
    routes: Vec<String>,
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
            routes: Vec::new(),
            score_buckets: None,
            pipeline_version: None,
        }
    }

    /// What the model runs on, such as `xgboost`: the `framework` label of `ml_model_info`.
    pub fn framework(mut self, framework: impl Into<String>) -> Self {
        self.framework = Some(framework.into());
        self
    }

    /// The features of a row, in the order [`Model::record_features`] gets them.
    pub fn features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.features = Some(features.into_iter().collect());
        self
    }

    /// Classes the model may predict: each is exposed from the start, at 0.
    pub fn classes<C: Into<String>>(mut self, classes: impl IntoIterator<Item = C>) -> Self {
        self.classes = classes.into_iter().map(Into::into).collect();
        self
    }

    /// Routes this version serves, such as the methods of a gRPC service: each is exposed from the start, at 0.
    ///
    /// Adapters find routes by themselves. Declare those that are to be seen before their first request, and gRPC methods, which else
    /// are none until they have answered OK.
    pub fn routes<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.routes = routes.into_iter().map(Into::into).collect();
        self
    }

    /// Upper bounds of this version's score buckets, in the score's unit, for a model whose scores are no
    /// probabilities.
    pub fn score_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.score_buckets = Some(bounds.into());
        self
    }

    /// The release of the feature pipeline; see [`Model::set_pipeline_version`].
    pub fn pipeline_version(mut self, version: impl Into<String>) -> Self {
        self.pipeline_version = Some(version.into());
        self
    }

    /// Registers the version. Registering the same again is the same model.
    ///
    /// Past the limit of models or versions the handle is that of [`OTHER`](crate::OTHER), as for
    /// [`Monitor::resolve`](crate::Monitor::resolve).
    ///
    /// # Errors
    ///
    /// When a name can't be a label value, when the declaration contradicts itself, or when this version is
    /// registered with another framework, other features or other score buckets. Nothing is changed then.
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
        self.check_names("route", &self.routes, "routes_per_version", limits.routes_per_version)?;
        check_features(&self.name, self.features.as_deref().unwrap_or_default(), limits)?;
        if let Some(bounds) = &self.score_buckets {
            BucketsError::check(bounds).map_err(|error| RegisterError::Buckets {
                model: self.name.clone(),
                error,
            })?;
        }
        let _registering = self.catalog.registering();
        // Before it is asked for, which takes a retirement back.
        if let Some(known) = self.catalog.find(&self.name, &self.version) {
            self.check_conflicts(&known)?;
        }
        let version = self.catalog.find_or_add(&self.name, &self.version);
        if *version.name != *OTHER {
            // Again, because requests may have recorded scores meanwhile.
            self.check_conflicts(&version)?;
            self.declare(&version);
        }
        Ok(Model(version))
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
        if let (Some(requested), Some(registered)) = (&self.framework, version.framework())
            && **registered != **requested
        {
            return Err(self.conflict("framework", registered.to_string(), requested.clone()));
        }
        if let (Some(requested), Some(registered)) = (&self.features, version.schema_if_any())
            && !registered.is(requested)
        {
            let registered: Vec<_> = registered.names().collect();
            let requested: Vec<_> = requested.iter().map(Feature::name).collect();
            return Err(self.conflict(
                "features (names, order and ranges)",
                format!("{registered:?}"),
                format!("{requested:?}"),
            ));
        }
        if let (Some(requested), Some(scores)) = (&self.score_buckets, version.scores_if_any())
            && scores.layout().bounds() != requested
        {
            let registered = scores.layout().bounds();
            return Err(self.conflict("score buckets", format!("{registered:?}"), format!("{requested:?}")));
        }
        Ok(())
    }

    fn declare(&self, version: &VersionSeries) {
        if let Some(framework) = &self.framework {
            version.declare_framework(framework);
        }
        if let Some(features) = &self.features {
            version.declare_features(features);
        }
        if let Some(bounds) = &self.score_buckets {
            version.declare_score_buckets(bounds);
        }
        for class in &self.classes {
            version.classes().index(class);
        }
        for route in &self.routes {
            version.route(route);
        }
        if let Some(pipeline) = &self.pipeline_version {
            version.model.set_pipeline(pipeline);
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
        if let Domain::Numeric { low, high } = *feature.domain()
            && low.partial_cmp(&high).is_none_or(Ordering::is_gt)
        {
            return Err(RegisterError::Range {
                model: model.into(),
                feature: feature.name().into(),
                low,
                high,
            });
        }
    }
    Ok(())
}
