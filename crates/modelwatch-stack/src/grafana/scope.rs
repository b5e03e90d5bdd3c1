//! What a dashboard looks at: every model, or one, narrowed by the reader's choice of version and route.

use modelwatch::contract::{self, Metric, SourceMetric};
use modelwatch_config::{Config, Model, Rollout};

use super::model::DashboardLink;
use crate::links;
use crate::recorded::Recorded;
use crate::rules::alerts::drift::late;
use crate::rules::alerts::kind::Kind;

/// Series of one name, with the labels they have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    name: &'static str,
    suffix: &'static str,
    labels: &'static [&'static str],
}

impl Series {
    /// The cumulative buckets of a histogram.
    pub(crate) fn buckets(metric: &'static Metric) -> Self {
        Self::part(metric, "_bucket")
    }

    /// Another part of a histogram: `_sum` or `_count`.
    pub(crate) fn part(metric: &'static Metric, suffix: &'static str) -> Self {
        debug_assert_eq!(metric.kind, contract::MetricKind::Histogram);
        Self {
            suffix,
            ..metric.into()
        }
    }
}

impl From<&'static SourceMetric> for Series {
    fn from(metric: &'static SourceMetric) -> Self {
        Self::from(&**metric)
    }
}

impl From<&'static Metric> for Series {
    fn from(metric: &'static Metric) -> Self {
        Self {
            name: metric.name,
            suffix: "",
            labels: metric.labels,
        }
    }
}

impl From<&'static Recorded> for Series {
    fn from(recorded: &'static Recorded) -> Self {
        Self {
            name: recorded.name,
            suffix: "",
            labels: recorded.labels,
        }
    }
}

/// The limits that colours and lines are drawn at.
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

impl Limits {
    /// Those of one model.
    fn of(model: &Model) -> Self {
        /// For models that the drift job does not watch: nothing is overdue within a day.
        const UNWATCHED_SECONDS: f64 = 86_400.0;
        let drift = model.drift.as_ref();
        Self {
            latency_p95_seconds: model.latency_p95.as_secs_f64(),
            error_ratio: model.thresholds.error_ratio,
            missing_ratio: model.thresholds.missing_ratio,
            out_of_range_ratio: model.thresholds.out_of_range_ratio,
            drift_score: drift.map_or(model.thresholds.drift_score, |drift| drift.threshold),
            drift_stale_seconds: drift.map_or(UNWATCHED_SECONDS, |drift| late(drift).as_secs_f64()),
            baseline_age_seconds: model.thresholds.baseline_age.as_secs_f64(),
        }
    }

    /// Each limit as most models have it, for a dashboard of them all.
    fn usual(models: &[Model]) -> Self {
        let usual = |limit: fn(&Self) -> f64| {
            let mut limits: Vec<_> = models.iter().map(|model| limit(&Self::of(model))).collect();
            limits.sort_by(f64::total_cmp);
            let runs = limits.chunk_by(|a, b| a == b);
            runs.max_by_key(|run| run.len()).map_or(0.0, |run| run[0])
        };
        Self {
            latency_p95_seconds: usual(|limits| limits.latency_p95_seconds),
            error_ratio: usual(|limits| limits.error_ratio),
            missing_ratio: usual(|limits| limits.missing_ratio),
            out_of_range_ratio: usual(|limits| limits.out_of_range_ratio),
            drift_score: usual(|limits| limits.drift_score),
            drift_stale_seconds: usual(|limits| limits.drift_stale_seconds),
            baseline_age_seconds: usual(|limits| limits.baseline_age_seconds),
        }
    }
}

/// Whose series a dashboard shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// One model; none: all that the variable `model` chooses.
    pub(crate) model: Option<&'a Model>,
    pub(crate) limits: Limits,
    /// Where the runbooks are, without a slash at its end.
    pub(crate) runbooks: &'a str,
    /// What of the stack there is to show.
    pub(crate) rollout: Rollout,
}

impl<'a> Scope<'a> {
    /// All models.
    pub(crate) fn all(config: &'a Config) -> Self {
        Self {
            model: None,
            limits: Limits::usual(&config.models),
            runbooks: &config.links.runbooks,
            rollout: config.rollout,
        }
    }

    /// One of them.
    pub(crate) fn one(config: &'a Config, model: &'a Model) -> Self {
        Self {
            model: Some(model),
            limits: Limits::of(model),
            runbooks: &config.links.runbooks,
            rollout: config.rollout,
        }
    }
}

impl Scope<'_> {
    /// The series, narrowed to this scope by as many labels as it has.
    pub(crate) fn select(&self, series: impl Into<Series>) -> String {
        let series = series.into();
        let mut matchers = Vec::new();
        if series.labels.contains(&"model_name") {
            matchers.push(self.model_matcher());
        }
        for (label, variable) in [
            ("model_version", links::VERSION_VARIABLE),
            ("route", links::ROUTE_VARIABLE),
        ] {
            if series.labels.contains(&label) {
                matchers.push(format!("{label}=~\"${variable}\""));
            }
        }
        format!("{}{}{{{}}}", series.name, series.suffix, matchers.join(","))
    }

    /// `model_name` is of this scope.
    pub(crate) fn model_matcher(&self) -> String {
        self.model.map_or_else(
            || "model_name=~\"$model\"".to_owned(),
            |model| format!("model_name=\"{}\"", escape(&model.name)),
        )
    }

    /// Firing alerts of this scope, and those of no model in particular, such as a target that is down.
    pub(crate) fn alerts(&self, severity: Option<&str>) -> String {
        let model = self.model.map_or_else(
            || "$model|".to_owned(),
            |model| format!("{}|", escape(&escape_regex(&model.name))),
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

    /// A link to what to do about an alert.
    pub(crate) fn runbook_link(&self, about: &str, alert: &Kind) -> DashboardLink {
        DashboardLink::page(&format!("Runbook: {about}"), self.runbook(alert.name))
    }

    /// Where the runbook of an alert is; the name can be one of Grafana's `${__…}`.
    pub(crate) fn runbook(&self, alert: &str) -> String {
        format!("{}/{}", self.runbooks, links::runbook_file(alert))
    }
}

/// A label value inside PromQL's double quotes. Dollars and brackets too, since Grafana would take them for variables.
fn escape(value: &str) -> String {
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
