//! Row 3: is the input data changing?

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{Color, Field, Heatmap, Panel, Query, Stat, Thresholds, TimeSeries, TimeSeriesField, Unit};
use super::scope::Scope;
use crate::known;
use crate::promql::{Selector, max_by, sum, time};
use crate::recorded;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn section(scope: &Scope<'_>) -> Section {
    Section {
        title: "Is the input data changing?",
        collapsed: false,
        panels: vec![
            (Rollout::Drift, drifting_features(scope), 4, 4),
            (Rollout::Drift, last_run(scope), 4, 4),
            (Rollout::Drift, rows(scope), 4, 4),
            (Rollout::Drift, prediction_drift(scope), 4, 4),
            (Rollout::ModelAware, missing_now(scope), 8, 4),
            (Rollout::Drift, drift(scope), 12, 8),
            (Rollout::ModelAware, missing(scope), 12, 8),
            (Rollout::ModelAware, scores_heatmap(scope), 12, 8),
            (Rollout::ModelAware, median_score(scope), 12, 8),
        ],
    }
}

fn drifting_features(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Drifting features",
        "Features whose last window is further from the training baseline than their threshold, and significantly so.",
        vec![Query::instant(
            scope.write(sum(scope.select(&recorded::DRIFT_TRIGGERED))),
            "features",
        )],
        (
            Stat::light(),
            Field::new(Unit::Number, "No drift job", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[(1.0, Color::Orange)])),
        ),
    )
    .link(scope.runbook_link("drift", &known::FEATURE_DRIFT))
    .link(scope.runbook_link("one version drifts", &known::VERSION_DRIFT))
    .link(scope.runbook_link("features go together otherwise", &known::JOINT_DRIFT))
}

fn last_run(scope: &Scope<'_>) -> Panel {
    let newest = max_by(&scope.by(&[]), scope.select(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP));
    let stale = scope.limits.drift_stale_seconds;
    Panel::chart(
        "Last drift run",
        "How long ago the drift job last finished, for the model that waits longest. Where this is red, drift shown here is old.",
        vec![Query::instant(
            scope.write(time().minus(newest).top(1)),
            &scope.legend(&[]),
        )],
        (
            Stat::light(),
            Field::new(Unit::Seconds, "No drift job", Default::default())
                .coloured_by(Thresholds::limit(stale))
                .decimals(0),
        ),
    )
    .link(scope.runbook_link("drift job stale", &known::DRIFT_JOB_STALE))
    .link(scope.runbook_link("drift job missing", &known::DRIFT_JOB_MISSING))
    .link(scope.runbook_link("drift job failing", &known::DRIFT_JOB_FAILING))
    .link(scope.runbook_link("drift job sees nothing", &known::DRIFT_JOB_BLIND))
}

fn rows(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Rows compared",
        "Predictions in the last window of the model that had fewest: drift of a handful of rows is noise.",
        vec![Query::instant(
            scope.write(scope.select(&contract::DRIFT_WINDOW_ROWS).expr().bottom(1)),
            &scope.legend(&[]),
        )],
        (
            Stat::light(),
            Field::new(Unit::Number, "No drift job", Default::default()).coloured_by(Thresholds::of(Color::Text, &[])),
        ),
    )
}

fn prediction_drift(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Drifting predictions",
        "Models whose prediction scores have moved from the baseline.",
        vec![Query::instant(
            scope.write(sum(scope.select(&contract::PREDICTION_DRIFT_DETECTED))),
            "models",
        )],
        (
            Stat::light(),
            Field::new(Unit::Number, "No drift job", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[(1.0, Color::Orange)])),
        ),
    )
    .link(scope.runbook_link("prediction drift", &known::PREDICTION_DRIFT))
}

fn missing_now(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Most missing features",
        "The three features that were missing most often in the last 15 minutes.",
        vec![Query::instant(
            scope.write(scope.select(&recorded::MISSING_RATIO).expr().top(3)),
            &scope.legend(&["feature_name"]),
        )],
        (
            Stat::named_light(),
            Field::new(Unit::Ratio, "No features recorded", Default::default())
                .coloured_by(Thresholds::limit(scope.limits.missing_ratio))
                .decimals(1),
        ),
    )
    .link(scope.runbook_link("missing features", &known::MISSING_RATIO_HIGH))
    .link(scope.runbook_link("defaulted features", &known::DEFAULTED_RATIO_HIGH))
}

fn drift(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["feature_name"]);
    let expr = max_by(&by, scope.select(&contract::DATA_DRIFT_SCORE));
    Panel::chart(
        "Drift score by feature",
        "Distance of each feature's last window from the training baseline. The line is the usual threshold; a feature may have its own.",
        vec![Query::range(scope.write(scope.top(expr)), &scope.legend(&["feature_name"]))],
        (
            TimeSeries::new(),
            Field::new(Unit::Number, "No drift job", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(
                    Color::Transparent,
                    &[(scope.limits.drift_score, Color::Red)],
                )),
        ),
    )
    .link(scope.runbook_link("drift", &known::FEATURE_DRIFT))
}

fn missing(scope: &Scope<'_>) -> Panel {
    let legend = scope.legend(&["feature_name"]);
    let mut queries = vec![Query::range(
        scope.write(scope.top(scope.select(&recorded::MISSING_RATIO))),
        &legend,
    )];
    if scope.rollout >= Rollout::Drift {
        queries.push(Query::range(
            scope.write(scope.top(scope.select(&recorded::MISSING_REFERENCE))),
            &format!("{legend} in training"),
        ));
    }
    Panel::chart(
        "Missing ratio by feature",
        "Share of observations in 15 minutes that lacked the feature, over all replicas, and training's. A step at a release is          the release's.",
        queries,
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "No features recorded", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(
                    Color::Transparent,
                    &[(scope.limits.missing_ratio, Color::Red)],
                )),
        ),
    )
    .link(scope.runbook_link("missing features", &known::MISSING_RATIO_HIGH))
}

fn scores_heatmap(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Prediction scores",
        "How many predictions had which score. Watch for a band that appears, vanishes or wanders.",
        vec![Query::heatmap(scope.buckets(&contract::PREDICTION_SCORE))],
        (
            Heatmap::of_buckets(Unit::Number),
            Field::new(Unit::Number, "No predictions recorded", Default::default()),
        ),
    )
}

fn median_score(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["model_version"]);
    let legend = scope.legend(&["model_version"]);
    let median = scope.select(&recorded::SCORE_P50);
    let query = |median: Selector, legend: &str| Query::range(scope.write(scope.top(max_by(&by, median))), legend);
    Panel::chart(
        "Median score by version, and a day ago",
        "The middle of each version's scores over 10 minutes, and that of the day before.",
        vec![
            query(median.clone(), &legend),
            query(median.offset(DAY), &format!("{legend} a day ago")),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::Number, "No predictions recorded", TimeSeriesField::lines()),
        ),
    )
    .link(scope.runbook_link("prediction shift", &known::SCORE_SHIFT))
}
