//! The columns of a file.
//!
//! | column | type | null |
//! | --- | --- | --- |
//! | [`TIME`] | timestamp, microseconds, UTC | never |
//! | [`MODEL_VERSION`] | string | never |
//! | [`SCORE`] | double | where it was NaN |
//! | [`CLASS`] | string | where none was given |
//! | [`feature`] | double, or string for a category | where missing or NaN |
//! | [`PREDICTION_ID`], [`TRACE_ID`], [`ROUTE`], [`PIPELINE_VERSION`] | string | where none was given |
//!
//! The last four are not in files of earlier releases; readers take a column that is not there as null.
//!
//! A file of outcomes has [`TIME`], when the label was known, [`PREDICTION_ID`] and [`LABEL`], a string; null is none of them.

/// The record's own time.
pub const TIME: &str = "time";
/// The version of the model that made the prediction.
pub const MODEL_VERSION: &str = "model_version";
/// The prediction score.
pub const SCORE: &str = "score";
/// The predicted class.
pub const CLASS: &str = "class";

/// The prediction's id, by which its label finds it.
pub const PREDICTION_ID: &str = "prediction_id";
/// The trace of the request, as 32 hexadecimal digits where the service follows W3C.
pub const TRACE_ID: &str = "trace_id";
/// The route of the request.
pub const ROUTE: &str = "route";
/// The version of the feature pipeline that made the row.
pub const PIPELINE_VERSION: &str = "pipeline_version";

/// The label of an outcome.
pub const LABEL: &str = "label";

/// What stands before a feature's name.
const FEATURE_PREFIX: &str = "feature.";

/// Returns the column of a feature: `feature.income`.
#[must_use]
pub fn feature(name: &str) -> String {
    format!("{FEATURE_PREFIX}{name}")
}

/// Returns the feature whose column this is; nothing for a column that is of no feature.
///
/// ```
/// use modelwatch_log_format::columns;
///
/// assert_eq!(columns::feature_name("feature.income"), Some("income"));
/// assert_eq!(columns::feature_name("score"), None);
/// ```
#[must_use]
pub fn feature_name(column: &str) -> Option<&str> {
    column.strip_prefix(FEATURE_PREFIX)
}
