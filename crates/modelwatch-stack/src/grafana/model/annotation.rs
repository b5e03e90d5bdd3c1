//! Annotations: marks in every panel where something changed.

use serde::Serialize;

use super::query::{DataSource, Written};

/// A query whose non-zero samples become marks.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnotationQuery {
    name: String,
    datasource: DataSource,
    enable: bool,
    hide: bool,
    icon_color: &'static str,
    target: AnnotationTarget,
    /// The title of a mark in the format of the Prometheus plugin: `{{label}}` is a label's value.
    title_format: String,
    text_format: String,
    tag_keys: String,
    use_value_for_time: bool,
}

/// The query in the form that a panel uses.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnotationTarget {
    ref_id: String,
    expr: Written,
    interval: &'static str,
    legend_format: String,
}

impl AnnotationQuery {
    /// `step` is the interval between samples. It can miss marks that last less.
    pub(crate) fn new(name: &str, color: &'static str, expr: Written, title: &str, text: &str, tags: &[&str]) -> Self {
        const STEP: &str = "60s";
        Self {
            name: name.to_owned(),
            datasource: DataSource::CHOSEN,
            enable: true,
            hide: false,
            icon_color: color,
            target: AnnotationTarget {
                ref_id: "Anno".to_owned(),
                expr,
                interval: STEP,
                legend_format: title.to_owned(),
            },
            title_format: title.to_owned(),
            text_format: text.to_owned(),
            tag_keys: tags.join(","),
            use_value_for_time: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn expr(&self) -> &str {
        &self.target.expr.text
    }
}
