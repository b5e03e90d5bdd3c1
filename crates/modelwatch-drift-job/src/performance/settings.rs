//! Configures which model's performance to measure again and again, and how often.

use std::time::Duration;

use chrono::TimeDelta;

use super::options::PerformanceOptions;

/// Configures a model whose performance is measured again and again. Start with [`new`](Self::new) and set the fields
/// that differ from the defaults.
/// The example of [`PerformanceJob`](crate::performance::PerformanceJob) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PerformanceSettings {
    /// The model's name, as the service uses it.
    pub model: String,
    /// Where its rows are and the names of their columns. Each run sets its own `now`, `since` and `timeout`.
    pub options: PerformanceOptions,
    /// The time between the starts of two runs. Defaults to 1 hour.
    pub interval: TimeDelta,
    /// How far back to look at predictions. Defaults to 30 days.
    pub period: TimeDelta,
    /// The maximum duration of a run. Defaults to 15 minutes.
    pub timeout: Duration,
}

impl PerformanceSettings {
    /// Creates the settings of a model, with defaults for everything else.
    pub fn new(model: impl Into<String>, options: PerformanceOptions) -> Self {
        Self {
            model: model.into(),
            options,
            interval: TimeDelta::hours(1),
            period: TimeDelta::days(30),
            timeout: Duration::from_secs(15 * 60),
        }
    }

    /// Returns whether a run would do the same, ignoring the times that each run sets.
    pub(super) fn asks_the_same(&self, other: &Self) -> bool {
        let mut other = other.clone();
        let run = &self.options;
        (other.options.now, other.options.since, other.options.timeout) = (run.now, run.since, run.timeout);
        *self == other
    }
}
