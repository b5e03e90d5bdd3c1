//! Which model's performance is told again and again, and how often.

use std::time::Duration;

use chrono::TimeDelta;

use super::options::PerformanceOptions;

/// A model whose performance is told again and again. Begin with [`new`](Self::new) and set what differs from the defaults.
/// The example of [`PerformanceJob`] has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PerformanceSettings {
    /// Its name, as the service has it.
    pub model: String,
    /// Where its rows are and what their columns are called. `now`, `since` and `timeout` are those of each run.
    pub options: PerformanceOptions,
    /// Between the beginnings of two runs. Defaults to an hour.
    pub interval: TimeDelta,
    /// How far back predictions are looked at. Defaults to 30 days.
    pub period: TimeDelta,
    /// How long a run may take. Defaults to 15 minutes.
    pub timeout: Duration,
}

impl PerformanceSettings {
    /// Makes the settings of a model with defaults for everything else.
    pub fn new(model: impl Into<String>, options: PerformanceOptions) -> Self {
        Self {
            model: model.into(),
            options,
            interval: TimeDelta::hours(1),
            period: TimeDelta::days(30),
            timeout: Duration::from_secs(15 * 60),
        }
    }

    /// Whether a run would do the same; the moments of the options are those of each run.
    pub(super) fn asks_the_same(&self, other: &Self) -> bool {
        let mut other = other.clone();
        let run = &self.options;
        (other.options.now, other.options.since, other.options.timeout) = (run.now, run.since, run.timeout);
        *self == other
    }
}
