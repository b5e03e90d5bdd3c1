//! Row 5: is the model still right? Collapsed, because most teams learn it days later and begin elsewhere.

use modelwatch::contract::{self, SourceMetric};
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{Color, Field, Panel, Query, Stat, Thresholds, TimeSeries, TimeSeriesField, Unit};
use super::scope::Scope;
use crate::known;
use crate::promql::{max_by, metric, recorded, time};
use crate::recorded::{self, Recorded};
use crate::rules::performance::{ALL_VERSIONS, BIAS, CALIBRATION_ERROR, HIGHER, LOWER};

const NO_JOB: &str = "No performance job";

pub(crate) fn section(scope: &Scope<'_>) -> Section {
    let shares = [&HIGHER[..], &["brier_score", CALIBRATION_ERROR]].concat();
    let errors: Vec<_> = LOWER
        .into_iter()
        .filter(|measure| *measure != "brier_score")
        .chain([BIAS])
        .collect();
    Section {
        title: "Is the model still right?",
        collapsed: true,
        panels: vec![
            (Rollout::Drift, lost(scope), 6, 4),
            (Rollout::Drift, expected(scope), 6, 4),
            (Rollout::Drift, labelled(scope), 6, 4),
            (Rollout::Drift, last_told(scope), 6, 4),
            (
                Rollout::Drift,
                measures(
                    scope,
                    "Shares: by labels, as estimated, and in the reference",
                    "Accuracy and the like by version; of the Brier score and the calibration error less is better.",
                    &shares,
                ),
                12,
                8,
            ),
            (
                Rollout::Drift,
                measures(
                    scope,
                    "Errors: by labels, as estimated, and in the reference",
                    "Losses in nats or in units of the target, by version: less is better, and a bias of 0.",
                    &errors,
                ),
                12,
                8,
            ),
            (Rollout::Drift, segments(scope), 12, 8),
            (Rollout::Drift, explained(scope), 12, 8),
        ],
    }
}

/// The measures whose loss grew most.
fn worst(scope: &Scope<'_>, growth: &'static Recorded, title: &str, description: &str) -> Panel {
    let labels = &["model_version", "measure"];
    let by = scope.by(labels);
    Panel::chart(
        title,
        description,
        vec![Query::instant(
            scope.write(max_by(&by, scope.of_model(recorded(growth))).top(3)),
            &scope.legend(labels),
        )],
        (
            Stat::named_light(),
            Field::new(Unit::Ratio, "None that is sure", Default::default())
                .coloured_by(Thresholds::limit(scope.limits.performance_loss))
                .decimals(0),
        ),
    )
}

fn lost(scope: &Scope<'_>) -> Panel {
    worst(
        scope,
        &recorded::PERFORMANCE_GROWTH,
        "Loss above the reference's",
        "By labels, the three measures that are worst beside the reference, where chance does not explain it.",
    )
    .link(scope.runbook_link("performance fell", &known::PERFORMANCE_FELL))
    .link(scope.runbook_link("calibration off", &known::CALIBRATION_OFF))
}

/// The model may have become worse for some segments even if all predictions together show nothing.
fn segments(scope: &Scope<'_>) -> Panel {
    let labels = &["segment", "segment_value", "measure"];
    let growth = scope.of_model(metric(&contract::SEGMENT_PERFORMANCE_GROWTH));
    Panel::chart(
        "Segments: loss above the reference's",
        "By labels, the values whose predictions are worse than those of the same value in the reference, where chance does not explain it.",
        vec![Query::range(
            scope.write(scope.top(max_by(&scope.by(labels), growth))),
            &scope.legend(labels),
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "None that is sure", TimeSeriesField::lines()),
        ),
    )
    .link(scope.runbook_link("performance fell", &known::PERFORMANCE_FELL))
}

fn explained(scope: &Scope<'_>) -> Panel {
    let labels = &["model_version", "segment", "segment_value"];
    let explained = scope.of_model(metric(&contract::PERFORMANCE_EXPLAINED));
    Panel::chart(
        "What made it worse",
        "By version, the values and ranges that explain most of the growth of the mean loss since the reference, and how much of it.",
        vec![Query::range(
            scope.write(scope.top(max_by(&scope.by(labels), explained))),
            &scope.legend(labels),
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "Nothing stands out", TimeSeriesField::lines()),
        ),
    )
    .link(scope.runbook_link("performance fell", &known::PERFORMANCE_FELL))
}

fn expected(scope: &Scope<'_>) -> Panel {
    worst(
        scope,
        &recorded::ESTIMATE_GROWTH,
        "Estimated loss above the reference's",
        "The same before labels come, if inputs moved and what they mean did not.",
    )
    .link(scope.runbook_link("estimate fell", &known::ESTIMATE_FELL))
}

fn labelled(scope: &Scope<'_>) -> Panel {
    let all = scope.of_model(recorded(&recorded::LABELS_SHARE));
    Panel::chart(
        "Predictions with a label",
        "Share of the predictions whose label is known, of the model with the smallest.",
        vec![Query::instant(
            scope.write(max_by(&scope.by(&[]), all.eq("model_version", ALL_VERSIONS)).bottom(1)),
            &scope.legend(&[]),
        )],
        (
            Stat::light(),
            Field::new(Unit::Ratio, NO_JOB, Default::default())
                .coloured_by(Thresholds::of(Color::Text, &[]))
                .decimals(0),
        ),
    )
    .link(scope.runbook_link("labels stopped", &known::LABELS_STOPPED))
}

fn last_told(scope: &Scope<'_>) -> Panel {
    let told = metric(&contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP);
    let newest = max_by(&scope.by(&[]), scope.select(told));
    Panel::chart(
        "Last performance run",
        "How long ago performance was last told of, for the model that waits longest. Where this is red, figures here are old.",
        vec![Query::instant(scope.write(time().minus(newest).top(1)), &scope.legend(&[]))],
        (
            Stat::light(),
            Field::new(Unit::Seconds, NO_JOB, Default::default())
                .coloured_by(Thresholds::limit(scope.limits.performance_age_seconds))
                .decimals(0),
        ),
    )
    .link(scope.runbook_link("labels stopped", &known::LABELS_STOPPED))
}

fn measures(scope: &Scope<'_>, title: &str, description: &str, names: &[&str]) -> Panel {
    let query = |of: &'static SourceMetric, labels: &[&str], what: &str| {
        let series = scope.of_model(metric(of)).one_of("measure", names.iter().copied());
        let legend = scope.legend(labels);
        Query::range(
            scope.write(scope.top(max_by(&scope.by(labels), series))),
            &format!("{legend}{what}"),
        )
    };
    let by = &["model_version", "measure"];
    Panel::chart(
        title,
        description,
        vec![
            query(&contract::PERFORMANCE, by, ""),
            query(&contract::PERFORMANCE_ESTIMATE, by, " estimated"),
            query(&contract::PERFORMANCE_REFERENCE, &["measure"], " in the reference"),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::Number, NO_JOB, TimeSeriesField::lines()),
        ),
    )
    .link(scope.runbook_link("performance fell", &known::PERFORMANCE_FELL))
}
