//! Every metric modelwatch knows, in one table.
//!
//! Users' rules and dashboards depend on these names, labels and buckets, so they exist once. The encoder writes
//! from this table and can't write anything that is not in it; generated rules, dashboards and the reference page
//! read it too, so none of them can name a metric or a label that does not exist.

use std::ops::Deref;

use super::buckets::{
    BATCH_SIZE_BUCKETS, INTER_TOKEN_BUCKETS, LATENCY_BUCKETS, RUNTIME_DELAY_BUCKETS, SCORE_BUCKETS, STAGE_BUCKETS,
    TIME_PER_OUTPUT_TOKEN_BUCKETS, TIME_TO_FIRST_TOKEN_BUCKETS, TOKEN_BUCKETS,
};

/// How Prometheus treats the samples of a metric.
///
/// ```
/// use modelwatch::contract::{INFERENCE_REQUESTS, MetricKind};
///
/// assert_eq!(INFERENCE_REQUESTS.kind, MetricKind::Counter);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only ever grows, except when the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of observations by size, with their sum.
    Histogram,
}

/// Where a metric comes from.
///
/// ```
/// use modelwatch::contract::{METRICS, Origin};
///
/// let of_drift = METRICS.iter().filter(|metric| metric.origin == Origin::Drift);
/// assert!(of_drift.clone().any(|metric| metric.name == "ml_data_drift_score"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The serving path: recorded while requests are answered.
    Online,
    /// The prediction log, which the serving path hands its predictions to.
    Log,
    /// The drift job beside it: computed over windows of the prediction log.
    Drift,
    /// A door that takes what others predicted into the prediction log.
    Ingest,
    /// The operating system's view of the serving process.
    Process,
}

/// One row of the contract. Only the contract makes them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Metric {
    /// The name on the wire, counters with their `_total`.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: MetricKind,
    /// Label names, in the order they are exposed.
    pub labels: &'static [&'static str],
    /// The help text: one sentence, with the unit of the value.
    pub help: &'static str,
    /// Which part of the system exposes it.
    pub origin: Origin,
    /// Default upper bounds of the classic buckets, without `+Inf`; empty unless a histogram.
    pub buckets: &'static [f64],
}

impl Metric {
    /// The unit of the value as OpenMetrics spells it, where the name carries one.
    ///
    /// ```
    /// assert_eq!(modelwatch::contract::INFERENCE_LATENCY.unit(), Some("seconds"));
    /// assert_eq!(modelwatch::contract::INFERENCE_REQUESTS.unit(), None);
    /// ```
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        ["seconds", "bytes", "ratio"].into_iter().find(|unit| {
            self.family_name()
                .strip_suffix(unit)
                .is_some_and(|rest| rest.ends_with('_'))
        })
    }

    /// The name of the family as OpenMetrics spells it: a counter's without `_total`.
    #[must_use]
    pub fn family_name(&self) -> &'static str {
        match self.kind {
            MetricKind::Counter => self.name.strip_suffix("_total").unwrap_or(self.name),
            MetricKind::Gauge | MetricKind::Histogram => self.name,
        }
    }
}

/// A metric whose samples a [source](crate::Monitor::add_source) may push: the prediction log's and the drift job's.
///
/// What models record through their handles is a plain [`Metric`], so that pushing it does not compile.
///
/// ```compile_fail
/// use modelwatch::{Monitor, contract};
///
/// Monitor::new().add_source(|readings| readings.push(&contract::INFERENCE_REQUESTS, &["claims-risk"], 9.0));
/// ```
///
/// # Example: expose a row of the contract
///
/// ```
/// use modelwatch::{Monitor, contract};
///
/// let monitor = Monitor::new();
/// monitor.add_source(|readings| readings.push(&contract::DRIFT_WINDOW_ROWS, &["claims-risk"], 9_000.0));
/// assert_eq!(monitor.value(contract::DRIFT_WINDOW_ROWS.name, &[]), Ok(9_000.0));
/// ```
#[derive(Debug)]
pub struct SourceMetric(Metric);

impl Deref for SourceMetric {
    type Target = Metric;

    fn deref(&self) -> &Metric {
        &self.0
    }
}

/// The whole contract as a Markdown table, as the README and the reference page have it.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| metric | type | from | labels | meaning |\n| --- | --- | --- | --- | --- |\n");
    for metric in METRICS {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let origin = match metric.origin {
            Origin::Online => "serving path",
            Origin::Log => "prediction log",
            Origin::Drift => "drift job",
            Origin::Ingest => "ingest",
            Origin::Process => "process",
        };
        let bounds: Vec<_> = metric.buckets.iter().map(f64::to_string).collect();
        let buckets = if bounds.is_empty() {
            String::new()
        } else {
            format!(" Buckets: {}.", bounds.join(" "))
        };
        let labels = metric.labels.join(", ");
        table += &format!(
            "| `{}` | {kind} | {origin} | {labels} | {}{buckets} |\n",
            metric.name, metric.help
        );
    }
    table
}

macro_rules! contract {
    ($($ident:ident = $name:literal, $kind:ident, $origin:ident $(+ $source:ident)?, [$($label:literal),*], $help:literal $(, $buckets:expr)?;)*) => {
        $(contract! {
            @static $ident, $origin $(+ $source)?, concat!("`", $name, "`: ", $help),
            Metric {
                name: $name,
                kind: MetricKind::$kind,
                labels: &[$($label),*],
                help: $help,
                origin: Origin::$origin,
                buckets: contract!(@buckets $($buckets)?),
            }
        })*
        /// Every metric, in the order the reference page lists them.
        pub static METRICS: &[&Metric] = &[$(contract!(@metric $ident, $origin $(+ $source)?)),*];
    };
    (@static $ident:ident, Online, $doc:expr, $metric:expr) => { #[doc = $doc] pub static $ident: Metric = $metric; };
    (@static $ident:ident, Process, $doc:expr, $metric:expr) => { #[doc = $doc] pub static $ident: Metric = $metric; };
    (@static $ident:ident, $origin:ident $(+ $source:ident)?, $doc:expr, $metric:expr) => {
        #[doc = $doc]
        pub static $ident: SourceMetric = SourceMetric($metric);
    };
    (@metric $ident:ident, Online) => { &$ident };
    (@metric $ident:ident, Process) => { &$ident };
    (@metric $ident:ident, $origin:ident $(+ $source:ident)?) => { &$ident.0 };
    (@buckets) => { &[] };
    (@buckets $buckets:expr) => { $buckets };
}

contract! {
    INFERENCE_REQUESTS = "ml_inference_requests_total", Counter, Online, ["model_name", "model_version", "route", "status"],
        "Inference requests that have ended, by how they ended.";
    INFERENCE_LATENCY = "ml_inference_latency_seconds", Histogram, Online, ["model_name", "model_version", "route"],
        "Seconds from the call to the end of the response body.", LATENCY_BUCKETS;
    INFERENCE_FIRST_CHUNK = "ml_inference_time_to_first_chunk_seconds", Histogram, Online, ["model_name", "model_version", "route"],
        "Seconds from the call to the first chunk of a response body whose length its head does not tell.", LATENCY_BUCKETS;
    PREDICTION_SCORE = "ml_prediction_score", Histogram, Online, ["model_name", "model_version"],
        "Distribution of prediction scores, in the model's own unit.", SCORE_BUCKETS;
    FEATURE_MISSING_RATIO = "ml_feature_missing_ratio", Gauge, Online + Source, ["model_name", "feature_name"],
        "Share of observations in the last evaluation window in which the feature was missing, 0 to 1.";
    MODEL_INFO = "ml_model_info", Gauge, Online, ["model_name", "model_version", "framework"],
        "1 for each model version this process serves.";
    DATA_DRIFT_SCORE = "ml_data_drift_score", Gauge, Drift, ["model_name", "feature_name"],
        "Distance of the feature's last window from the training baseline.";
    DATA_DRIFT_DETECTED = "ml_data_drift_detected", Gauge, Drift, ["model_name", "feature_name"],
        "1 when the feature's drift is above its threshold and significant, else 0.";
    INFERENCE_IN_FLIGHT = "ml_inference_in_flight", Gauge, Online, ["model_name", "model_version"],
        "Requests that have begun and not ended.";
    INFERENCE_QUEUE_DEPTH = "ml_inference_queue_depth", Gauge, Online, ["model_name"],
        "Requests waiting for the model.";
    INFERENCE_BATCH_SIZE = "ml_inference_batch_size", Histogram, Online, ["model_name", "model_version"],
        "Rows per call of the model.", BATCH_SIZE_BUCKETS;
    INFERENCE_STAGE = "ml_inference_stage_seconds", Histogram, Online, ["model_name", "model_version", "stage"],
        "Seconds spent in one stage of answering: queue, feature_fetch, preprocess, compute, postprocess, or one of the service's own.", STAGE_BUCKETS;
    PREDICTION_CLASS = "ml_prediction_class_total", Counter, Online, ["model_name", "model_version", "class"],
        "Predictions by predicted class.";
    PREDICTION_NON_FINITE = "ml_prediction_non_finite_total", Counter, Online, ["model_name", "model_version"],
        "Prediction scores that were NaN or infinite; they are in no histogram.";
    PREDICTION_UNSCORED = "ml_prediction_unscored_total", Counter, Online, ["model_name", "model_version"],
        "Predictions that have no score, such as embeddings.";
    BUSINESS_OUTCOME = "ml_business_outcome_total", Counter, Online, ["model_name", "model_version", "outcome"],
        "Business outcomes that followed from predictions, such as approved, review or escalated.";
    GEN_AI_TOKEN_USAGE = "gen_ai_client_token_usage", Histogram, Online, ["model_name", "model_version", "gen_ai_token_type"],
        "Tokens of an answer of a generative model by kind: input, output, cached (of the input) and reasoning (of the output).", TOKEN_BUCKETS;
    GEN_AI_TIME_TO_FIRST_TOKEN = "gen_ai_server_time_to_first_token_seconds", Histogram, Online, ["model_name", "model_version"],
        "Seconds a generative model took to the first token of an answer.", TIME_TO_FIRST_TOKEN_BUCKETS;
    GEN_AI_TIME_PER_OUTPUT_TOKEN = "gen_ai_server_time_per_output_token_seconds", Histogram, Online, ["model_name", "model_version"],
        "Seconds a generative model took for each token after the first, on average over a whole answer.", TIME_PER_OUTPUT_TOKEN_BUCKETS;
    GENERATIONS = "ml_generations_total", Counter, Online, ["model_name", "model_version", "finish_reason"],
        "Answers of a generative model by why they ended: stop, length, tool_calls, cancelled or error.";
    GENERATION_TOKENS = "ml_generation_tokens_total", Counter, Online, ["model_name", "model_version", "finish_reason", "gen_ai_token_type"],
        "Tokens of the answers of a generative model, those that broke off included, by why they ended and by kind.";
    GENERATION_INTER_TOKEN = "ml_generation_inter_token_seconds", Histogram, Online, ["model_name", "model_version"],
        "Seconds between two tokens of an answer, or two groups of tokens that came at once.", INTER_TOKEN_BUCKETS;
    GENERATION_SEQUENCES_RUNNING = "ml_generation_sequences_running", Gauge, Online, ["model_name", "model_version"],
        "Sequences the engine works on, as it says.";
    GENERATION_SEQUENCES_WAITING = "ml_generation_sequences_waiting", Gauge, Online, ["model_name", "model_version"],
        "Sequences that wait for the engine, as it says.";
    GENERATION_KV_CACHE_USAGE = "ml_generation_kv_cache_usage_ratio", Gauge, Online, ["model_name", "model_version"],
        "Share of the engine's KV cache that is in use, 0 to 1, as it says.";
    FEATURE_OBSERVATIONS = "ml_feature_observations_total", Counter, Online, ["model_name", "model_version", "feature_name"],
        "Times the version looked at the feature.";
    FEATURE_MISSING = "ml_feature_missing_total", Counter, Online, ["model_name", "model_version", "feature_name"],
        "Observations in which the feature was missing.";
    FEATURE_DEFAULTED = "ml_feature_defaulted_total", Counter, Online, ["model_name", "model_version", "feature_name"],
        "Observations in which the service used a default for the feature.";
    FEATURE_OUT_OF_RANGE = "ml_feature_out_of_range_total", Counter, Online, ["model_name", "model_version", "feature_name"],
        "Observations outside the feature's declared range or categories.";
    MODEL_REGISTERED_TIMESTAMP = "ml_model_registered_timestamp_seconds", Gauge, Online, ["model_name", "model_version"],
        "When this process first registered or resolved the version, in seconds since the epoch.";
    MODEL_FEATURES_INFO = "ml_model_features_info", Gauge, Online, ["model_name", "model_version", "features_digest"],
        "1 for the features the version declared: versions with the same names, order, ranges and categories have the same digest.";
    RUNTIME_DELAY = "ml_runtime_delay_seconds", Histogram, Online, [],
        "Seconds that a task of the service's runtime woke up late: requests wait as long before anything sees them.", RUNTIME_DELAY_BUCKETS;
    SERVICE_INFO = "ml_service_info", Gauge, Online, ["service_version", "revision"],
        "1 for the build of the service.";
    FEATURE_PIPELINE_INFO = "ml_feature_pipeline_info", Gauge, Online, ["model_name", "pipeline_version"],
        "1 for the release of the feature pipeline that feeds the model.";
    LABEL_OVERFLOW = "ml_label_overflow_total", Counter, Online, ["label"],
        "Label values counted under __other__ because the label was at its limit.";
    PREDICTION_LOG_RECORDS = "ml_prediction_log_records_total", Counter, Log, ["model_name", "result"],
        "Predictions handed to the prediction log, by result: written or dropped.";
    OUTCOME_LOG_RECORDS = "ml_outcome_log_records_total", Counter, Log, ["model_name", "result"],
        "Outcomes handed to the prediction log, by result: written or dropped.";
    INGEST_RECORDS = "ml_ingest_records_total", Counter, Ingest, ["source", "result"],
        "Records of a source, by result: written, rejected, or lost because the broker had removed them before they were read.";
    INGEST_REJECTED = "ml_ingest_rejected_total", Counter, Ingest, ["source", "reason"],
        "Records that are in a file of dead letters, by reason.";
    INGEST_ROWS = "ml_ingest_rows_total", Counter, Ingest, ["source"],
        "Rows of the prediction log that records became.";
    INGEST_LAG = "ml_ingest_lag_records", Gauge, Ingest, ["source", "partition"],
        "Records that the broker has and the prediction log has not.";
    INGEST_LAST_COMMIT_TIMESTAMP = "ml_ingest_last_commit_timestamp_seconds", Gauge, Ingest, ["source"],
        "When records were last put into the prediction log, in seconds since the epoch.";
    INGEST_CONNECTED = "ml_ingest_connected", Gauge, Ingest, ["source"],
        "1 while the broker answers, else 0.";
    PREDICTION_DRIFT_SCORE = "ml_prediction_drift_score", Gauge, Drift, ["model_name"],
        "Distance of the last window's prediction scores from the baseline.";
    PREDICTION_DRIFT_DETECTED = "ml_prediction_drift_detected", Gauge, Drift, ["model_name"],
        "1 when the prediction scores' drift is above its threshold and significant, else 0.";
    CLASS_DRIFT_SCORE = "ml_prediction_class_drift_score", Gauge, Drift, ["model_name"],
        "Distance of the last window's balance of predicted classes from the baseline.";
    CLASS_DRIFT_DETECTED = "ml_prediction_class_drift_detected", Gauge, Drift, ["model_name"],
        "1 when the class balance's drift is above its threshold and significant, else 0.";
    VERSION_DATA_DRIFT_SCORE = "ml_version_data_drift_score", Gauge, Drift, ["model_name", "model_version", "feature_name"],
        "Distance of the feature's last window from the training baseline, of one version's predictions.";
    VERSION_DATA_DRIFT_DETECTED = "ml_version_data_drift_detected", Gauge, Drift, ["model_name", "model_version", "feature_name"],
        "1 when the feature's drift in one version's predictions is above its threshold and significant, else 0.";
    VERSION_PREDICTION_DRIFT_SCORE = "ml_version_prediction_drift_score", Gauge, Drift, ["model_name", "model_version"],
        "Distance of one version's prediction scores in the last window from the baseline.";
    VERSION_PREDICTION_DRIFT_DETECTED = "ml_version_prediction_drift_detected", Gauge, Drift, ["model_name", "model_version"],
        "1 when the drift of one version's prediction scores is above its threshold and significant, else 0.";
    VERSION_CLASS_DRIFT_SCORE = "ml_version_prediction_class_drift_score", Gauge, Drift, ["model_name", "model_version"],
        "Distance of one version's balance of predicted classes in the last window from the baseline.";
    VERSION_CLASS_DRIFT_DETECTED = "ml_version_prediction_class_drift_detected", Gauge, Drift, ["model_name", "model_version"],
        "1 when the drift of one version's class balance is above its threshold and significant, else 0.";
    FEATURE_OUT_OF_RANGE_RATIO = "ml_feature_out_of_range_ratio", Gauge, Drift, ["model_name", "feature_name"],
        "Share of the last window's values outside the baseline's range, 0 to 1.";
    FEATURE_MISSING_REFERENCE_RATIO = "ml_feature_missing_reference_ratio", Gauge, Drift, ["model_name", "feature_name"],
        "Share of the training baseline's rows in which the feature was missing, 0 to 1.";
    SEGMENT_DATA_DRIFT_SCORE = "ml_segment_data_drift_score", Gauge, Drift, ["model_name", "segment", "segment_value", "feature_name"],
        "Distance of the feature's last window from the training baseline, of the rows with one value of another feature.";
    SEGMENT_DATA_DRIFT_DETECTED = "ml_segment_data_drift_detected", Gauge, Drift, ["model_name", "segment", "segment_value", "feature_name"],
        "1 when the feature's drift among the rows with one value of another feature is above its threshold and significant, else 0.";
    DRIFT_BASELINE_INFO = "ml_drift_baseline_info", Gauge, Drift, ["model_name", "baseline_version"],
        "1 for the baseline in use.";
    DRIFT_BASELINE_TIMESTAMP = "ml_drift_baseline_timestamp_seconds", Gauge, Drift, ["model_name"],
        "When the baseline was made, in seconds since the epoch.";
    DRIFT_WINDOW_ROWS = "ml_drift_window_rows", Gauge, Drift, ["model_name"],
        "Rows in the last window.";
    DRIFT_LEFT_OUT_FILES = "ml_drift_left_out_files", Gauge, Drift, ["model_name", "reason"],
        "Files of the last window that were left out, by reason: empty, broken, other_format, other_model, other_columns, no_time or unreadable.";
    DRIFT_LEFT_OUT_ROWS = "ml_drift_left_out_rows", Gauge, Drift, ["model_name", "reason"],
        "Rows of the last window that were left out, as far as their number is known, by reason as for files.";
    DRIFT_CHANGE = "ml_drift_change", Gauge, Drift, ["model_name", "feature_name", "change"],
        "1 for what was done to the feature in the last window, where it is above its threshold: scaled, swapped, missing_more and others.";
    JOINT_DRIFT_SCORE = "ml_joint_drift_score", Gauge, Drift, ["model_name"],
        "How far the last window's numeric features are from training in how they go together; 1 is the edge of what is usual.";
    JOINT_DRIFT_DETECTED = "ml_joint_drift_detected", Gauge, Drift, ["model_name"],
        "1 when numeric features go together otherwise than in training, by more than is usual, else 0.";
    JOINT_RECONSTRUCTION_ERROR = "ml_joint_reconstruction_error", Gauge, Drift, ["model_name"],
        "Mean distance of the last window's rows from their projection on training's principal components, in deviations.";
    JOINT_CORRELATION_CHANGE = "ml_joint_correlation_change", Gauge, Drift, ["model_name", "feature_name", "other_feature_name"],
        "Correlation of two features in the last window less that in training, of the ten pairs that moved furthest beyond what is usual.";
    DRIFT_LAST_SUCCESS_TIMESTAMP = "ml_drift_last_success_timestamp_seconds", Gauge, Drift, ["model_name"],
        "When the drift job last finished for this model, in seconds since the epoch.";
    DRIFT_RUN_DURATION = "ml_drift_run_duration_seconds", Gauge, Drift, ["model_name"],
        "Seconds the last run of the drift job took.";
    DRIFT_RUNS = "ml_drift_runs_total", Counter, Drift, ["model_name", "result"],
        "Runs of the drift job, by result: success, too_few_rows, no_rows or failure.";
    PERFORMANCE = "ml_performance", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Performance by the labels that have come, by measure, in the measure's own unit.";
    PERFORMANCE_LOW = "ml_performance_lower_bound", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Lower end of the interval that holds the performance by labels in 95 of 100 windows.";
    PERFORMANCE_HIGH = "ml_performance_upper_bound", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Upper end of the interval that holds the performance by labels in 95 of 100 windows.";
    PERFORMANCE_ESTIMATE = "ml_performance_estimate", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Performance as it is expected without labels, by measure, in the measure's own unit.";
    PERFORMANCE_ESTIMATE_LOW = "ml_performance_estimate_lower_bound", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Lower end of the interval that holds the expected performance in 95 of 100 windows.";
    PERFORMANCE_ESTIMATE_HIGH = "ml_performance_estimate_upper_bound", Gauge, Drift, ["model_name", "model_version", "measure"],
        "Upper end of the interval that holds the expected performance in 95 of 100 windows.";
    PERFORMANCE_REFERENCE = "ml_performance_reference", Gauge, Drift, ["model_name", "measure"],
        "Performance in the labelled reference, by measure, in the measure's own unit.";
    PERFORMANCE_LABELS = "ml_performance_labels", Gauge, Drift, ["model_name", "model_version"],
        "Predictions whose label is known.";
    PERFORMANCE_PREDICTIONS = "ml_performance_predictions", Gauge, Drift, ["model_name", "model_version"],
        "Predictions that performance was measured on.";
    PERFORMANCE_LAST_SUCCESS_TIMESTAMP = "ml_performance_last_success_timestamp_seconds", Gauge, Drift, ["model_name"],
        "When performance was last measured, in seconds since the epoch.";
    PERFORMANCE_RUN_DURATION = "ml_performance_run_duration_seconds", Gauge, Drift, ["model_name"],
        "Seconds the last run for performance took.";
    PERFORMANCE_RUNS = "ml_performance_runs_total", Counter, Drift, ["model_name", "result"],
        "Runs of the drift job's exporter for performance, by result: success, outcomes, predictions, reference, columns, timeout or failure.";
    PERFORMANCE_OUTCOMES = "ml_performance_outcomes", Gauge, Drift, ["model_name", "fate"],
        "Rows of outcomes in the last run, by fate: matched, late, early, undated, repeated, unmatched or unusable; and of the matched, those of an unknown class.";
    PERFORMANCE_EXPLAINED = "ml_performance_explained_ratio", Gauge, Drift, ["model_name", "model_version", "segment", "segment_value"],
        "Share of the growth of the mean loss since the reference that rows of this value explain, of the values that stand out.";
    SEGMENT_PERFORMANCE = "ml_segment_performance", Gauge, Drift, ["model_name", "segment", "segment_value", "measure"],
        "Performance of the rows of one value of a segment by labels, in the measure's own unit.";
    SEGMENT_PERFORMANCE_REFERENCE = "ml_segment_performance_reference", Gauge, Drift, ["model_name", "segment", "segment_value", "measure"],
        "Performance of the same value in the labelled reference; of all its rows where it has too few of the value.";
    SEGMENT_PERFORMANCE_GROWTH = "ml_segment_performance_loss_growth", Gauge, Drift, ["model_name", "segment", "segment_value", "measure"],
        "By what share of the reference's a segment's loss by labels exceeds it; absent where chance could make it.";
    SEGMENT_PERFORMANCE_LABELS = "ml_segment_performance_labels", Gauge, Drift, ["model_name", "segment", "segment_value"],
        "Predictions of one value of a segment whose label is known.";
    PROCESS_CPU_SECONDS = "process_cpu_seconds_total", Counter, Process, [],
        "User and system CPU time spent, in seconds.";
    PROCESS_OPEN_FDS = "process_open_fds", Gauge, Process, [],
        "Open file descriptors.";
    PROCESS_MAX_FDS = "process_max_fds", Gauge, Process, [],
        "Most file descriptors the process may open.";
    PROCESS_VIRTUAL_MEMORY = "process_virtual_memory_bytes", Gauge, Process, [],
        "Virtual memory size in bytes.";
    PROCESS_RESIDENT_MEMORY = "process_resident_memory_bytes", Gauge, Process, [],
        "Resident memory size in bytes.";
    PROCESS_START_TIME = "process_start_time_seconds", Gauge, Process, [],
        "When the process started, in seconds since the epoch.";
    PROCESS_THREADS = "process_threads", Gauge, Process, [],
        "Threads of the process.";
}
