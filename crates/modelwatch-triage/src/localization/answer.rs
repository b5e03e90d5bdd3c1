//! The result of a scan.

use serde::Serialize;

/// The combinations of labels that explain an excess, best first.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Localization {
    /// Events now.
    pub events: f64,
    /// Trials now.
    pub trials: f64,
    /// The events expected now, had the calm part of the history continued.
    pub expected: f64,
    /// Every combination with an excess, best first, at most [`Settings::most`](super::Settings::most). The list contains
    /// relatives: narrower parts of a culprit often follow it.
    pub ranked: Vec<Candidate>,
}

/// A combination of label values, and the excess it explains.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The labels and their values, in the order of the table.
    pub labels: Vec<(String, String)>,
    /// Other labels that have a single value in all rows of this combination: the same events under a longer name.
    pub always: Vec<(String, String)>,
    /// Its events now.
    pub events: f64,
    /// Its trials now.
    pub trials: f64,
    /// The events expected now from its own past.
    pub expected: f64,
    /// Its share of the whole excess, 0 to 1.
    pub share: f64,
    /// The logarithm of how much likelier its events are at their own ratio than at the expected one.
    pub log_likelihood_ratio: f64,
    /// How often chance alone makes some combination this unlikely, 0 to 1. Never 0, because it counts replicates.
    pub p_value: f64,
}

impl Localization {
    /// Returns the candidates to show, without those that only widen or narrow a better one.
    #[must_use]
    pub fn distinct(&self) -> Vec<&Candidate> {
        let mut kept: Vec<&Candidate> = Vec::new();
        for candidate in &self.ranked {
            let related = |better: &&Candidate| within(candidate, better) || within(better, candidate);
            if !kept.iter().any(related) {
                kept.push(candidate);
            }
        }
        kept
    }

    /// Returns the events now beyond those expected, or 0 when there are fewer.
    #[must_use]
    pub fn excess(&self) -> f64 {
        (self.events - self.expected).max(0.0)
    }
}

impl Candidate {
    /// Returns its events over its trials, or `None` without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }

    /// Returns the value that the combination fixes for this label: by name, or because all its rows have it.
    #[must_use]
    pub fn value(&self, label: &str) -> Option<&str> {
        let mut all = self.labels.iter().chain(&self.always);
        all.find(|(name, _)| name == label).map(|(_, value)| value.as_str())
    }
}

/// One value of one label, and its counts.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Slice {
    /// The value.
    pub value: String,
    /// Events now.
    pub events: f64,
    /// Trials now.
    pub trials: f64,
    /// The events expected now from its own past.
    pub expected: f64,
}

impl Slice {
    /// Returns the events now beyond those expected. Negative when there are fewer.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.events - self.expected
    }

    /// Returns events over trials, or `None` without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }
}

/// Whether every row of `narrow` is a row of `wide`, as far as their labels show.
fn within(narrow: &Candidate, wide: &Candidate) -> bool {
    wide.labels
        .iter()
        .all(|(name, value)| narrow.value(name) == Some(value))
}
