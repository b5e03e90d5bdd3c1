//! Row 3: is the input data changing?

use modelwatch::contract;
use modelwatch_config::Rollout;

use super::layout::Section;
use super::model::{Color, Field, Heatmap, Panel, Query, Stat, Thresholds, TimeSeries, TimeSeriesField, Unit};
use super::scope::{Scope, Series};
use crate::recorded;
use crate::rules::alerts::kind;

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
            format!("sum({})", scope.select(&recorded::DRIFT_TRIGGERED)),
            "features",
        )],
        (
            Stat::light(),
            Field::new(Unit::Number, "No drift job", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[(1.0, Color::Orange)])),
        ),
    )
    .link(scope.runbook_link("drift", &kind::FEATURE_DRIFT))
}

fn last_run(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&[]);
    let last = scope.select(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP);
    let newest = if by.is_empty() {
        format!("max({last})")
    } else {
        format!("max by ({by}) ({last})")
    };
    let stale = scope.limits.drift_stale_seconds;
    Panel::chart(
        "Last drift run",
        "How long ago the drift job last finished, for the model that waits longest. Where this is red, drift shown here is old.",
        vec![Query::instant(format!("topk(1, time() - {newest})"), &scope.legend(&[]))],
        (
            Stat::light(),
            Field::new(Unit::Seconds, "No drift job", Default::default())
                .coloured_by(Thresholds::limit(stale))
                .decimals(0),
        ),
    )
    .link(scope.runbook_link("drift job stale", &kind::DRIFT_JOB_STALE))
}

fn rows(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Rows compared",
        "Predictions in the last window of the model that had fewest: drift of a handful of rows is noise.",
        vec![Query::instant(
            format!("bottomk(1, {})", scope.select(&contract::DRIFT_WINDOW_ROWS)),
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
            format!("sum({})", scope.select(&contract::PREDICTION_DRIFT_DETECTED)),
            "models",
        )],
        (
            Stat::light(),
            Field::new(Unit::Number, "No drift job", Default::default())
                .coloured_by(Thresholds::of(Color::Green, &[(1.0, Color::Orange)])),
        ),
    )
}

fn missing_now(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Most missing features",
        "The three features that were missing most often in the last 15 minutes.",
        vec![Query::instant(
            format!("topk(3, {})", scope.select(&recorded::MISSING_RATIO)),
            &scope.legend(&["feature_name"]),
        )],
        (
            Stat::named_light(),
            Field::new(Unit::Ratio, "No features recorded", Default::default())
                .coloured_by(Thresholds::limit(scope.limits.missing_ratio))
                .decimals(1),
        ),
    )
    .link(scope.runbook_link("missing features", &kind::MISSING_RATIO_HIGH))
}

fn drift(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["feature_name"]);
    let expr = format!("max by ({by}) ({})", scope.select(&contract::DATA_DRIFT_SCORE));
    Panel::chart(
        "Drift score by feature",
        "Distance of each feature's last window from the training baseline. The line is the usual threshold; a feature may have its own.",
        vec![Query::range(scope.top(&expr), &scope.legend(&["feature_name"]))],
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
    .link(scope.runbook_link("drift", &kind::FEATURE_DRIFT))
}

fn missing(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Missing ratio by feature",
        "Share of observations in 15 minutes that lacked the feature, over all replicas. A step at a release is the release's.",
        vec![Query::range(
            scope.top(&scope.select(&recorded::MISSING_RATIO)),
            &scope.legend(&["feature_name"]),
        )],
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
    .link(scope.runbook_link("missing features", &kind::MISSING_RATIO_HIGH))
}

fn scores_heatmap(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Prediction scores",
        "How many predictions had which score. Watch for a band that appears, vanishes or wanders.",
        vec![Query::heatmap(format!(
            "sum by (le) (increase({}[$__rate_interval]))",
            scope.select(Series::buckets(&contract::PREDICTION_SCORE))
        ))],
        (
            Heatmap::of_buckets(Unit::Number),
            Field::new(Unit::Number, "No predictions recorded", Default::default()),
        ),
    )
}

fn median_score(scope: &Scope<'_>) -> Panel {
    let by = scope.by(&["model_version"]);
    let legend = scope.legend(&["model_version"]);
    let query =
        |series, legend: &str| Query::range(scope.top(&format!("max by ({by}) ({})", scope.select(series))), legend);
    Panel::chart(
        "Median score by version, and what it is compared with",
        "The middle of each version's scores over 30 minutes, and the day before's; a new version is compared with the others.",
        vec![
            query(&recorded::SCORE_P50, &legend),
            query(&recorded::SCORE_REFERENCE, &format!("{legend} compared with")),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::Number, "No predictions recorded", TimeSeriesField::lines()),
        ),
    )
    .link(scope.runbook_link("prediction shift", &kind::SCORE_SHIFT))
}
