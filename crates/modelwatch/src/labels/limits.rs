//! How many series a process may come to hold.

use crate::error::ConfigError;

/// The most distinct values each label takes.
///
/// Past a limit a measurement goes to the series whose label value is [`OTHER`](crate::OTHER), and
/// `ml_label_overflow_total` counts it: sums stay exact, memory stays bounded. The defaults hold about 60 MiB at
/// the very worst, with every limit reached and every series written by two threads.
///
/// ```
/// use modelwatch::{Limits, Monitor};
///
/// let monitor = Monitor::builder()
///     .limits(Limits { models: 10, routes_per_version: 5, ..Limits::default() })
///     .build()?;
/// # Ok::<(), modelwatch::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values of `model_name`.
    pub models: usize,
    /// Values of `model_version` for each model, among versions not retired.
    pub versions_per_model: usize,
    /// Values of `route` for each version; at most 65,536.
    pub routes_per_version: usize,
    /// Values of `route` over all versions: the number of latency histograms.
    pub routes: usize,
    /// Values of `feature_name` for each model; at most 1024.
    pub features_per_model: usize,
    /// Values of `class` for each version; at most 65,536.
    pub classes_per_version: usize,
    /// Values of `outcome` for each version; at most 65,536.
    pub outcomes_per_version: usize,
    /// Bytes in one label value; a longer one is folded like one past the limit.
    pub value_bytes: usize,
}

impl Limits {
    /// The most features a model may be allowed.
    pub const MOST_FEATURES: usize = 1024;
    /// The most routes, classes and outcomes a version may be allowed: it has a table with a place for each.
    pub const MOST_PER_VERSION: usize = 65_536;

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let all = [
            ("models", self.models),
            ("versions_per_model", self.versions_per_model),
            ("routes_per_version", self.routes_per_version),
            ("routes", self.routes),
            ("features_per_model", self.features_per_model),
            ("classes_per_version", self.classes_per_version),
            ("outcomes_per_version", self.outcomes_per_version),
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
        ];
        match bounded.into_iter().find(|(_, requested, most)| requested > most) {
            Some((limit, requested, most)) => Err(ConfigError::LimitTooHigh { limit, requested, most }),
            None => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            models: 200,
            versions_per_model: 20,
            routes_per_version: 50,
            routes: 10_000,
            features_per_model: 200,
            classes_per_version: 50,
            outcomes_per_version: 20,
            value_bytes: 256,
        }
    }
}
