//! Row 2: which model or version is responsible?

use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{
    BarGauge, Color, DataLink, Field, Override, Panel, Property, Query, Table, TableField, Thresholds, TimeSeries,
    TimeSeriesField, Transformation, Unit,
};
use super::scope::Scope;
use crate::known;
use crate::promql::{Expr, Selector, max_by, sum_by};
use crate::recorded::{self, Recorded};

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
        ],
    }
}

fn table(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["model_version", "route"]);
    let most = |series: &'static Recorded| Query::table(scope.write(max_by(&by, scope.select(series))));
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
    ]);
    let limited = |limit| [Property::Thresholds(Thresholds::limit(limit)), Property::Cell];
    let [slow, slow_cell] = limited(scope.limits.latency_p95_seconds);
    let [failing, failing_cell] = limited(scope.limits.error_ratio);
    Panel::chart(
        "Versions and routes, worst first",
        "The last five minutes. One red row among green ones is a rollout to roll back; all red is the service or what it depends on.",
        vec![
            Query::table(scope.write(sum_by(&by, scope.select(&recorded::REQUESTS)))),
            most(&recorded::LATENCY_P95),
            most(&recorded::ERROR_RATIO),
        ],
        (
            Table::sorted_by("Errors", true),
            Field::new(Unit::Number, "No traffic", TableField::plain())
                .coloured_by(Thresholds::none())
                .exception(Override::of("Requests", [Property::Unit(Unit::RequestsPerSecond)]))
                .exception(Override::of("p95", [Property::Unit(Unit::Seconds), slow, slow_cell]))
                .exception(Override::of(
                    "Errors",
                    [Property::Unit(Unit::Ratio), Property::Decimals(2), failing, failing_cell],
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
    .transform(Transformation::merge())
    .transform(Transformation::columns(&columns))
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
}
