//! The columns of a file.
//!
//! | column | type | null |
//! | --- | --- | --- |
//! | [`TIME`] | timestamp, microseconds, UTC | never |
//! | [`MODEL_VERSION`] | string | never |
//! | [`SCORE`] | double | where it was NaN |
//! | [`CLASS`] | string | where none was given |
//! | [`feature`] | double, or string for a category | where missing or NaN |

/// The record's own time.
pub const TIME: &str = "time";
/// The version of the model that made the prediction.
pub const MODEL_VERSION: &str = "model_version";
/// The prediction score.
pub const SCORE: &str = "score";
/// The predicted class.
pub const CLASS: &str = "class";

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
