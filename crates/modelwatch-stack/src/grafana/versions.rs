//! Row 2: which model or version is responsible?

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{
    BarGauge, Color, DataLink, Field, Override, Panel, Property, Query, Table, TableField, Thresholds, TimeSeries,
    TimeSeriesField, Transformation, Unit, plain,
};
use super::scope::Scope;
use crate::known;
use crate::promql::{Expr, Selector, max_by, number, sum_by};
use crate::recorded::{self, Recorded};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

pub(crate) fn section(scope: &Scope<'_>) -> Section {
    Section {
        title: "Which model or version is responsible?",
        collapsed: false,
        panels: vec![
            (Rollout::ServiceHealth, table(scope), 16, 8),
            (Rollout::ServiceHealth, top_routes(scope), 8, 8),
            (Rollout::ServiceHealth, traffic(scope), 8, 8),
            (Rollout::ServiceHealth, latency(scope), 8, 8),
            (Rollout::ServiceHealth, errors(scope), 8, 8),
            (Rollout::ServiceHealth, replicas(scope), 24, 8),
        ],
    }
}

fn table(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["model_version", "route"]);
    let most = |series: &'static Recorded| max_by(&by, scope.select(series));
    let (slow, failing) = (most(&recorded::LATENCY_P95), most(&recorded::ERROR_RATIO));
    // The limit that the version exceeds by more, or comes nearer to.
    let of_limit = |value: &Expr, limit: f64| value.divided_by(plain(limit));
    let errors = of_limit(&failing, scope.limits.error_ratio);
    let latency = of_limit(&slow, scope.limits.latency_p95_seconds);
    let worst = errors.at_least(latency.clone()).or(&by, latency).or(&by, errors);
    let mut columns = vec![("Time", "")];
    if scope.model.is_none() {
        columns.push(("model_name", "Model"));
    }
    columns.extend([
        ("model_version", "Version"),
        ("route", "Route"),
        ("Value #A", "Requests"),
        ("Value #B", "p95"),
        ("Value #C", "Errors"),
        ("Value #D", "Of its limit"),
    ]);
    let limited = |limit| [Property::Thresholds(Thresholds::limit(limit)), Property::Cell];
    let [slow_limit, slow_cell] = limited(scope.limits.latency_p95_seconds);
    let [failing_limit, failing_cell] = limited(scope.limits.error_ratio);
    Panel::chart(
        "Versions and routes, worst first",
        "The last five minutes; above 100 % of its limit something pages, whichever limit that is. One red row among green ones is a \
         rollout to roll back; all red is the service or what it depends on.",
        vec![
            Query::table(scope.write(sum_by(&by, scope.select(&recorded::REQUESTS)))),
            Query::table(scope.write(slow)),
            Query::table(scope.write(failing)),
            Query::table(scope.write(worst)),
        ],
        (
            Table::sorted_by("Of its limit", true),
            Field::new(Unit::Number, "No traffic", TableField::plain())
                .coloured_by(Thresholds::none())
                .exception(Override::of("Requests", [Property::Unit(Unit::RequestsPerSecond)]))
                .exception(Override::of("p95", [Property::Unit(Unit::Seconds), slow_limit, slow_cell]))
                .exception(Override::of(
                    "Errors",
                    [Property::Unit(Unit::Ratio), Property::Decimals(2), failing_limit, failing_cell],
                ))
                .exception(Override::of(
                    "Of its limit",
                    [
                        Property::Unit(Unit::Ratio),
                        Property::Decimals(0),
                        Property::Thresholds(Thresholds::limit(1.0)),
                        Property::Cell,
                    ],
                ))
                .exception(Override::of(
                    "Model",
                    [Property::Link(DataLink::new(
                        "Only this model",
                        format!(
                            "/d/{}?var-model=${{__value.text:percentencode}}&var-datasource=${{datasource}}&${{__url_time_range}}",
                            scope.triage
                        ),
                    ))],
                )),
        ),
    )
    .transform(Transformation::Merge)
    .transform(Transformation::Columns(columns))
}

/// Three figures of each process. If only one process differs from its siblings, the version is not the cause.
fn replicas(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["instance"]);
    let rate = |requests: Selector| sum_by(&by, requests.rate(FIVE_MINUTES));
    let requests = || scope.select(&contract::INFERENCE_REQUESTS);
    let failed = rate(requests().eq("status", "error")).or(&by, rate(requests()).times(number(0.0)));
    let mut columns = vec![("Time", "")];
    if scope.model.is_none() {
        columns.push(("model_name", "Model"));
    }
    columns.extend([
        ("instance", "Replica"),
        ("Value #A", "Errors"),
        ("Value #B", "Requests"),
        ("Value #C", "In flight"),
    ]);
    Panel::chart(
        "Replicas, worst first",
        "The last five minutes of each process, the twenty that fail most. One that differs from its siblings is to be replaced.",
        vec![
            Query::table(scope.write(failed.divided_by(rate(requests())).top(20))),
            Query::table(scope.write(rate(requests()))),
            Query::table(scope.write(sum_by(&by, scope.select(&contract::INFERENCE_IN_FLIGHT)))),
        ],
        (
            Table::sorted_by("Errors", true),
            Field::new(Unit::Number, "No traffic", TableField::plain())
                .coloured_by(Thresholds::none())
                .exception(Override::of("Requests", [Property::Unit(Unit::RequestsPerSecond)]))
                .exception(Override::of(
                    "Errors",
                    [
                        Property::Unit(Unit::Ratio),
                        Property::Decimals(2),
                        Property::Thresholds(Thresholds::limit(scope.limits.error_ratio)),
                        Property::Cell,
                    ],
                )),
        ),
    )
    .transform(Transformation::Merge)
    .transform(Transformation::Columns(columns))
    .link(scope.runbook_link("restarts", &known::RESTARTING))
    .link(scope.runbook_link("one replica fails", &known::REPLICA_FAILING))
    .link(scope.runbook_link("one replica is slow", &known::REPLICA_SLOW))
}

fn top_routes(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["route"]);
    Panel::chart(
        "Top routes",
        "The ten routes with the most requests per second.",
        vec![Query::instant(
            scope.write(sum_by(&by, scope.select(&recorded::REQUESTS)).top(10)),
            &scope.legend(&["route"]),
        )],
        (
            BarGauge::new(),
            Field::new(Unit::RequestsPerSecond, "No traffic", Default::default())
                .coloured_by(Thresholds::of(Color::Blue, &[]))
                .min(0.0),
        ),
    )
}

fn by_version(scope: &Scope<'_>, aggregate: fn(&[&str], Selector) -> Expr, series: &'static Recorded) -> Vec<Query> {
    let expr = scope.top(aggregate(&scope.by(&["model_version"]), scope.select(series)));
    vec![Query::range(scope.write(expr), &scope.legend(&["model_version"]))]
}

fn traffic(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Traffic by version",
        "Each version's share of requests per second: a rollout as it happens.",
        by_version(scope, sum_by, &recorded::REQUESTS),
        (
            TimeSeries::new(),
            Field::new(Unit::RequestsPerSecond, "No traffic", TimeSeriesField::shares()).min(0.0),
        ),
    )
}

fn latency(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "p95 latency by version",
        "Each version's slowest route. The line is the objective.",
        by_version(scope, max_by, &recorded::LATENCY_P95),
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
    .link(scope.runbook_link("slow canary", &known::CANARY_LATENCY))
}

fn errors(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Error ratio by version",
        "Each version's worst route. The line is the limit that pages.",
        by_version(scope, max_by, &recorded::ERROR_RATIO),
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "No traffic", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(
                    Color::Transparent,
                    &[(scope.limits.error_ratio, Color::Red)],
                )),
        ),
    )
    .link(scope.runbook_link("high error ratio", &known::HIGH_ERROR_RATE))
    .link(scope.runbook_link("failing canary", &known::CANARY_ERRORS))
}
