//! Names on storage: folders by model, date and hour, and files whose names tell when they were begun and by whom.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Timelike, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but what every storage takes in a name as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) const MICROS_PER_HOUR: i64 = 3_600_000_000;
/// 0001-01-01 and 9999-12-31, in microseconds since the epoch: times outside have no four-digit year.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// The name of a model's folder.
pub(crate) fn model_folder(model: &str) -> String {
    format!("model={}", utf8_percent_encode(model, ENCODED))
}

/// Microseconds since the epoch, within the years 1 to 9999.
pub(crate) fn micros(time: SystemTime) -> i64 {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(LAST),
        // Rounded down, as for times after it.
        Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).map_or(FIRST, |micros| -micros),
    };
    micros.clamp(FIRST, LAST)
}

/// The hour a time is in, counted from the epoch.
pub(crate) const fn hour(micros: i64) -> i64 {
    micros.div_euclid(MICROS_PER_HOUR)
}

/// The folder of an hour, below that of the model.
pub(crate) fn hour_folder(hour: i64) -> PathBuf {
    let time = date_time(hour * MICROS_PER_HOUR);
    [
        format!("date={}", time.format("%Y-%m-%d")),
        format!("hour={:02}", time.hour()),
    ]
    .iter()
    .collect()
}

/// The name of a file begun at a time: one writer's are apart by their sequence, two writers' by who they are.
pub(crate) fn file_name(begun: SystemTime, writer: u64, sequence: u64) -> String {
    format!("{}{writer:016x}-{sequence:06}.parquet", begun_prefix(begun))
}

/// What the names of files begun then start with. Names sort by it as the times do.
pub(crate) fn begun_prefix(begun: SystemTime) -> String {
    date_time(micros(begun))
        .format("modelwatch-%Y%m%dT%H%M%S%6fZ-")
        .to_string()
}

/// The name a file has until it is whole.
pub(crate) fn temporary_name(file_name: &str) -> String {
    format!(".{file_name}.tmp")
}

pub(crate) fn is_model_folder(name: &str) -> bool {
    name.starts_with("model=")
}

pub(crate) fn is_date_folder(name: &str) -> bool {
    is_like(name, "date=0000-00-00")
}

pub(crate) fn is_hour_folder(name: &str) -> bool {
    is_like(name, "hour=00")
}

/// Whether it is a name that [`file_name`] gives.
pub(crate) fn is_file_name(name: &str) -> bool {
    const BEGUN: &str = "modelwatch-00000000T000000000000Z-";
    let Some((begun, rest)) = name.split_at_checked(BEGUN.len()) else {
        return false;
    };
    let Some((writer, sequence)) = rest.strip_suffix(".parquet").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let is_number =
        |text: &str, least: usize, digit: fn(&u8) -> bool| text.len() >= least && text.bytes().all(|byte| digit(&byte));
    is_like(begun, BEGUN)
        && writer.len() == 16
        && is_number(writer, 16, u8::is_ascii_hexdigit)
        && is_number(sequence, 6, u8::is_ascii_digit)
}

/// Whether it is a name that [`temporary_name`] gives.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    name.is_some_and(is_file_name)
}

/// Whether a name is as the pattern, in which a 0 stands for any digit.
fn is_like(name: &str, pattern: &str) -> bool {
    let is_as = |(byte, wanted): (u8, u8)| {
        if wanted == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == wanted
        }
    };
    name.len() == pattern.len() && name.bytes().zip(pattern.bytes()).all(is_as)
}

fn date_time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
