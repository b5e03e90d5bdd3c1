//! The labels that rules group by, without the identity.

use crate::promql::Selector;

pub(crate) const MODEL: &[&str] = &["model_name"];
pub(crate) const VERSION: &[&str] = &["model_name", "model_version"];
pub(crate) const ROUTE: &[&str] = &["model_name", "model_version", "route"];
pub(crate) const JOB: &[&str] = &["job"];
pub(crate) const REPLICA: &[&str] = &["job", "instance"];
pub(crate) const VERSION_FEATURE: &[&str] = &["model_name", "model_version", "feature_name"];
pub(crate) const SEGMENT: &[&str] = &["model_name", "segment", "segment_value"];
pub(crate) const FEATURE: &[&str] = &["model_name", "feature_name"];
pub(crate) const MODEL_ROUTE: &[&str] = &["model_name", "route"];

/// Limits a series to the alert's own model, version, route or feature.
pub(crate) fn own(selector: Selector, labels: &[&str]) -> Selector {
    labels.iter().fold(selector, |selector, label| selector.same(label))
}
