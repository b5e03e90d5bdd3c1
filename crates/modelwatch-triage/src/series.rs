//! Counts over time.

use serde::Serialize;

/// Events among trials in steps of the same length, with gaps where nothing is known.
///
/// [`onset`](crate::onset::onset()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// When the first step begins, in seconds since the epoch.
    pub start: i64,
    /// The length of a step in seconds.
    pub step: i64,
    /// What happened in each step; nothing where no sample tells.
    pub steps: Vec<Option<Step>>,
}

/// What happened in one step.
///
/// [`onset`](crate::onset::onset()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Errors, slow requests, missing values.
    pub events: f64,
    /// Requests, observations.
    pub trials: f64,
}

impl Series {
    /// Makes a series; a step below a second counts as one.
    ///
    /// Steps whose numbers are negative or not finite are gaps.
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

    /// When the step of this index begins, in seconds since the epoch.
    #[must_use]
    pub fn begins(&self, index: usize) -> i64 {
        self.start + self.step * i64::try_from(index).unwrap_or(i64::MAX / self.step)
    }

    /// When the last step ends, in seconds since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.begins(self.steps.len())
    }

    /// Events and trials of the steps that begin within a time, the end not included.
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
    /// Events over trials; nothing without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }
}
