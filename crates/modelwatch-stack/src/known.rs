//! Every alert, in one table. Routing, inhibition, tests and runbooks read it.

use modelwatch_config::Plane;

/// An alert that the stack can raise.
/// # Example: what every alert is about
///
/// ```
/// use modelwatch_config::Plane;
/// use modelwatch_stack::known::{ALERTS, KnownAlert};
///
/// let alert: &KnownAlert = ALERTS.iter().find(|alert| alert.name == "MLInferenceHighErrorRate").expect("it is there");
/// assert_eq!(alert.plane, Plane::Inference);
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownAlert {
    /// The label `alertname`.
    pub name: &'static str,
    /// The label `plane`: the serving path; or data, predictions and the job that watches them.
    pub plane: Plane,
}

macro_rules! known {
    ($($ident:ident = $name:literal, $plane:ident;)*) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            pub static $ident: KnownAlert = KnownAlert { name: $name, plane: Plane::$plane };
        )*
        /// Every alert, in the order of the rule file.
        pub static ALERTS: &[&KnownAlert] = &[$(&$ident),*];
    };
}

known! {
    HIGH_LATENCY = "MLInferenceHighLatencyP95", Inference;
    HIGH_ERROR_RATE = "MLInferenceHighErrorRate", Inference;
    IN_FLIGHT_HIGH = "MLInferenceInFlightHigh", Inference;
    QUEUE_DEEP = "MLInferenceQueueDeep", Inference;
    TRAFFIC_GONE = "MLTrafficGone", Inference;
    CLIENT_ERRORS_HIGH = "MLClientErrorsHigh", Inference;
    RUNTIME_LATE = "MLRuntimeLate", Inference;
    MANY_FAILING = "MLManyModelsFailing", Inference;
    MANY_SLOW = "MLManyModelsSlow", Inference;
    REPLICA_FAILING = "MLReplicaFailing", Inference;
    REPLICA_SLOW = "MLReplicaSlow", Inference;
    TARGET_DOWN = "MLScrapeTargetDown", Inference;
    JOB_DOWN = "MLScrapeJobDown", Inference;
    ONE_NAME = "MLReplicasBehindOneName", Inference;
    RESTARTING = "MLReplicaRestarting", Inference;
    LABEL_OVERFLOW = "MLLabelOverflow", Inference;
    UNLISTED = "MLModelUnlisted", Inference;
    VERSION_UNREGISTERED = "MLVersionUnregistered", Inference;
    RULES_FAILING = "MLRulesFailing", Inference;
    WATCHDOG = "MLWatchdog", Inference;
    NOTIFICATIONS_FAILING = "MLNotificationsFailing", Inference;
    LATENCY_MISSING = "MLLatencyMissing", Inference;
    AVAILABILITY_BURN_FAST = "MLAvailabilityBudgetBurnFast", Inference;
    AVAILABILITY_BURN_SLOW = "MLAvailabilityBudgetBurnSlow", Inference;
    LATENCY_BURN_FAST = "MLLatencyBudgetBurnFast", Inference;
    LATENCY_BURN_SLOW = "MLLatencyBudgetBurnSlow", Inference;
    CANARY_ERRORS = "MLCanaryErrorRateHigh", Inference;
    CANARY_LATENCY = "MLCanaryLatencyHigh", Inference;
    SCORE_SHIFT = "MLPredictionDistributionShift", Drift;
    CLASS_SHIFT = "MLPredictionClassShift", Drift;
    OUTCOME_SHIFT = "MLBusinessOutcomeShift", Drift;
    NON_FINITE = "MLPredictionNonFinite", Drift;
    MISSING_RATIO_HIGH = "MLFeatureMissingRatioHigh", Drift;
    DEFAULTED_RATIO_HIGH = "MLFeatureDefaultedRatioHigh", Drift;
    OUT_OF_RANGE_HIGH = "MLFeatureOutOfRangeHigh", Drift;
    VERSION_FAULTY = "MLVersionFeatureFaulty", Drift;
    FEATURE_DRIFT = "MLDriftCriticalFeatureDetected", Drift;
    VERSION_DRIFT = "MLVersionDriftDetected", Drift;
    PREDICTION_DRIFT = "MLPredictionDriftDetected", Drift;
    JOINT_DRIFT = "MLJointDriftDetected", Drift;
    PERFORMANCE_FELL = "MLPerformanceFell", Drift;
    ESTIMATE_FELL = "MLPerformanceEstimateFell", Drift;
    CALIBRATION_OFF = "MLCalibrationOff", Drift;
    LABELS_STOPPED = "MLLabelsStopped", Drift;
    DRIFT_JOB_STALE = "MLDriftJobStale", Drift;
    DRIFT_JOB_MISSING = "MLDriftJobMissing", Drift;
    DRIFT_JOB_FAILING = "MLDriftJobFailing", Drift;
    DRIFT_JOB_BLIND = "MLDriftJobSeesNothing", Drift;
    BASELINE_OLD = "MLDriftBaselineOld", Drift;
    LOG_DROPPING = "MLPredictionLogDropping", Drift;
}
