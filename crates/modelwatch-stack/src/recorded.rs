//! The series of our recording rules, in one table like the contract. Alerts and dashboards use no others.
//!
//! Names are `level:metric:operation`, as Prometheus recommends. The level says what a series is aggregated to: `job` keeps all
//! labels of the metric except the replica, `version` is per model version, `model` is per model.

/// A recorded series.
/// # Example: a series by its name
///
/// ```
/// use modelwatch_stack::recorded::{LAST_REQUEST, Recorded};
///
/// let last: &Recorded = &LAST_REQUEST;
/// assert_eq!((last.name, last.labels), ("model:ml_last_request:timestamp_seconds", &["model_name"][..]));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its name.
    pub name: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// A one-sentence description, with the unit.
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

    REQUESTS_NOW = "job:ml_inference_requests:increase_now", ["model_name", "model_version", "route"],
        "Requests of the last 90 seconds, or of four scrapes where these take longer.";
    ERRORS_NOW = "job:ml_inference_errors:increase_now", ["model_name", "model_version", "route"],
        "Those of them that ended in an error; 0 before the first.";
    SLOW_NOW = "job:ml_inference_slow:increase_now", ["model_name", "model_version", "route"],
        "Requests of the same time that took longer than the model's latency objective.";
    REQUESTS_CALM = "route:ml_inference_requests:calm", ["model_name", "route"],
        "Requests of 90 seconds ten minutes ago, unless an alert about serving fires: what is usual is learned from these.";
    ERRORS_CALM = "route:ml_inference_errors:calm", ["model_name", "route"],
        "Errors among them.";
    SLOW_CALM = "route:ml_inference_slow:calm", ["model_name", "route"],
        "Slow requests among them.";
    ERRORS_USUAL = "route:ml_inference_errors:usual_ratio", ["model_name", "route"],
        "Share of a route's requests that usually fail: in the hour before or at this time yesterday, whichever is more, and no less than the objective allows.";
    SLOW_USUAL = "route:ml_inference_slow:usual_ratio", ["model_name", "route"],
        "Share of a route's requests that usually are slow: in the hour before or at this time yesterday, whichever is more, and no less than half of what the objective allows.";
    ERRORS_DISPERSION = "route:ml_inference_errors:dispersion", ["model_name", "route"],
        "Variance of the calm counts of errors of six hours over their mean: 1 where errors come one by one, more where they come in bursts.";
    SLOW_DISPERSION = "route:ml_inference_slow:dispersion", ["model_name", "route"],
        "The same of slow requests.";
    ERRORS_SHARE = "job:ml_inference_errors:ratio_now", ["model_name", "model_version", "route"],
        "Share of the requests of now that fail; absent where it is below a third of every model's threshold.";
    SLOW_SHARE = "job:ml_inference_slow:ratio_now", ["model_name", "model_version", "route"],
        "Share of the requests of now that are slow; absent where it is below 3%.";
    ERRORS_FACTOR = "job:ml_inference_errors:factor_now", ["model_name", "model_version", "route"],
        "How many times as many requests of now fail as usual; absent where no more do.";
    SLOW_FACTOR = "job:ml_inference_slow:factor_now", ["model_name", "model_version", "route"],
        "How many times as many requests of now are slow as usual; absent where no more are.";
    ERRORS_EVIDENCE = "job:ml_inference_errors:evidence", ["model_name", "model_version", "route"],
        "By how many standard deviations the errors of now exceed what is usual; absent where they do not.";
    SLOW_EVIDENCE = "job:ml_inference_slow:evidence", ["model_name", "model_version", "route"],
        "By how many standard deviations the slow requests of now exceed what is usual; absent where they do not.";
    ERRORS_SINCE = "job:ml_inference_errors:since_timestamp_seconds", ["model_name", "model_version", "route"],
        "Since when there are more errors than usual, in seconds since the epoch; absent while there are not.";
    SLOW_SINCE = "job:ml_inference_slow:since_timestamp_seconds", ["model_name", "model_version", "route"],
        "Since when more requests are slow than usual, in seconds since the epoch; absent while there are not.";

    LAST_REQUEST = "model:ml_last_request:timestamp_seconds", ["model_name"],
        "When a model's last request was counted, in seconds since the epoch; kept for two days.";
    IDLE = "model:ml_idle:seconds", ["model_name"],
        "Seconds since a model's last request.";
    LONGEST_PAUSE = "model:ml_idle_longest:seconds", ["model_name"],
        "Longest pause between a model's requests in a day, a quarter of an hour ago.";

    WATCHING_SINCE = "stack:ml_watching:since_timestamp_seconds", [],
        "Since when these rules have been evaluated: what was there to begin with is no release.";
    VERSION_SINCE = "version:ml_model:since_timestamp_seconds", ["model_name", "model_version"],
        "Since when a version has been there.";
    TRAFFIC_SINCE = "version:ml_inference_traffic:since_timestamp_seconds", ["model_name", "model_version"],
        "Since when a version has had more than a hundredth of its model's requests.";
    FEATURES_SINCE = "model:ml_model_features:since_timestamp_seconds", ["model_name", "features_digest"],
        "Since when a model has had versions with these declared features.";
    PIPELINE_SINCE = "model:ml_feature_pipeline:since_timestamp_seconds", ["model_name", "pipeline_version"],
        "Since when this release of the feature pipeline has fed the model.";
    BASELINE_SINCE = "model:ml_drift_baseline:since_timestamp_seconds", ["model_name", "baseline_version"],
        "Since when the model has been compared with this baseline.";
    SERVICE_SINCE = "job:ml_service:since_timestamp_seconds", ["job", "service_version", "revision"],
        "Since when this build of the service has been running.";
    RELEASE = "model:ml_release_timestamp_seconds:last6h", ["model_name", "job", "kind", "release"],
        "When something was released in the last six hours: kind is version, traffic, features, pipeline or baseline of a model, or service, which has a job and no model.";

    CLIENT_ERRORS = "job:ml_inference_client_errors:rate5m", ["model_name", "model_version", "route"],
        "Requests per second that were the caller's mistake; absent where there are none.";
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
    REPLICA_ALONE = "replica:ml_replica_alone:bool", ["job", "instance"],
        "1 for a replica that is alone with a version; absent of others.";
    REPLICA_ERROR_EXCESS = "replica:ml_inference_error_rate:excess5m", ["job", "instance"],
        "How far the share of a replica's requests that fail exceeds that of its siblings; absent without siblings, and of a replica that is alone with a version.";
    REPLICA_LATENCY_FACTOR = "replica:ml_inference_latency:factor5m", ["job", "instance"],
        "How many times its siblings' mean latency a replica's is; absent without siblings, and of a replica that is alone with a version.";

    VERSION_REQUESTS = "version:ml_inference_requests:rate5m", ["model_name", "model_version"],
        "Requests per second of a version.";
    VERSION_SHARE = "version:ml_inference_traffic_share:ratio5m", ["model_name", "model_version"],
        "Share of the model's requests that a version answers; absent without traffic.";
    VERSION_REQUESTS_LATELY = "version:ml_inference_requests:increase_lately", ["model_name", "model_version"],
        "Requests of a version in the last 3 minutes, or in eight scrapes where these take longer.";
    VERSION_ERRORS_LATELY = "version:ml_inference_errors:increase_lately", ["model_name", "model_version"],
        "Those of them that ended in an error.";
    VERSION_SLOW_LATELY = "version:ml_inference_slow:increase_lately", ["model_name", "model_version"],
        "Those of them that took longer than the latency objective.";
    VERSION_ERROR_RATIO = "version:ml_inference_error_rate:ratio_lately", ["model_name", "model_version"],
        "Share of a version's requests of lately that ended in an error; absent without traffic.";
    OTHERS_ERROR_RATIO = "version:ml_inference_error_rate_others:ratio_lately", ["model_name", "model_version"],
        "The same share over the model's other versions together; absent where they have no traffic.";
    VERSION_SLOW_RATIO = "version:ml_inference_slow:ratio_lately", ["model_name", "model_version"],
        "Share of a version's requests of lately that were too slow; absent without traffic.";
    OTHERS_SLOW_RATIO = "version:ml_inference_slow_others:ratio_lately", ["model_name", "model_version"],
        "The same share over the model's other versions together; absent where they have no traffic.";
    ERRORS_MORE = "version:ml_inference_error_rate_others:excess_lately", ["model_name", "model_version"],
        "How much larger the share of a version's requests that fail is than the other versions', of lately; absent where it is below a quarter of every model's threshold.";
    SLOW_MORE = "version:ml_inference_slow_others:excess_lately", ["model_name", "model_version"],
        "How much larger the share of a version's requests that are slow is than the other versions', of lately; absent where it is below 2.5%.";
    ERRORS_VERSUS_OTHERS = "version:ml_inference_errors_others:evidence", ["model_name", "model_version"],
        "By how many standard deviations a version fails more often than the model's other versions, of lately; absent where it does not.";
    SLOW_VERSUS_OTHERS = "version:ml_inference_slow_others:evidence", ["model_name", "model_version"],
        "By how many standard deviations a version is slow more often than the model's other versions, of lately; absent where it is not.";
    VERSION_LATENCY_P95 = "version:ml_inference_latency_p95_seconds:5m", ["model_name", "model_version"],
        "95th percentile of a version's latency in seconds; absent without traffic.";
    OTHERS_LATENCY_P95 = "version:ml_inference_latency_p95_others_seconds:5m", ["model_name", "model_version"],
        "The same percentile over the model's other versions together.";
    LATENCY_FACTOR = "version:ml_inference_latency_p95_others:factor5m", ["model_name", "model_version"],
        "How many times the other versions' 95th percentile a version's is.";

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

    PREDICTIONS = "job:ml_predictions:rate10m", ["model_name", "model_version"],
        "Scored predictions per second over ten minutes.";
    SCORE_P50 = "job:ml_prediction_score_p50:10m", ["model_name", "model_version"],
        "Median prediction score; absent without predictions.";
    SCORE_BELOW = "version:ml_prediction_score_below:ratio10m", ["model_name", "model_version", "le"],
        "Share of a version's scores up to the edge of each bucket.";
    SCORE_DISTANCE = "version:ml_prediction_score:distance10m", ["model_name", "model_version"],
        "Largest difference between a version's shares of scores and those to compare with: its own of a day ago or a week ago, whichever are nearer, or, where it has no yesterday, the other versions'.";
    SCORE_DISTANCE_HOUR = "version:ml_prediction_score_hour:distance10m", ["model_name", "model_version"],
        "Largest difference between a version's shares of scores and its own of an hour ago.";
    CLASS_RATIO = "job:ml_prediction_class:ratio10m", ["model_name", "model_version", "class"],
        "Share of a class among a version's predictions.";
    CLASS_REFERENCE = "job:ml_prediction_class_reference:ratio10m", ["model_name", "model_version", "class"],
        "The share to compare with: a day ago; for a new version, the other versions' now; for one that is alone, the model's an hour ago.";
    CLASSIFIED = "job:ml_predictions_classified:rate10m", ["model_name", "model_version"],
        "Classified predictions per second over ten minutes.";
    OUTCOME_RATIO = "job:ml_business_outcome:ratio10m", ["model_name", "model_version", "outcome"],
        "Share of a business outcome among a version's outcomes.";
    OUTCOME_REFERENCE = "job:ml_business_outcome_reference:ratio10m", ["model_name", "model_version", "outcome"],
        "The share to compare with: a day ago; for a new version, the other versions' now; for one that is alone, the model's an hour ago.";
    OUTCOMES = "job:ml_business_outcomes:rate10m", ["model_name", "model_version"],
        "Business outcomes per second over ten minutes.";
    NON_FINITE_RATIO = "job:ml_prediction_non_finite:ratio10m", ["model_name", "model_version"],
        "Share of scores that were NaN or infinite.";

    FEATURE_OBSERVATIONS = "job:ml_feature_observations:rate15m", ["model_name", "feature_name"],
        "Observations of a feature per second over a quarter of an hour.";
    VERSION_OBSERVATIONS = "version:ml_feature_observations:rate15m", ["model_name", "model_version", "feature_name"],
        "The same of one version.";
    VERSION_FAULT_RATIO = "version:ml_feature_fault:ratio15m", ["model_name", "model_version", "feature_name", "fault"],
        "Share of a version's observations in which a feature was missing, defaulted or out_of_range; absent where it is below every model's threshold.";
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

    PERFORMANCE_GROWTH = "version:ml_performance_loss:growth", ["model_name", "model_version", "measure"],
        "By what share of the reference's a version's loss by labels exceeds it; absent where chance could make it.";
    ESTIMATE_GROWTH = "version:ml_performance_estimate_loss:growth", ["model_name", "model_version", "measure"],
        "The same of the loss that is estimated before labels come.";
    CALIBRATION_EXCESS = "version:ml_performance_calibration_error:excess", ["model_name", "model_version"],
        "How much further than in the reference predicted probabilities are off what happens; absent where chance could make it.";
    BIAS_EXCESS = "version:ml_performance_bias:excess", ["model_name", "model_version"],
        "How far the mean error of predicted numbers moved, in mean absolute errors of the reference; absent where chance could make it.";
    LABELS_SHARE = "version:ml_performance_labels:ratio", ["model_name", "model_version"],
        "Share of a version's predictions whose label is known.";
}
