//! The scope of a dashboard: every model or one, narrowed by the viewer's choice of version and route.

use std::collections::BTreeSet;

use modelwatch::contract::Metric;
use modelwatch_config::{Config, Model, Rollout};

use super::model::{Buckets, DashboardLink, LabelValues, Written};
use crate::known::{self, KnownAlert};
use crate::links;
use crate::promql::{Expr, Selector, Window, Writer, word};
use crate::rules::Severity;
use crate::rules::alerts::drift::late;
use crate::rules::histograms::Histogram;

/// The limits for colours and lines.
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
    /// The share by which losses may exceed the reference's.
    pub(crate) performance_loss: f64,
    /// Seconds after which performance is overdue.
    pub(crate) performance_age_seconds: f64,
}

impl Limits {
    /// Returns the limits of one model.
    fn of(model: &Model) -> Self {
        /// For models that the drift job does not watch: not overdue within a day.
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
            performance_loss: model.thresholds.performance_loss,
            performance_age_seconds: model.thresholds.performance_age.as_secs_f64(),
        }
    }

    /// Returns the most common value of each limit, for a dashboard of all models.
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
            performance_loss: usual(|limits| limits.performance_loss),
            performance_age_seconds: usual(|limits| limits.performance_age_seconds),
        }
    }
}

/// The models that a dashboard shows.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    /// One model, or `None` for all that the variable `model` selects.
    pub(crate) model: Option<&'a Model>,
    pub(crate) limits: Limits,
    /// The URL of the runbooks, without a trailing slash.
    pub(crate) runbooks: &'a str,
    /// The rollout phase to show.
    pub(crate) rollout: Rollout,
    /// The identifier of the triage dashboard.
    pub(crate) triage: String,
    /// The alerts that rules raise, which are those with a runbook.
    raised: &'a BTreeSet<&'a str>,
    /// The values of the label `severity` for pages and tickets.
    severities: [&'a str; 2],
    writer: Writer,
}

impl<'a> Scope<'a> {
    /// Makes the scope of all models.
    pub(crate) fn all(config: &'a Config, raised: &'a BTreeSet<&'a str>) -> Self {
        Self {
            model: None,
            limits: Limits::usual(&config.models),
            runbooks: &config.links.runbooks,
            rollout: config.rollout,
            triage: links::triage_uid(config),
            raised,
            severities: [Severity::Page, Severity::Ticket].map(|severity| severity.label(config)),
            writer: Writer::new(config),
        }
    }

    /// Makes the scope of one model.
    pub(crate) fn one(config: &'a Config, raised: &'a BTreeSet<&'a str>, model: &'a Model) -> Self {
        Self {
            model: Some(model),
            limits: Limits::of(model),
            runbooks: &config.links.runbooks,
            rollout: config.rollout,
            triage: links::triage_uid(config),
            raised,
            severities: [Severity::Page, Severity::Ticket].map(|severity| severity.label(config)),
            writer: Writer::new(config),
        }
    }
}

impl Scope<'_> {
    /// Narrows the series to this scope, by all labels they have.
    pub(crate) fn select(&self, series: impl Into<Selector>) -> Selector {
        let mut series = series.into();
        let labels = series.labels();
        if labels.contains(&"model_name") {
            series = self.of_model(series);
        }
        for (label, variable) in [
            ("model_version", links::VERSION_VARIABLE),
            ("route", links::ROUTE_VARIABLE),
        ] {
            if labels.contains(&label) {
                series = series.variable(label, variable);
            }
        }
        series
    }

    /// A quantile of a histogram of this scope, over the window that suits the panel.
    pub(crate) fn quantile(&self, of: &'static Metric, at: f64, labels: &[&str]) -> Written {
        self.write(over_panel(of).quantile_where(at, labels, &|series| self.select(series)))
    }

    /// The number of observations in each bucket, for a heatmap.
    pub(crate) fn buckets(&self, of: &'static Metric) -> Buckets {
        const QUANTILES: [(&str, f64); 6] = [
            ("p10", 0.1),
            ("p25", 0.25),
            ("p50", 0.5),
            ("p75", 0.75),
            ("p90", 0.9),
            ("p99", 0.99),
        ];
        let quantiles = QUANTILES.map(|(name, at)| (name, self.quantile(of, at, &[])));
        Buckets {
            counts: self.write(over_panel(of).increases(&[], &|series| self.select(series))),
            quantiles: quantiles.into(),
        }
    }

    /// The mean of a histogram's observations.
    pub(crate) fn mean(&self, of: &'static Metric, labels: &[&str]) -> Written {
        self.write(over_panel(of).mean_of(labels, &|series| self.select(series)))
    }

    /// The sum of a histogram's observations, per second.
    pub(crate) fn total(&self, of: &'static Metric, labels: &[&str]) -> Written {
        self.write(over_panel(of).total(labels, &|series| self.select(series)))
    }

    /// Narrows to the models of this scope only.
    pub(crate) fn of_model(&self, series: Selector) -> Selector {
        match self.model {
            None => series.variable("model_name", links::MODEL_VARIABLE),
            Some(model) => series.eq("model_name", &model.name),
        }
    }

    /// Firing alerts of this scope, and those about no particular model, such as a target that is down.
    pub(crate) fn alerts(&self, severity: Option<Severity>) -> Selector {
        let firing = word("ALERTS").eq("alertstate", "firing");
        let firing = match self.model {
            None => firing.variable_or_none("model_name", links::MODEL_VARIABLE),
            Some(model) => firing.one_of_or_none("model_name", [model.name.as_str()]),
        };
        match severity {
            Some(Severity::Page) => firing.eq("severity", self.severities[0]),
            Some(Severity::Ticket) => firing.eq("severity", self.severities[1]),
            // Leaves out the alert that always fires.
            Some(Severity::None) | None => firing.ne("alertname", known::WATCHDOG.name),
        }
    }

    /// The labels to group by, with the model's name when there can be several models.
    pub(crate) fn by<'l>(&self, labels: &[&'l str]) -> Vec<&'l str> {
        let model = self.model.is_none().then_some("model_name");
        model.into_iter().chain(labels.iter().copied()).collect()
    }

    /// The same labels as a legend, with the identity labels.
    pub(crate) fn legend(&self, labels: &[&str]) -> String {
        let identity = self.writer.identity().iter().map(String::as_str);
        let names = identity.chain(self.by(labels)).map(|label| format!("{{{{{label}}}}}"));
        names.collect::<Vec<_>>().join(" ")
    }

    /// Returns the identity labels, which distinguish environments.
    pub(crate) fn identity(&self) -> &[String] {
        self.writer.identity()
    }

    /// The ten largest series at each moment when there can be hundreds, otherwise all.
    pub(crate) fn top(&self, expr: impl Into<Expr>) -> Expr {
        let expr = expr.into();
        match self.model {
            None => expr.top(10),
            Some(_) => expr,
        }
    }

    /// Writes an expression for Grafana.
    pub(crate) fn write(&self, expr: impl Into<Expr>) -> Written {
        let expr = expr.into();
        Written {
            text: self.writer.dashboard(&expr),
            expr,
        }
    }

    /// Writes the query for a label's values in Grafana's form.
    pub(crate) fn label_values(&self, selector: &Selector, label: &str) -> LabelValues {
        LabelValues {
            text: self.writer.label_values(selector, label),
            of: selector.clone(),
            label: label.to_owned(),
        }
    }

    /// A link to the runbook of an alert, if any rule raises it.
    pub(crate) fn runbook_link(&self, about: &str, alert: &KnownAlert) -> Option<DashboardLink> {
        self.raised
            .contains(alert.name)
            .then(|| DashboardLink::page(&format!("Runbook: {about}"), self.runbook(alert.name)))
    }

    /// The URL of an alert's runbook. The name can be one of Grafana's `${__…}`.
    pub(crate) fn runbook(&self, alert: &str) -> String {
        format!("{}/{}", self.runbooks, links::runbook_file(alert))
    }
}

fn over_panel(of: &'static Metric) -> Histogram {
    Histogram {
        of,
        window: Window::Panel,
    }
}
