//! What fires.

use std::collections::BTreeMap;

/// The alert that always fires.
pub(super) const ALWAYS: &str = "ModelwatchDrill";

/// Every alert that fired at one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// In seconds from the first scrape.
    pub at: u32,
    /// The alerts.
    pub firing: Vec<Alert>,
}

/// An alert that fires.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// Its texts.
    pub annotations: BTreeMap<String, String>,
}

impl Evaluation {
    /// Makes an evaluation, in seconds from the first scrape, of what fires.
    #[must_use]
    pub fn new(at: u32, firing: Vec<Alert>) -> Self {
        Self { at, firing }
    }
}

impl Alert {
    /// Makes an alert of labels and texts.
    #[must_use]
    pub fn new(labels: BTreeMap<String, String>, annotations: BTreeMap<String, String>) -> Self {
        Self { labels, annotations }
    }

    /// A label; empty where it has none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// A text; empty where it has none.
    #[must_use]
    pub fn annotation(&self, name: &str) -> &str {
        self.annotations.get(name).map_or("", String::as_str)
    }
}
