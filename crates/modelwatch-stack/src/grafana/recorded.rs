//! Recording rules that the panels read.

use super::scope::Series;

const REQUEST_LABELS: &[&str] = &["model_name", "model_version", "route"];

pub(crate) fn requests_per_second() -> Series {
    Series::named("job:ml_inference_rps:rate5m", REQUEST_LABELS)
}

pub(crate) fn error_ratio() -> Series {
    Series::named("job:ml_inference_error_rate:ratio5m", REQUEST_LABELS)
}

pub(crate) fn latency_p95() -> Series {
    Series::named("job:ml_inference_latency_p95_seconds:5m", REQUEST_LABELS)
}

pub(crate) fn score_p50() -> Series {
    Series::named("job:ml_prediction_score_p50:30m", &["model_name", "model_version"])
}

pub(crate) fn drifting_features() -> Series {
    Series::named("job:ml_drift_features_triggered:current", &["model_name"])
}
