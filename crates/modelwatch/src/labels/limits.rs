//! How many series a process may come to hold.

use crate::error::ConfigError;

/// The maximum of distinct values for each label. Declared names and names that only requests bring have a budget of this size each.
///
/// A declared name always has its series: past a limit, a registration is an error. Names from requests never take its place. Past a
/// limit, their measurements go to the series with the label value [`OTHER`](crate::OTHER), and `ml_label_overflow_total` counts the
/// names. Sums stay exact, and memory stays bounded.
///
/// You declare names with [`register`](crate::ModelBuilder::register) and its features, classes, outcomes and routes, with
/// [`Model::declare_route`](crate::Model::declare_route), and with the route of an adapter's layer.
///
/// ```
/// use modelwatch::{Limits, Monitor};
///
/// let monitor = Monitor::builder()
///     .limits(Limits::new().models(10).routes_per_version(5))
///     .build()?;
/// for client in 0..20 {
///     monitor.resolve(&format!("named by a client {client}"), "1").record_prediction(0.5);
/// }
/// assert_eq!(monitor.value("ml_prediction_score_count", &[]), Ok(20.0)); // none is lost
/// assert_eq!(monitor.value("ml_label_overflow_total", &[("label", "model_name")]), Ok(10.0));
/// # Ok::<(), modelwatch::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) models: usize,
    pub(crate) versions_per_model: usize,
    pub(crate) routes_per_version: usize,
    pub(crate) routes: usize,
    pub(crate) features_per_model: usize,
    pub(crate) classes_per_version: usize,
    pub(crate) outcomes_per_version: usize,
    pub(crate) stages_per_version: usize,
    pub(crate) value_bytes: usize,
}

impl Limits {
    /// The most features a model may be allowed.
    pub const MOST_FEATURES: usize = 1024;
    /// The most routes, classes and outcomes a version may be allowed: it has a table with a place for each.
    pub const MOST_PER_VERSION: usize = 65_536;

    /// Returns the default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            models: 200,
            versions_per_model: 20,
            routes_per_version: 50,
            routes: 10_000,
            features_per_model: 200,
            classes_per_version: 50,
            outcomes_per_version: 20,
            stages_per_version: 20,
            value_bytes: 256,
        }
    }

    /// Sets the most values of `model_name`. Defaults to 200.
    #[must_use]
    pub const fn models(mut self, most: usize) -> Self {
        self.models = most;
        self
    }

    /// Sets the most values of `model_version` for each model, among versions not retired. Defaults to 20.
    #[must_use]
    pub const fn versions_per_model(mut self, most: usize) -> Self {
        self.versions_per_model = most;
        self
    }

    /// Sets the most values of `route` for each version; at most 65,536. Defaults to 50.
    #[must_use]
    pub const fn routes_per_version(mut self, most: usize) -> Self {
        self.routes_per_version = most;
        self
    }

    /// Sets the most values of `route` over all versions: the number of latency histograms. Defaults to 10,000.
    #[must_use]
    pub const fn routes(mut self, most: usize) -> Self {
        self.routes = most;
        self
    }

    /// Sets the most values of `feature_name` for each model; at most 1024. Defaults to 200.
    #[must_use]
    pub const fn features_per_model(mut self, most: usize) -> Self {
        self.features_per_model = most;
        self
    }

    /// Sets the most values of `class` for each version; at most 65,536. Defaults to 50.
    #[must_use]
    pub const fn classes_per_version(mut self, most: usize) -> Self {
        self.classes_per_version = most;
        self
    }

    /// Sets the most values of `outcome` for each version; at most 65,536. Defaults to 20.
    #[must_use]
    pub const fn outcomes_per_version(mut self, most: usize) -> Self {
        self.outcomes_per_version = most;
        self
    }

    /// Sets the most stages of its own that a version may have besides those of [`Stage`](crate::Stage); at most 65,536.
    /// Defaults to 20.
    #[must_use]
    pub const fn stages_per_version(mut self, most: usize) -> Self {
        self.stages_per_version = most;
        self
    }

    /// Sets the most bytes in one label value; a longer one overflows like one past the limit. Defaults to 256.
    #[must_use]
    pub const fn value_bytes(mut self, most: usize) -> Self {
        self.value_bytes = most;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let all = [
            ("models", self.models),
            ("versions_per_model", self.versions_per_model),
            ("routes_per_version", self.routes_per_version),
            ("routes", self.routes),
            ("features_per_model", self.features_per_model),
            ("classes_per_version", self.classes_per_version),
            ("outcomes_per_version", self.outcomes_per_version),
            ("stages_per_version", self.stages_per_version),
            ("value_bytes", self.value_bytes),
        ];
        if let Some((limit, _)) = all.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::ZeroLimit { limit });
        }
        let bounded = [
            ("routes_per_version", self.routes_per_version, Self::MOST_PER_VERSION),
            ("features_per_model", self.features_per_model, Self::MOST_FEATURES),
            ("classes_per_version", self.classes_per_version, Self::MOST_PER_VERSION),
            (
                "outcomes_per_version",
                self.outcomes_per_version,
                Self::MOST_PER_VERSION,
            ),
            ("stages_per_version", self.stages_per_version, Self::MOST_PER_VERSION),
        ];
        match bounded.into_iter().find(|(_, requested, most)| requested > most) {
            Some((limit, requested, most)) => Err(ConfigError::LimitTooHigh { limit, requested, most }),
            None => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
