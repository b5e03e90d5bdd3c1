//! Times as people write them.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _, TimeDelta, Utc};
use modelwatch_config::parse_duration;

/// Reads a time. What names no zone is UTC, and a day is its first instant.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    // What somebody types is of no millisecond, and neither is what is printed of it.
    read(text.trim(), now()).ok_or_else(|| {
        "write a time such as 2026-05-01T14:03:00Z or 2026-05-01, a word (now, today, yesterday), how long ago it was (2h, \
         1d12h), or seconds since the epoch"
            .to_owned()
    })
}

/// This second's first instant.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

fn read(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = now.date_naive();
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    match text {
        "now" => return Some(now),
        "today" => return Some(start(today)),
        "yesterday" => return today.checked_sub_days(Days::new(1)).map(start),
        _ => {}
    }
    let ago = text.strip_suffix("ago").map_or(text, str::trim_end);
    if let Some(ago) = parse_duration(ago) {
        return before(now, ago);
    }
    if let Ok(seconds) = text.parse() {
        return DateTime::from_timestamp(seconds, 0);
    }
    if let Ok(day) = text.parse() {
        return Some(start(day));
    }
    let with_zone = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let without = |form| NaiveDateTime::parse_from_str(text, form).map(|time| time.and_utc());
    with_zone
        .or_else(|_| without("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| without("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| without("%Y-%m-%dT%H:%M"))
        .or_else(|_| without("%Y-%m-%d %H:%M"))
        .ok()
}

fn before(now: DateTime<Utc>, ago: Duration) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::from_std(ago).ok()?)
}
