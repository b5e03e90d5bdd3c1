//! What the scan found.

use serde::Serialize;

/// The combinations of labels that explain an excess, the best first.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Localization {
    /// Events now.
    pub events: f64,
    /// Trials now.
    pub trials: f64,
    /// Events now, if the calm part of the history went on.
    pub expected: f64,
    /// Every combination with an excess, the best first, at most [`Settings::most`](super::Settings::most). Relatives are
    /// among them: a culprit's own corners often follow it.
    pub ranked: Vec<Candidate>,
}

/// A combination of label values, and what it explains.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// The labels and their values, in the order of the table.
    pub labels: Vec<(String, String)>,
    /// Other labels that have one value in all of this combination's rows: the same events under a longer name.
    pub always: Vec<(String, String)>,
    /// Its events now.
    pub events: f64,
    /// Its trials now.
    pub trials: f64,
    /// The events its own past makes one expect now.
    pub expected: f64,
    /// Its excess over the whole excess, 0 to 1.
    pub share: f64,
    /// How much likelier its events are with a ratio of their own than with the expected one, as a logarithm.
    pub log_likelihood_ratio: f64,
    /// How often chance alone makes some combination this unlikely, 0 to 1. Never 0: replicates are counted.
    pub p_value: f64,
}

impl Localization {
    /// The answers to show: a combination that only widens or narrows a better one is left out.
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

    /// Events now beyond those expected; 0 when there are fewer.
    #[must_use]
    pub fn excess(&self) -> f64 {
        (self.events - self.expected).max(0.0)
    }
}

impl Candidate {
    /// Its events over its trials; nothing without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }

    /// Whether the combination fixes this label, and to which value: by name, or because all its rows have it.
    #[must_use]
    pub fn value(&self, label: &str) -> Option<&str> {
        let mut all = self.labels.iter().chain(&self.always);
        all.find(|(name, _)| name == label).map(|(_, value)| value.as_str())
    }
}

/// One value of one label.
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
    /// The events its own past makes one expect now.
    pub expected: f64,
}

impl Slice {
    /// Events now beyond those expected; below 0 when there are fewer.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.events - self.expected
    }

    /// Events over trials; nothing without trials.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.trials > 0.0).then(|| self.events / self.trials)
    }
}

/// Whether every row of the one is a row of the other, as far as their names tell.
fn within(narrow: &Candidate, wide: &Candidate) -> bool {
    wide.labels
        .iter()
        .all(|(name, value)| narrow.value(name) == Some(value))
}
