//! The parts that every manifest has: its header, its labels, and the names by which manifests refer to each other.

use std::collections::BTreeMap;

use modelwatch_config::Config;
use serde::Serialize;

/// `kubectl apply` copies the whole manifest into an annotation, so a manifest must be smaller than this.
pub(super) const LIMIT: usize = 256 << 10;

/// The label of a service that names the job that scrapes it.
pub(super) const JOB_LABEL: &str = "modelwatch.dev/job";
/// The name of the service's port that serves the metrics.
pub(super) const PORT: &str = "metrics";

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest<S> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) metadata: Metadata,
    #[serde(flatten)]
    pub(super) body: S,
}

#[derive(Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    pub(super) labels: Labels,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub(super) annotations: Labels,
}

#[derive(Serialize)]
pub(super) struct Spec<S> {
    pub(super) spec: S,
}

pub(super) fn metadata(config: &Config, name: String) -> Metadata {
    let mut labels: Labels = ["name", "managed-by"]
        .map(|label| (format!("app.kubernetes.io/{label}"), "modelwatch".to_owned()))
        .into();
    labels.extend(config.kubernetes.labels.clone());
    Metadata {
        name,
        namespace: config.kubernetes.namespace.clone(),
        labels,
        annotations: Labels::new(),
    }
}
