//! What Alertmanager tells a webhook.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Bytes of an alert's labels. A hundred alerts wait, and their labels with them.
const LABELS: usize = 16 << 10;
/// Bytes of the time at which an alert began.
const TIME: usize = 64;

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
    /// The alerts of a model that fire; one whose labels are longer than any rule makes them is none.
    pub(super) fn firing(self) -> impl Iterator<Item = Alert> {
        let of_model = |alert: &Alert| alert.status == "firing" && alert.labels.contains_key("model_name");
        let short = |alert: &Alert| {
            let labels: usize = alert.labels.iter().map(|(name, value)| name.len() + value.len()).sum();
            labels <= LABELS && alert.starts_at.len() <= TIME
        };
        self.alerts.into_iter().filter(of_model).filter(short)
    }
}
