//! Times as people write them.

use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SubsecRound as _, TimeDelta, Utc};

use crate::spans::duration;

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

/// The digits of seconds since the epoch: fewer are a year or a day, more are milliseconds, and neither is meant as 1970.
const EPOCH_DIGITS: RangeInclusive<usize> = 9..=11;

fn read(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.to_ascii_lowercase();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let moment = match is_number && EPOCH_DIGITS.contains(&text.len()) {
        true => DateTime::from_timestamp(text.parse().ok()?, 0),
        false => relative(&text, now).or_else(|| absolute(&text, now)),
    };
    moment.filter(|moment| *moment >= DateTime::UNIX_EPOCH)
}

/// `now`, `2h`, `2 hours ago`, and `now-2h` as Grafana has it.
fn relative(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ago = match text.strip_prefix("now") {
        Some("") => return Some(now),
        Some(rest) => rest.trim_start().strip_prefix('-')?,
        None => text.strip_suffix("ago").unwrap_or(text),
    };
    now.checked_sub_signed(TimeDelta::from_std(duration(ago)?).ok()?)
}

/// A day, or a moment of it.
fn absolute(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.replace('/', "-");
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(moment.to_utc());
    }
    let with_zone = ["%Y-%m-%dt%H:%M%:z", "%Y-%m-%d %H:%M%:z"];
    let mut with_zone = with_zone.iter().map(|form| DateTime::parse_from_str(&text, form));
    if let Some(Ok(moment)) = with_zone.find(Result::is_ok) {
        return Some(moment.to_utc());
    }
    // Without a zone it is UTC, and so it is with this one.
    let zoneless = text.strip_suffix("utc").or_else(|| text.strip_suffix('z'));
    let text = zoneless.unwrap_or(&text).trim_end();
    if let Some(day) = day(text, now) {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let (before, after) = text.rsplit_once([' ', 't'])?;
    let before = before.strip_suffix(" at").unwrap_or(before);
    let clock = ["%H:%M:%S%.f", "%H:%M"];
    let clock = clock
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(after, form).ok())?;
    Some(day(before.trim_end(), now)?.and_time(clock).and_utc())
}

/// `2026-05-01`, `20260501`, `1 May 2026`, `May 1, 2026`, `today`, `yesterday`.
fn day(text: &str, now: DateTime<Utc>) -> Option<NaiveDate> {
    let today = now.date_naive();
    match text {
        "today" => return Some(today),
        "yesterday" => return today.checked_sub_days(Days::new(1)),
        _ => {}
    }
    let forms = ["%Y-%m-%d", "%Y%m%d", "%d %B %Y", "%B %d %Y", "%B %d, %Y"];
    forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}
