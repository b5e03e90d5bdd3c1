//! What fires.

use std::collections::BTreeMap;

/// The alert that always fires.
pub(super) const ALWAYS: &str = "ModelwatchDrill";

/// Every alert that fired at one evaluation.
///
/// # Example
///
/// ```
/// use modelwatch_drill::rehearsal::{Alert, Evaluation, alerts};
///
/// let said = r#"
/// Unit Testing:  canary-errors.json
///   FAILED:
///     alertname: MLTrafficGone, time: 1h40m30s,
///         exp:[],
///         got:[
///             0:
///               Labels:{alertname="MLTrafficGone", model_name="claims-risk"}
///               Annotations:{summary="It is gone"}
///             ]
/// "#;
/// let evaluations: Vec<Evaluation> = alerts(said)?;
/// assert_eq!(evaluations[0].at, 6030);
/// let alert: &Alert = &evaluations[0].firing[0];
/// assert_eq!(alert.label("model_name"), "claims-risk");
/// assert_eq!(alert.label("feature"), "");
/// assert_eq!(alert.annotation("summary"), "It is gone");
/// # Ok::<(), modelwatch_drill::rehearsal::AnswerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// In seconds from the first scrape.
    pub at: u32,
    /// The alerts.
    pub firing: Vec<Alert>,
}

/// An alert that fires.
///
/// The example of [`Evaluation`] has one.
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
