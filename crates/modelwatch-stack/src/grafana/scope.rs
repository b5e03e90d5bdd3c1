//! What a dashboard looks at: every model, or one, narrowed by the reader's choice of version and route.

use std::collections::BTreeSet;

use modelwatch::contract::{Kind, Metric};

/// A series that can be selected: its name, and the labels it has of those that variables choose.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    name: String,
    labels: BTreeSet<String>,
}

impl Series {
    /// One whose name and labels are known from elsewhere, such as a recording rule.
    pub(crate) fn named(name: &str, labels: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
        }
    }

    /// The cumulative buckets of a histogram.
    pub(crate) fn buckets(metric: &Metric) -> Self {
        debug_assert_eq!(metric.kind, Kind::Histogram);
        Self::named(&format!("{}_bucket", metric.name), metric.labels)
    }
}

impl From<&Metric> for Series {
    fn from(metric: &Metric) -> Self {
        Self::named(metric.name, metric.labels)
    }
}

/// The limits that colours and lines are drawn at, from modelwatch.toml.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) latency_p95_seconds: f64,
    pub(crate) error_ratio: f64,
    pub(crate) missing_ratio: f64,
    pub(crate) out_of_range_ratio: f64,
    pub(crate) drift_score: f64,
    /// Seconds after which a drift run is overdue.
    pub(crate) drift_stale_seconds: f64,
    /// Seconds after which a baseline is too old.
    pub(crate) baseline_age_seconds: f64,
}

/// Whose series a dashboard shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// One model; none: all that the variable `model` chooses.
    pub(crate) model: Option<&'a str>,
    pub(crate) limits: Limits,
    /// Where the runbooks are, without a slash at its end.
    pub(crate) runbooks: &'a str,
}

impl Scope<'_> {
    /// The series, narrowed to this scope by as many labels as it has.
    pub(crate) fn select(&self, series: impl Into<Series>) -> String {
        self.select_where(series, &[])
    }

    /// The same, where labels have these values.
    pub(crate) fn select_where(&self, series: impl Into<Series>, values: &[(&str, &str)]) -> String {
        let series = series.into();
        let mut matchers = Vec::new();
        if series.labels.contains("model_name") {
            matchers.push(self.model_matcher());
        }
        for (label, variable) in [("model_version", "version"), ("route", "route")] {
            if series.labels.contains(label) {
                matchers.push(format!("{label}=~\"${variable}\""));
            }
        }
        matchers.extend(
            values
                .iter()
                .map(|(label, value)| format!("{label}=\"{}\"", escape(value))),
        );
        format!("{}{{{}}}", series.name, matchers.join(","))
    }

    /// `model_name` is of this scope.
    pub(crate) fn model_matcher(&self) -> String {
        self.model.map_or_else(
            || "model_name=~\"$model\"".to_owned(),
            |name| format!("model_name=\"{}\"", escape(name)),
        )
    }

    /// Firing alerts of this scope, and those of no model in particular, such as a target that is down.
    pub(crate) fn alerts(&self, severity: Option<&str>) -> String {
        let model = self.model.map_or_else(
            || "$model|".to_owned(),
            |name| format!("{}|", escape(&escape_regex(name))),
        );
        let severity = severity
            .map(|value| format!(",severity=\"{value}\""))
            .unwrap_or_default();
        format!("ALERTS{{alertstate=\"firing\",model_name=~\"{model}\"{severity}}}")
    }

    /// Labels to group by: with the model's name where there can be several models.
    pub(crate) fn by(&self, labels: &[&str]) -> String {
        let model = self.model.is_none().then_some("model_name");
        model
            .into_iter()
            .chain(labels.iter().copied())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The same labels as a legend.
    pub(crate) fn legend(&self, labels: &[&str]) -> String {
        let model = self.model.is_none().then_some("model_name");
        let names: Vec<_> = model
            .into_iter()
            .chain(labels.iter().copied())
            .map(|label| format!("{{{{{label}}}}}"))
            .collect();
        names.join(" ")
    }

    /// The ten largest at each moment where there can be hundreds, else all.
    pub(crate) fn top(&self, expr: &str) -> String {
        match self.model {
            None => format!("topk(10, {expr})"),
            Some(_) => expr.to_owned(),
        }
    }

    pub(crate) fn runbook(&self, alert: &str) -> String {
        format!("{}/{alert}.md", self.runbooks)
    }
}

/// A label value inside PromQL's double quotes. Dollars and brackets too, since Grafana would take them for variables.
pub(crate) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => out.push_str(r"\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str(r"\n"),
            '$' => out.push_str(r"\x24"),
            '[' => out.push_str(r"\x5b"),
            _ => out.push(character),
        }
    }
    out
}

/// A regular expression that matches exactly `value`.
fn escape_regex(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
