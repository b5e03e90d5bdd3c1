//! promtool: a world as a test file for it, and its answer as alerts over time.
//!
//! promtool says of a test whether it passed. So a test here expects that nothing fires, of every alert at every evaluation:
//! what promtool then says of a failure is each alert that fired, with its labels and its texts as they were at that time.
//! One more alert always fires, so that silence is an answer and not a mistake.

mod answer;
mod file;

use std::collections::BTreeMap;

pub use answer::{AnswerError, alerts};
pub use file::{RehearsalFiles, files};

/// The alert that always fires.
const ALWAYS: &str = "ModelwatchDrill";

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
