//! Row 4: what changed recently? Also the annotations that mark changes in every panel.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{
    AnnotationQuery, Color, Field, Override, Panel, Property, Query, StateTimeline, StateTimelineField, Table,
    TableField, Thresholds, Transformation, Unit, ValueMapping, Written,
};
use super::scope::Scope;
use crate::known;
use crate::promql::{Op, count_by, max_by, time};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn section(scope: &Scope<'_>) -> Section {
    Section {
        title: "What changed recently?",
        collapsed: false,
        panels: vec![
            (Rollout::ServiceHealth, versions(scope), 12, 8),
            (Rollout::ServiceHealth, alerts(scope), 12, 8),
            (Rollout::Drift, baselines(scope), 12, 6),
            (Rollout::ModelAware, pipelines(scope), 12, 6),
        ],
    }
}

fn versions(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["model_version"]);
    Panel::chart(
        "Replicas by version",
        "Which versions were served when, and by how many processes.",
        vec![Query::range(
            scope.write(count_by(
                &by,
                count_by(
                    &scope.by(&["model_version", "instance"]),
                    scope.select(&contract::MODEL_INFO),
                ),
            )),
            &scope.legend(&["model_version"]),
        )],
        (
            StateTimeline::new(),
            Field::new(Unit::Number, "No model served", StateTimelineField::bands())
                .coloured_by(Thresholds::of(Color::Blue, &[])),
        ),
    )
    .link(scope.runbook_link("unlisted model", &known::UNLISTED))
    .link(scope.runbook_link("a label is full", &known::LABEL_OVERFLOW))
    .link(scope.runbook_link("version nobody registered", &known::VERSION_UNREGISTERED))
}

fn alerts(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["alertname", "severity"]);
    Panel::chart(
        "Alerts",
        "Which alerts fired when: the first is often the cause, the others its consequences.",
        vec![Query::range(
            scope.write(max_by(&by, scope.alerts(None))),
            &scope.legend(&["alertname"]),
        )],
        (
            StateTimeline::new(),
            Field::new(Unit::Number, "Nothing fired", StateTimelineField::bands())
                .coloured_by(Thresholds::of(Color::Red, &[]))
                .mapping(ValueMapping::of([("1", "firing", Color::Red)])),
        ),
    )
}

fn baselines(scope: &Scope<'_>) -> Panel {
    let info = scope.select(&contract::DRIFT_BASELINE_INFO);
    let made = scope.select(&contract::DRIFT_BASELINE_TIMESTAMP);
    let age = scope.limits.baseline_age_seconds;
    Panel::chart(
        "Training baselines",
        "What drift is measured against, and how old it is. A baseline older than the model's last training explains drift.",
        vec![Query::table(scope.write(
            max_by(&["model_name", "baseline_version"], info).with_one(
                Op::Times,
                &["model_name"],
                &[],
                time().minus(max_by(&["model_name"], made)),
            ),
        ))],
        (
            Table::sorted_by("Age", true),
            Field::new(Unit::Number, "No drift job", TableField::plain())
                .coloured_by(Thresholds::none())
                .exception(Override::of(
                    "Age",
                    [
                        Property::Unit(Unit::Seconds),
                        Property::Thresholds(Thresholds::limit(age)),
                        Property::Cell,
                    ],
                )),
        ),
    )
    .link(scope.runbook_link("baseline too old", &known::BASELINE_OLD))
    .transform(Transformation::Columns(vec![
        ("Time", ""),
        ("model_name", "Model"),
        ("baseline_version", "Baseline"),
        ("Value", "Age"),
    ]))
}

fn pipelines(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Feature pipeline releases",
        "Which release of the feature pipeline feeds how many processes. More than one: a release on its way.",
        vec![Query::table(scope.write(count_by(
            &["model_name", "pipeline_version"],
            scope.select(&contract::FEATURE_PIPELINE_INFO),
        )))],
        (
            Table::sorted_by("Replicas", true),
            Field::new(Unit::Number, "No pipeline version set", TableField::plain()),
        ),
    )
    .transform(Transformation::Columns(vec![
        ("Time", ""),
        ("model_name", "Model"),
        ("pipeline_version", "Release"),
        ("Value", "Replicas"),
    ]))
}

/// Marks where a version appears or disappears, and where an alert fires.
pub(crate) fn annotations(scope: &Scope<'_>) -> Vec<AnnotationQuery> {
    let appears = |name, color, metric: &'static Metric, version: &str, what: &str| {
        AnnotationQuery::new(
            name,
            color,
            appeared(scope, metric, version),
            &format!("{what} {{{{{version}}}}}"),
            "{{model_name}}",
            &["model_name", version],
        )
    };
    let mut marks = vec![
        appears(
            "Versions deployed",
            "blue",
            &contract::MODEL_INFO,
            "model_version",
            "Deployed",
        ),
        AnnotationQuery::new(
            "Versions retired",
            "purple",
            retired(scope, &contract::MODEL_INFO, "model_version"),
            "Retired {{model_version}}",
            "{{model_name}}",
            &["model_name", "model_version"],
        ),
        AnnotationQuery::new(
            "Alerts",
            "red",
            scope.write(max_by(
                &[
                    "alertname",
                    "severity",
                    "team",
                    "model_name",
                    "model_version",
                    "route",
                    "feature_name",
                ],
                scope.alerts(None),
            )),
            "{{alertname}}",
            // Labels that an alert may lack are tags: in a text, Grafana would show the label's name.
            "{{severity}} for {{team}}",
            &["model_name", "model_version", "route", "feature_name"],
        ),
    ];
    if scope.rollout >= Rollout::ModelAware {
        marks.push(appears(
            "Feature pipeline releases",
            "yellow",
            &contract::FEATURE_PIPELINE_INFO,
            "pipeline_version",
            "Feature pipeline",
        ));
    }
    if scope.rollout >= Rollout::Drift {
        marks.push(appears(
            "New training baselines",
            "green",
            &contract::DRIFT_BASELINE_INFO,
            "baseline_version",
            "Baseline",
        ));
    }
    marks
}

/// Lasts five minutes from when the version is first seen: long enough for the steps of a week's view. A restart that takes less
/// than a quarter of an hour is not a deploy.
fn appeared(scope: &Scope<'_>, metric: &'static Metric, version: &str) -> Written {
    let by = &["model_name", version];
    let series = scope.select(metric);
    let before = max_by(by, series.clone().offset(5 * MINUTE).over("max_over_time", 15 * MINUTE));
    scope.write(max_by(by, series).unless(by, before))
}

/// Lasts five minutes, from two minutes after the version was last seen: a missed scrape is not a removal.
fn retired(scope: &Scope<'_>, metric: &'static Metric, version: &str) -> Written {
    let by = &["model_name", version];
    let series = scope.select(metric);
    let before = max_by(by, series.clone().offset(2 * MINUTE).over("max_over_time", 5 * MINUTE));
    scope.write(before.unless(by, max_by(by, series.over("max_over_time", 2 * MINUTE))))
}
