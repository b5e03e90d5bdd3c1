//! Times that a folder's name can hold.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// 0001-01-01 and 9999-12-31, in microseconds since the epoch: times outside have no four-digit year.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// Returns microseconds since the epoch, rounded down, within the years 1 to 9999.
#[must_use]
pub fn micros(time: SystemTime) -> i64 {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(LAST),
        // Rounded down, as for times after it.
        Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).map_or(FIRST, |micros| -micros),
    };
    micros.clamp(FIRST, LAST)
}

pub(crate) fn date_time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
