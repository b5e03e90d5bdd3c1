//! What Alertmanager tells a webhook.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What Alertmanager posts to a webhook, as far as it is read.
#[derive(Deserialize)]
pub(super) struct Notification {
    alerts: Vec<Alert>,
}

/// One alert of it.
#[derive(Clone, Deserialize)]
pub(super) struct Alert {
    status: String,
    pub(super) labels: BTreeMap<String, String>,
    #[serde(rename = "startsAt", default)]
    pub(super) starts_at: String,
}

impl Notification {
    /// The alerts of a model that fire.
    pub(super) fn firing(self) -> impl Iterator<Item = Alert> {
        let of_model = |alert: &Alert| alert.status == "firing" && alert.labels.contains_key("model_name");
        self.alerts.into_iter().filter(of_model)
    }
}
