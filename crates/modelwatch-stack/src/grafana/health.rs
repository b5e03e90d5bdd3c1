//! Row 1: is the service healthy?

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{
    Color, DataLink, Field, Heatmap, Override, Panel, Property, Query, Stat, Table, TableField, Thresholds, TimeSeries,
    TimeSeriesField, Transformation, Unit,
};
use super::scope::Scope;
use crate::known;
use crate::promql::{Selector, Window, count_by, max_by, sum, sum_by, word};
use crate::recorded::{self, Recorded};
use crate::rules::Severity;

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn section(scope: &Scope<'_>) -> Section {
    Section {
        title: "Is the service healthy?",
        collapsed: false,
        panels: vec![
            (Rollout::ServiceHealth, firing(scope), 4, 4),
            (Rollout::ServiceHealth, requests(scope), 4, 4),
            (Rollout::ServiceHealth, worst_latency(scope), 4, 4),
            (Rollout::ServiceHealth, worst_errors(scope), 4, 4),
            (Rollout::ServiceHealth, replicas(scope), 4, 4),
            (Rollout::ServiceHealth, targets_down(scope), 4, 4),
            (Rollout::ServiceHealth, alerts(scope), 24, 6),
            (Rollout::ServiceHealth, endings(scope), 8, 8),
            (Rollout::ServiceHealth, latency(scope), 8, 8),
            (Rollout::ServiceHealth, latency_heatmap(scope), 8, 8),
        ],
    }
}

fn firing(scope: &Scope<'_>) -> Panel {
    let count = |severity| scope.write(scope.alerts(Some(severity)).expr().how_many().or_zero());
    let lit = |color| Property::Thresholds(Thresholds::of(Color::Green, &[(1.0, color)]));
    Panel::chart(
        "Firing alerts",
        "Pages need a person now; tickets wait until morning. The table below has their runbooks.",
        vec![
            Query::instant(count(Severity::Page), "pages"),
            Query::instant(count(Severity::Ticket), "tickets"),
        ],
        (
            Stat::light(),
            Field::new(Unit::Number, "No answer from Prometheus", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[]))
                .exception(Override::of("pages", [lit(Color::Red)]))
                .exception(Override::of("tickets", [lit(Color::Orange)])),
        ),
    )
}

fn requests(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Requests per second",
        "All that ended in the last five minutes, whatever their ending.",
        vec![Query::range(
            scope.write(sum(scope.select(&recorded::REQUESTS))),
            "requests",
        )],
        (
            Stat::sparkline(),
            Field::new(Unit::RequestsPerSecond, "No traffic", Default::default()).min(0.0),
        ),
    )
    .link(scope.runbook_link("traffic gone", &known::TRAFFIC_GONE))
}

fn worst(scope: &Scope<'_>, series: &'static Recorded) -> Query {
    let by = scope.by(&["model_version", "route"]);
    Query::instant(
        scope.write(max_by(&by, scope.select(series)).top(1)),
        &scope.legend(&["model_version", "route"]),
    )
}

fn worst_latency(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Worst p95 latency",
        "The slowest version and route of the last five minutes. Red: over the objective.",
        vec![worst(scope, &recorded::LATENCY_P95)],
        (
            Stat::named_light(),
            Field::new(Unit::Seconds, "No traffic", Default::default())
                .coloured_by(Thresholds::limit(scope.limits.latency_p95_seconds)),
        ),
    )
    .link(scope.runbook_link("high latency", &known::HIGH_LATENCY))
    .link(scope.runbook_link("many models are slow", &known::MANY_SLOW))
}

fn worst_errors(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Worst error ratio",
        "The version and route with the largest share of errors in the last five minutes. Red: over the limit.",
        vec![worst(scope, &recorded::ERROR_RATIO)],
        (
            Stat::named_light(),
            Field::new(Unit::Ratio, "No traffic", Default::default())
                .coloured_by(Thresholds::limit(scope.limits.error_ratio))
                .decimals(2),
        ),
    )
    .link(scope.runbook_link("high error ratio", &known::HIGH_ERROR_RATE))
    .link(scope.runbook_link("many models fail", &known::MANY_FAILING))
    .link(scope.runbook_link("client errors", &known::CLIENT_ERRORS_HIGH))
}

fn replicas(scope: &Scope<'_>) -> Panel {
    let info = scope.select(&contract::MODEL_INFO);
    let count = |info: Selector| scope.write(count_by(&["instance"], info).how_many().or_zero());
    Panel::chart(
        "Replicas",
        "Processes that serve the chosen models and versions, now and an hour ago.",
        vec![
            Query::instant(count(info.clone()), "now"),
            Query::instant(count(info.offset(HOUR)), "1 h ago"),
        ],
        (
            Stat::light(),
            Field::new(Unit::Number, "No answer from Prometheus", Default::default())
                .coloured_by(Thresholds::of(Color::Text, &[]))
                .exception(Override::of(
                    "now",
                    [Property::Thresholds(Thresholds::of(Color::Red, &[(1.0, Color::Green)]))],
                )),
        ),
    )
}

/// A job belongs to the stack if it exposed one of its metrics within the hour, so a dead target still counts.
fn targets_down(scope: &Scope<'_>) -> Panel {
    let mut ours = vec![&contract::MODEL_INFO];
    if scope.rollout >= Rollout::Drift {
        ours.push(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP);
    }
    let ours = ours
        .into_iter()
        .map(|metric| count_by(&["job"], scope.select(metric).over("last_over_time", HOUR)))
        .reduce(|all, more| all.or(&["job"], more));
    let down = word("up").expr().equals(0.0);
    let down = ours.map_or_else(|| down.clone(), |ours| down.and(&["job"], ours));
    Panel::chart(
        "Scrape targets down",
        "Model servers and drift exporters that Prometheus can't reach. What they would say is missing below.",
        vec![Query::instant(scope.write(down.how_many().or_zero()), "down")],
        (
            Stat::light(),
            Field::new(Unit::Number, "No answer from Prometheus", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[(1.0, Color::Red)])),
        ),
    )
    .link(scope.runbook_link("scrape target down", &known::TARGET_DOWN))
    .link(scope.runbook_link("scrape job down", &known::JOB_DOWN))
    .link(scope.runbook_link("rules fail", &known::RULES_FAILING))
    .link(scope.runbook_link("notifications fail", &known::NOTIFICATIONS_FAILING))
    .link(scope.runbook_link("alerts get through", &known::WATCHDOG))
    .link(scope.runbook_link("replicas behind one name", &known::ONE_NAME))
}

fn alerts(scope: &Scope<'_>) -> Panel {
    let mut columns = vec![
        ("Time", ""),
        ("Value", ""),
        ("severity", "Severity"),
        ("alertname", "Alert"),
    ];
    if scope.model.is_none() {
        columns.push(("model_name", "Model"));
    }
    columns.extend([
        ("model_version", "Version"),
        ("route", "Route"),
        ("feature_name", "Feature"),
        ("team", "Team"),
    ]);
    let labels: Vec<_> = columns[2..].iter().map(|(label, _)| *label).collect();
    Panel::chart(
        "What is firing",
        "Firing alerts of the chosen models, pages first. An alert's name leads to its runbook.",
        vec![Query::table(scope.write(count_by(&labels, scope.alerts(None))))],
        (
            Table::sorted_by("Severity", false),
            Field::new(Unit::Number, "Nothing is firing", TableField::plain()).exception(Override::of(
                "Alert",
                [Property::Link(DataLink::new(
                    "Runbook",
                    scope.runbook("${__value.text}"),
                ))],
            )),
        ),
    )
    .transform(Transformation::Columns(columns))
}

fn endings(scope: &Scope<'_>) -> Panel {
    let colors = [
        ("success", Color::Green),
        ("error", Color::Red),
        ("client_error", Color::Orange),
        ("cancelled", Color::Purple),
    ];
    let field = Field::new(Unit::RequestsPerSecond, "No traffic", TimeSeriesField::stacked()).min(0.0);
    Panel::chart(
        "Requests by ending",
        "Errors are the service's own; client errors and cancelled requests are the callers'.",
        vec![Query::range(
            scope.write(sum_by(
                &["status"],
                scope.select(&contract::INFERENCE_REQUESTS).rate(Window::Panel),
            )),
            "{{status}}",
        )],
        (
            TimeSeries::new(),
            colors.into_iter().fold(field, |field, (status, color)| {
                field.exception(Override::of(status, [Property::Fixed(color)]))
            }),
        ),
    )
}

fn latency(scope: &Scope<'_>) -> Panel {
    let quantile = |quantile: f64| scope.quantile(&contract::INFERENCE_LATENCY, quantile, &[]);
    Panel::chart(
        "Latency",
        "From the call to the end of the answer, of all chosen requests. Points are single requests that lead to their traces.",
        vec![
            Query::range(quantile(0.5), "p50"),
            Query::range(quantile(0.95), "p95").with_exemplars(),
            Query::range(quantile(0.99), "p99"),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::Seconds, "No traffic", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(
                    Color::Transparent,
                    &[(scope.limits.latency_p95_seconds, Color::Red)],
                )),
        ),
    )
    .link(scope.runbook_link("high latency", &known::HIGH_LATENCY))
    .link(scope.runbook_link("latency missing", &known::LATENCY_MISSING))
}

fn latency_heatmap(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Latency, all requests",
        "How many requests took how long. A second band apart from the first is a part of the traffic that suffers alone.",
        vec![Query::heatmap(scope.buckets(&contract::INFERENCE_LATENCY)).with_exemplars()],
        (
            Heatmap::of_buckets(Unit::Seconds),
            Field::new(Unit::Number, "No traffic", Default::default()),
        ),
    )
}
