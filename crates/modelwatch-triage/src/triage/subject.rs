//! The subject of a triage.

use std::collections::BTreeMap;

use serde::Serialize;

/// A model at a time, with the alert about it, if any.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subject {
    /// The model's name.
    pub model: String,
    /// The time to look at, in seconds since the epoch.
    pub at: i64,
    /// The alert's name, if there is an alert.
    pub alert: Option<String>,
    /// The alert's labels, which narrow the search: `feature_name`, `class`, `outcome`.
    pub labels: BTreeMap<String, String>,
    /// Labels that distinguish this model from one with the same name elsewhere, such as `environment` or `cluster`.
    pub only: BTreeMap<String, String>,
}

impl Subject {
    /// Makes a subject of a model at a time, in seconds since the epoch.
    #[must_use]
    pub fn model(name: impl Into<String>, at: i64) -> Self {
        Self {
            model: name.into(),
            at,
            alert: None,
            labels: BTreeMap::new(),
            only: BTreeMap::new(),
        }
    }

    /// Makes a subject from the labels of an alert. `None` when the alert is not about a model. `identity` names the labels of
    /// [`Subject::only`].
    #[must_use]
    pub fn alert(labels: &BTreeMap<String, String>, identity: &[String], at: i64) -> Option<Self> {
        let model = labels.get("model_name").filter(|model| !model.is_empty())?;
        let identity = labels
            .iter()
            .filter(|(name, value)| identity.contains(name) && !value.is_empty());
        Some(Self {
            alert: labels.get("alertname").cloned(),
            labels: labels.clone(),
            only: identity.map(|(name, value)| (name.clone(), value.clone())).collect(),
            ..Self::model(model, at)
        })
    }

    /// Returns a label of the alert.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}
