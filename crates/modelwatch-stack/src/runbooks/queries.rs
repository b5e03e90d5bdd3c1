//! The questions operators ask first, as queries.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Model;

use crate::promql::{Expr, Op, Selector, max_by, metric, recorded, sum_by, time};
use crate::recorded::{self, Recorded};
use crate::rules::histograms::Histogram;

pub(super) const FIVE_MINUTES: Duration = Duration::from_secs(300);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn of(model: &Model, selector: Selector) -> Selector {
    selector.eq("model_name", &model.name)
}

pub(super) fn series(model: &Model, series: &'static Recorded) -> Selector {
    of(model, recorded(series))
}

pub(super) fn errors_by_version(model: &Model) -> (&'static str, Expr) {
    let failed = of(model, metric(&contract::INFERENCE_REQUESTS)).eq("status", "error");
    (
        "Which model version is driving errors right now?",
        sum_by(&["model_version"], failed.rate(FIVE_MINUTES)),
    )
}

pub(super) fn errors_by_route(model: &Model) -> (&'static str, Expr) {
    ("Is it one route or all?", series(model, &recorded::ERROR_RATIO).expr())
}

pub(super) fn requests_by_status(model: &Model) -> (&'static str, Expr) {
    (
        "How do requests end?",
        sum_by(
            &["model_version", "status"],
            of(model, metric(&contract::INFERENCE_REQUESTS)).rate(FIVE_MINUTES),
        ),
    )
}

pub(super) fn routes_over_objective(model: &Model) -> (&'static str, Expr) {
    (
        "Which routes are over the latency objective?",
        series(model, &recorded::LATENCY_P95)
            .expr()
            .above(model.latency_p95.as_secs_f64()),
    )
}

pub(super) fn latency_by_version(model: &Model) -> (&'static str, Expr) {
    (
        "Is it one version or all?",
        max_by(&["model_version"], series(model, &recorded::LATENCY_P95)),
    )
}

pub(super) fn slow_stage(model: &Model) -> (&'static str, Expr) {
    let stages = Histogram {
        of: &contract::INFERENCE_STAGE,
        window: FIVE_MINUTES.into(),
    };
    (
        "Which stage takes the time: the queue, fetching features, or the model?",
        stages.mean_of(&["model_version", "stage"], &|series| of(model, series)),
    )
}

pub(super) fn in_flight(model: &Model) -> (&'static str, Expr) {
    (
        "Is a replica saturated?",
        sum_by(
            &["instance", "model_version"],
            of(model, metric(&contract::INFERENCE_IN_FLIGHT)),
        ),
    )
}

pub(super) fn replica_errors(model: &Model) -> (&'static str, Expr) {
    (
        "How often does each replica fail?",
        recorded(&recorded::REPLICA_ERRORS).eq("job", &model.job).expr(),
    )
}

pub(super) fn failing_models() -> (&'static str, Expr) {
    (
        "Which models fail most?",
        sum_by(&["model_name"], recorded(&recorded::MODEL_ERRORS))
            .divided_by(sum_by(&["model_name"], recorded(&recorded::MODEL_REQUESTS)).above(0.0))
            .top(20),
    )
}

pub(super) fn slow_models() -> (&'static str, Expr) {
    (
        "Which models are slowest?",
        max_by(&["model_name"], recorded(&recorded::LATENCY_P95)).top(20),
    )
}

pub(super) fn replica_latency(model: &Model) -> (&'static str, Expr) {
    (
        "How slow is each replica, on average?",
        recorded(&recorded::REPLICA_LATENCY).eq("job", &model.job).expr(),
    )
}

pub(super) fn traffic(model: &Model) -> (&'static str, Expr) {
    (
        "How much traffic is there, by version?",
        sum_by(&["model_version"], series(model, &recorded::REQUESTS)),
    )
}

pub(super) fn share(model: &Model) -> (&'static str, Expr) {
    ("What share of the traffic does each version have?", {
        let requests = series(model, &recorded::REQUESTS);
        let by_version = sum_by(&["model_name", "model_version"], requests.clone());
        by_version.with_one(
            Op::DividedBy,
            &["model_name"],
            &[],
            sum_by(&["model_name"], requests).above(0.0),
        )
    })
}

pub(super) fn versions(model: &Model) -> (&'static str, Expr) {
    (
        "Which versions are served?",
        max_by(
            &["model_version", "framework"],
            of(model, metric(&contract::MODEL_INFO)),
        ),
    )
}

pub(super) fn pipeline(model: &Model) -> (&'static str, Expr) {
    (
        "Which release of the feature pipeline feeds the model?",
        max_by(
            &["pipeline_version"],
            of(model, metric(&contract::FEATURE_PIPELINE_INFO)),
        ),
    )
}

pub(super) fn drifting(model: &Model) -> (&'static str, Expr) {
    (
        "Which features are in drift?",
        of(model, metric(&contract::DATA_DRIFT_DETECTED)).expr().equals(1.0),
    )
}

pub(super) fn moved_pairs(model: &Model) -> (&'static str, Expr) {
    (
        "Which pairs of features changed their correlation, and by how much?",
        max_by(
            &["feature_name", "other_feature_name"],
            of(model, metric(&contract::JOINT_CORRELATION_CHANGE)),
        ),
    )
}

pub(super) fn drift_scores(model: &Model) -> (&'static str, Expr) {
    (
        "How far is each feature from its baseline?",
        max_by(&["feature_name"], of(model, metric(&contract::DATA_DRIFT_SCORE))),
    )
}

pub(super) fn missing_since(model: &Model) -> (&'static str, Expr) {
    (
        "Which feature started going missing after a deploy?",
        series(model, &recorded::MISSING_RATIO).over("max_over_time", HOUR),
    )
}

pub(super) fn lacked_by_training(model: &Model) -> (&'static str, Expr) {
    (
        "How often was each feature missing in training?",
        series(model, &recorded::MISSING_REFERENCE).expr(),
    )
}

pub(super) fn worse_in_one_version(model: &Model) -> (&'static str, Expr) {
    (
        "Is a feature worse in one version than in the others?",
        series(model, &recorded::VERSION_FAULT_EXCESS).expr(),
    )
}

pub(super) fn score_against_yesterday(model: &Model) -> (&'static str, Expr) {
    let now = series(model, &recorded::SCORE_P50);
    (
        "Did the prediction distribution move compared with yesterday?",
        now.expr()
            .with(Op::Minus, &["model_name", "model_version"], now.clone().offset(DAY)),
    )
}

pub(super) fn score_now(model: &Model) -> (&'static str, Expr) {
    (
        "What is the median score of each version, now?",
        series(model, &recorded::SCORE_P50).expr(),
    )
}

pub(super) fn baseline(model: &Model) -> (&'static str, Expr) {
    (
        "Which baseline is in use?",
        max_by(&["baseline_version"], of(model, metric(&contract::DRIFT_BASELINE_INFO))),
    )
}

pub(super) fn window_rows(model: &Model) -> (&'static str, Expr) {
    (
        "How many rows did the last window have? A few rows are a broken log, not drift.",
        max_by(&["model_name"], of(model, metric(&contract::DRIFT_WINDOW_ROWS))),
    )
}

pub(super) fn drift_runs(model: &Model) -> (&'static str, Expr) {
    (
        "How do the drift job's runs end?",
        sum_by(&["result"], of(model, metric(&contract::DRIFT_RUNS)).increase(HOUR)),
    )
}

pub(super) fn log_records(model: &Model) -> (&'static str, Expr) {
    (
        "What does the prediction log write, and what does it drop?",
        sum_by(
            &["result"],
            of(model, metric(&contract::PREDICTION_LOG_RECORDS)).rate(FIVE_MINUTES),
        ),
    )
}

pub(super) fn measured(model: &Model) -> (&'static str, Expr) {
    (
        "How right is each version, by the labels so far?",
        max_by(&["model_version", "measure"], of(model, metric(&contract::PERFORMANCE))),
    )
}

pub(super) fn estimated(model: &Model) -> (&'static str, Expr) {
    (
        "How right is each version expected to be?",
        max_by(
            &["model_version", "measure"],
            of(model, metric(&contract::PERFORMANCE_ESTIMATE)),
        ),
    )
}

pub(super) fn reference(model: &Model) -> (&'static str, Expr) {
    (
        "How right was the model in the reference?",
        max_by(&["measure"], of(model, metric(&contract::PERFORMANCE_REFERENCE))),
    )
}

pub(super) fn lost(model: &Model) -> (&'static str, Expr) {
    (
        "Which versions and measures lost more than in the reference, beyond chance?",
        series(model, &recorded::PERFORMANCE_GROWTH).expr(),
    )
}

pub(super) fn explained(model: &Model) -> (&'static str, Expr) {
    (
        "Which values and ranges explain how much of the growth of the loss?",
        max_by(
            &["model_version", "segment", "segment_value"],
            of(model, metric(&contract::PERFORMANCE_EXPLAINED)),
        ),
    )
}

pub(super) fn lost_by_segment(model: &Model) -> (&'static str, Expr) {
    (
        "Which segments lost more than in the reference, beyond chance?",
        max_by(
            &["segment", "segment_value", "measure"],
            of(model, metric(&contract::SEGMENT_PERFORMANCE_GROWTH)),
        ),
    )
}

pub(super) fn performance_runs(model: &Model) -> (&'static str, Expr) {
    (
        "How did the exporter's runs of the last day end?",
        sum_by(
            &["result"],
            of(model, metric(&contract::PERFORMANCE_RUNS)).increase(DAY),
        ),
    )
}

pub(super) fn outcomes(model: &Model) -> (&'static str, Expr) {
    (
        "What happened to the labels that arrived?",
        max_by(&["fate"], of(model, metric(&contract::PERFORMANCE_OUTCOMES))),
    )
}

pub(super) fn labels(model: &Model) -> (&'static str, Expr) {
    (
        "How many predictions of each version have a label?",
        max_by(&["model_version"], of(model, metric(&contract::PERFORMANCE_LABELS))),
    )
}

pub(super) fn labelled_share(model: &Model) -> (&'static str, Expr) {
    (
        "What share of the predictions is that?",
        series(model, &recorded::LABELS_SHARE).expr(),
    )
}

pub(super) fn performance_age(model: &Model) -> (&'static str, Expr) {
    let told = of(model, metric(&contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP));
    (
        "How many seconds ago was performance last published?",
        time().minus(max_by(&["model_name"], told)),
    )
}
