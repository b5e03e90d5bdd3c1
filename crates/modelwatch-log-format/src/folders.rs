//! The folders of the log, from its root down: model, date, hour. Date and hour are UTC and those of the record's own time, so
//! that a late record finds its hour and a reader finds a window by names alone.

use chrono::Timelike as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::pattern::is_like;
use crate::time::date_time;

/// Everything but what every storage takes in a name as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The folder of outcomes below the root: models, dates and hours lie in it as those of predictions do in the root.
pub const OUTCOMES: &str = "outcomes";

const MODEL_PREFIX: &str = "model=";
const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Returns the name of a model's folder, `model=claims%2Frisk`. It may be longer than a file system takes.
#[must_use]
pub fn model(name: &str) -> String {
    format!("{MODEL_PREFIX}{}", utf8_percent_encode(name, ENCODED))
}

/// Returns the model whose folder this is, however another writer encoded it; nothing for a folder that is of no model.
///
/// ```
/// use modelwatch_log_format::folders;
///
/// assert_eq!(folders::model_name("model=claims%2frisk").as_deref(), Some("claims/risk"));
/// assert_eq!(folders::model_name("claims"), None);
/// ```
#[must_use]
pub fn model_name(folder: &str) -> Option<String> {
    let encoded = folder.strip_prefix(MODEL_PREFIX)?;
    let name = percent_decode_str(encoded).decode_utf8().ok()?;
    Some(name.into_owned())
}

/// Returns the hour that a time in microseconds is in, counted from the epoch.
#[must_use]
pub const fn hour(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_HOUR)
}

/// Returns the folders of an [`hour`] below that of its model: `["date=2026-04-01", "hour=10"]`.
#[must_use]
pub fn of_hour(hour: i64) -> [String; 2] {
    let time = date_time(hour.saturating_mul(MICROS_PER_HOUR));
    [
        format!("date={}", time.format("%Y-%m-%d")),
        format!("hour={:02}", time.hour()),
    ]
}

/// Whether it is the name of a model's folder.
#[must_use]
pub fn is_model(name: &str) -> bool {
    name.starts_with(MODEL_PREFIX)
}

/// Whether it is the name of a date's folder.
#[must_use]
pub fn is_date(name: &str) -> bool {
    is_like(name, "date=0000-00-00")
}

/// Whether it is the name of an hour's folder.
#[must_use]
pub fn is_hour(name: &str) -> bool {
    is_like(name, "hour=00")
}
