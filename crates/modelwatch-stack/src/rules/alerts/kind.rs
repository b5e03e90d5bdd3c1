//! Every alert there is, in one table: routing, inhibition, tests and runbooks go through it.

/// An alert's name and what it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The label `alertname`.
    pub name: &'static str,
    /// What it is about.
    pub plane: Plane,
}

/// What an alert is about: the label `plane`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// The serving path: latency, errors, traffic, targets.
    Inference,
    /// Data and predictions: features, scores, drift, and the job that watches them.
    Quality,
}

impl Plane {
    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Quality => "quality",
        }
    }
}

macro_rules! kinds {
    ($($ident:ident = $name:literal, $plane:ident;)*) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            pub static $ident: Kind = Kind { name: $name, plane: Plane::$plane };
        )*
        /// Every alert, in the order of the rule file.
        pub static KINDS: &[&Kind] = &[$(&$ident),*];
    };
}

kinds! {
    HIGH_LATENCY = "MLInferenceHighLatencyP95", Inference;
    HIGH_ERROR_RATE = "MLInferenceHighErrorRate", Inference;
    IN_FLIGHT_HIGH = "MLInferenceInFlightHigh", Inference;
    QUEUE_DEEP = "MLInferenceQueueDeep", Inference;
    TRAFFIC_GONE = "MLTrafficGone", Inference;
    TARGET_DOWN = "MLScrapeTargetDown", Inference;
    JOB_DOWN = "MLScrapeJobDown", Inference;
    RESTARTING = "MLReplicaRestarting", Inference;
    LABEL_OVERFLOW = "MLLabelOverflow", Inference;
    UNLISTED = "MLModelUnlisted", Inference;
    AVAILABILITY_BURN_FAST = "MLAvailabilityBudgetBurnFast", Inference;
    AVAILABILITY_BURN_SLOW = "MLAvailabilityBudgetBurnSlow", Inference;
    LATENCY_BURN_FAST = "MLLatencyBudgetBurnFast", Inference;
    LATENCY_BURN_SLOW = "MLLatencyBudgetBurnSlow", Inference;
    CANARY_ERRORS = "MLCanaryErrorRateHigh", Inference;
    CANARY_LATENCY = "MLCanaryLatencyHigh", Inference;
    SCORE_SHIFT = "MLPredictionDistributionShift", Quality;
    CLASS_SHIFT = "MLPredictionClassShift", Quality;
    OUTCOME_SHIFT = "MLBusinessOutcomeShift", Quality;
    NON_FINITE = "MLPredictionNonFinite", Quality;
    MISSING_RATIO_HIGH = "MLFeatureMissingRatioHigh", Quality;
    OUT_OF_RANGE_HIGH = "MLFeatureOutOfRangeHigh", Quality;
    FEATURE_DRIFT = "MLDriftCriticalFeatureDetected", Quality;
    PREDICTION_DRIFT = "MLPredictionDriftDetected", Quality;
    DRIFT_JOB_STALE = "MLDriftJobStale", Quality;
    DRIFT_JOB_MISSING = "MLDriftJobMissing", Quality;
    DRIFT_JOB_FAILING = "MLDriftJobFailing", Quality;
    BASELINE_OLD = "MLDriftBaselineOld", Quality;
    LOG_DROPPING = "MLPredictionLogDropping", Quality;
}
