//! Durations in the notation of Prometheus: `350ms`, `15s`, `1h30m`, `90d`.

use std::time::Duration;

/// Units from the largest to the smallest, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Parses a duration as Prometheus does: whole numbers with units, larger units first.
///
/// ```
/// use std::time::Duration;
///
/// use modelwatch_config::parse_duration;
///
/// assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5_400)));
/// assert_eq!(parse_duration("30m1h"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut milliseconds = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(rest.len());
        // `units` continues after the unit it found, so each unit comes at most once and in order.
        let (_, size) = units.find(|(unit, _)| *unit == &rest[..end])?;
        milliseconds = milliseconds.checked_add(number.checked_mul(*size)?)?;
        rest = &rest[end..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(milliseconds))
}

/// Formats a duration for Prometheus, in the fewest units. Drops fractions of a millisecond.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(modelwatch_config::prometheus_duration(Duration::from_secs(5400)), "1h30m");
/// assert_eq!(modelwatch_config::prometheus_duration(Duration::from_millis(350)), "350ms");
/// ```
#[must_use]
pub fn prometheus_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    // Days read better than years and weeks.
    for (unit, size) in &UNITS[2..] {
        if rest >= *size {
            text += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    text
}
