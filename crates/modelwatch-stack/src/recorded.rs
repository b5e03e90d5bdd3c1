//! The series our recording rules make, in one table, like the contract: alerts and dashboards name nothing else.
//!
//! Names are `level:metric:operation`, after Prometheus' own advice. The level says what the series are of: `job` of every label
//! the metric has but the replica, `version` of a model version, `model` of a model.

/// A recorded series.
#[derive(Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its name.
    pub name: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// One sentence, with the unit.
    pub help: &'static str,
}

macro_rules! recorded {
    ($($ident:ident = $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help)]
            pub static $ident: Recorded = Recorded { name: $name, labels: &[$($label),*], help: $help };
        )*
        /// Every recorded series.
        pub static RECORDED: &[&Recorded] = &[$(&$ident),*];
    };
}

recorded! {
    REQUESTS = "job:ml_inference_rps:rate5m", ["model_name", "model_version", "route"],
        "Requests per second.";
    ERRORS = "job:ml_inference_errors:rate5m", ["model_name", "model_version", "route"],
        "Requests per second that ended in an error; 0 before the first.";
    ERROR_RATIO = "job:ml_inference_error_rate:ratio5m", ["model_name", "model_version", "route"],
        "Share of requests that ended in an error; absent without traffic.";
    LATENCY_P50 = "job:ml_inference_latency_p50_seconds:5m", ["model_name", "model_version", "route"],
        "Median latency in seconds; absent without traffic.";
    LATENCY_P95 = "job:ml_inference_latency_p95_seconds:5m", ["model_name", "model_version", "route"],
        "95th percentile of latency in seconds; absent without traffic.";
    LATENCY_P99 = "job:ml_inference_latency_p99_seconds:5m", ["model_name", "model_version", "route"],
        "99th percentile of latency in seconds; absent without traffic.";

    CLIENT_ERROR_RATIO = "version:ml_inference_client_error_rate:ratio5m", ["model_name", "model_version"],
        "Share of a version's requests that were the caller's mistake; absent without traffic.";
    MODEL_CLIENT_ERROR_RATIO = "model:ml_inference_client_error_rate:ratio5m", ["model_name"],
        "Share of a model's requests that were the caller's mistake; absent without traffic.";
    REPLICA_REQUESTS = "replica:ml_inference_requests:rate5m", ["job", "instance"],
        "Requests per second of a replica, of all its models.";
    REPLICA_ERRORS = "replica:ml_inference_errors:rate5m", ["job", "instance"],
        "Errors per second of a replica; 0 before the first.";
    REPLICA_LATENCY = "replica:ml_inference_latency_seconds:mean5m", ["job", "instance"],
        "Mean latency of a replica in seconds; absent without traffic.";

    VERSION_REQUESTS = "version:ml_inference_requests:rate5m", ["model_name", "model_version"],
        "Requests per second of a version.";
    VERSION_ERRORS = "version:ml_inference_errors:rate5m", ["model_name", "model_version"],
        "Errors per second of a version; 0 before the first.";
    VERSION_SHARE = "version:ml_inference_traffic_share:ratio5m", ["model_name", "model_version"],
        "Share of the model's requests that a version answers; absent without traffic.";
    VERSION_ERROR_RATIO = "version:ml_inference_error_rate:ratio5m", ["model_name", "model_version"],
        "Share of a version's requests that ended in an error; absent without traffic.";
    OTHERS_ERROR_RATIO = "version:ml_inference_error_rate_others:ratio5m", ["model_name", "model_version"],
        "The same share over the model's other versions together; absent where they have no traffic.";
    VERSION_LATENCY_P95 = "version:ml_inference_latency_p95_seconds:5m", ["model_name", "model_version"],
        "95th percentile of a version's latency in seconds; absent without traffic.";
    OTHERS_LATENCY_P95 = "version:ml_inference_latency_p95_others_seconds:5m", ["model_name", "model_version"],
        "The same percentile over the model's other versions together.";

    MODEL_REQUESTS = "model:ml_inference_requests:rate5m", ["model_name"],
        "Requests per second of a model.";
    MODEL_ERRORS = "model:ml_inference_errors:rate5m", ["model_name"],
        "Errors per second of a model; 0 before the first.";
    MODEL_SLOW = "model:ml_inference_slow:rate5m", ["model_name"],
        "Requests per second of a model that took longer than its latency objective.";
    AVAILABILITY_5M = "model:ml_availability_error:ratio_rate5m", ["model_name"], "Share of requests over 5 minutes that ended in an error.";
    AVAILABILITY_30M = "model:ml_availability_error:ratio_rate30m", ["model_name"], "Share of requests over 30 minutes that ended in an error.";
    AVAILABILITY_1H = "model:ml_availability_error:ratio_rate1h", ["model_name"], "Share of requests over an hour that ended in an error.";
    AVAILABILITY_2H = "model:ml_availability_error:ratio_rate2h", ["model_name"], "Share of requests over 2 hours that ended in an error.";
    AVAILABILITY_6H = "model:ml_availability_error:ratio_rate6h", ["model_name"], "Share of requests over 6 hours that ended in an error.";
    AVAILABILITY_1D = "model:ml_availability_error:ratio_rate1d", ["model_name"], "Share of requests over a day that ended in an error.";
    AVAILABILITY_3D = "model:ml_availability_error:ratio_rate3d", ["model_name"], "Share of requests over 3 days that ended in an error.";
    SLOW_5M = "model:ml_latency_error:ratio_rate5m", ["model_name"], "Share of requests over 5 minutes that were too slow.";
    SLOW_30M = "model:ml_latency_error:ratio_rate30m", ["model_name"], "Share of requests over 30 minutes that were too slow.";
    SLOW_1H = "model:ml_latency_error:ratio_rate1h", ["model_name"], "Share of requests over an hour that were too slow.";
    SLOW_2H = "model:ml_latency_error:ratio_rate2h", ["model_name"], "Share of requests over 2 hours that were too slow.";
    SLOW_6H = "model:ml_latency_error:ratio_rate6h", ["model_name"], "Share of requests over 6 hours that were too slow.";
    SLOW_1D = "model:ml_latency_error:ratio_rate1d", ["model_name"], "Share of requests over a day that were too slow.";
    SLOW_3D = "model:ml_latency_error:ratio_rate3d", ["model_name"], "Share of requests over 3 days that were too slow.";

    PREDICTIONS = "job:ml_predictions:rate30m", ["model_name", "model_version"],
        "Scored predictions per second over half an hour.";
    SCORE_P50 = "job:ml_prediction_score_p50:30m", ["model_name", "model_version"],
        "Median prediction score; absent without predictions.";
    SCORE_REFERENCE = "job:ml_prediction_score_reference:30m", ["model_name", "model_version"],
        "The median score to compare with: the version's own a day ago or, where it has none, the other versions' now.";
    CLASS_RATIO = "job:ml_prediction_class:ratio30m", ["model_name", "model_version", "class"],
        "Share of a class among a version's predictions.";
    CLASS_REFERENCE = "job:ml_prediction_class_reference:ratio30m", ["model_name", "model_version", "class"],
        "The share to compare with: a day ago or, for a new version, the other versions' now.";
    CLASSIFIED = "job:ml_predictions_classified:rate30m", ["model_name", "model_version"],
        "Classified predictions per second over half an hour.";
    OUTCOME_RATIO = "job:ml_business_outcome:ratio30m", ["model_name", "model_version", "outcome"],
        "Share of a business outcome among a version's outcomes.";
    OUTCOME_REFERENCE = "job:ml_business_outcome_reference:ratio30m", ["model_name", "model_version", "outcome"],
        "The share to compare with: a day ago or, for a new version, the other versions' now.";
    OUTCOMES = "job:ml_business_outcomes:rate30m", ["model_name", "model_version"],
        "Business outcomes per second over half an hour.";
    NON_FINITE_RATIO = "job:ml_prediction_non_finite:ratio30m", ["model_name", "model_version"],
        "Share of scores that were NaN or infinite.";

    FEATURE_OBSERVATIONS = "job:ml_feature_observations:rate15m", ["model_name", "feature_name"],
        "Observations of a feature per second over a quarter of an hour.";
    VERSION_OBSERVATIONS = "version:ml_feature_observations:rate15m", ["model_name", "model_version", "feature_name"],
        "The same of one version.";
    OTHERS_OBSERVATIONS = "version:ml_feature_observations_others:rate15m", ["model_name", "model_version", "feature_name"],
        "The same of the model's other versions together; absent where they observe nothing.";
    VERSION_FAULTS = "version:ml_feature_faults:rate15m", ["model_name", "model_version", "feature_name", "fault"],
        "Observations of a version per second in which a feature was missing, defaulted or out_of_range; absent where there are none.";
    VERSION_FAULT_EXCESS = "version:ml_feature_fault_excess:ratio15m", ["model_name", "model_version", "feature_name", "fault"],
        "How far the share of a version's faults exceeds that of the other versions; absent where chance could make it.";
    MISSING_RATIO = "job:ml_feature_missing:ratio15m", ["model_name", "feature_name"],
        "Share of observations in which a feature was missing, over all replicas.";
    MISSING_REFERENCE = "job:ml_feature_missing_reference:ratio", ["model_name", "feature_name"],
        "Share of training's rows that lacked a feature; where no exporter tells it any more, what it was.";
    DEFAULTED_RATIO = "job:ml_feature_defaulted:ratio15m", ["model_name", "feature_name"],
        "Share of observations in which a default stood in for a feature, over all replicas.";
    OUT_OF_RANGE_RATIO = "job:ml_feature_out_of_range:ratio15m", ["model_name", "feature_name"],
        "Share of observations outside a feature's range, over all replicas; where the service declares no range, the drift job's figure.";
    LOG_DROP_RATIO = "job:ml_prediction_log_dropped:ratio15m", ["model_name"],
        "Share of records the prediction log dropped.";
    DRIFT_TRIGGERED = "job:ml_drift_features_triggered:current", ["model_name"],
        "Features in drift.";
}
