//! Counts over time.

use serde::Serialize;

/// Events among trials in steps of the same length, with gaps where there are no samples.
///
/// [`onset`](crate::onset::onset()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// The beginning of the first step, in seconds since the epoch.
    pub start: i64,
    /// The length of a step, in seconds.
    pub step: i64,
    /// The counts of each step. `None` where there is no sample.
    pub steps: Vec<Option<Step>>,
}

/// The counts of one step.
///
/// [`onset`](crate::onset::onset()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Errors, slow requests, or missing values.
    pub events: f64,
    /// Requests, or observations.
    pub trials: f64,
}

impl Series {
    /// Makes a series. A step below one second counts as one second.
    ///
    /// Steps with negative or non-finite numbers become gaps.
    #[must_use]
    pub fn new(start: i64, step: i64, steps: impl IntoIterator<Item = Option<Step>>) -> Self {
        let known = |step: &Step| {
            [step.events, step.trials]
                .iter()
                .all(|number| number.is_finite() && *number >= 0.0)
        };
        Self {
            start,
            step: step.max(1),
            steps: steps.into_iter().map(|step| step.filter(known)).collect(),
        }
    }

    /// Returns the beginning of a step, in seconds since the epoch.
    #[must_use]
    pub fn begins(&self, index: usize) -> i64 {
        self.start + self.step * i64::try_from(index).unwrap_or(i64::MAX / self.step)
    }

    /// Returns the end of the last step, in seconds since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.begins(self.steps.len())
    }

    /// Sums the events and trials of the steps that begin within a time range, its end excluded.
    #[must_use]
    pub fn between(&self, from: i64, to: i64) -> Step {
        let within = self.steps.iter().enumerate().filter(|(index, _)| {
            let begins = self.begins(*index);
            from <= begins && begins < to
        });
        within
            .filter_map(|(_, step)| *step)
            .fold(Step::default(), |sum, step| Step {
                events: sum.events + step.events,
                trials: sum.trials + step.trials,
            })
    }
}

impl Default for Step {
    fn default() -> Self {
        Self {
            events: 0.0,
            trials: 0.0,
        }
    }
}

impl Step {
    /// Returns events over trials, or `None` without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }
}
