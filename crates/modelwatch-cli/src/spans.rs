//! Durations as people write them.

use std::ops::RangeInclusive;
use std::time::Duration;

use modelwatch_config::{parse_duration, prometheus_duration};

/// Reads a duration in Prometheus' notation, or with its units in words and apart: `1h30m`, `90 minutes`, `1 day 12 hours`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut compact = String::new();
    let parts = text.split_inclusive(|character: char| character.is_ascii_digit());
    for part in parts.flat_map(str::split_whitespace) {
        compact += match part {
            "second" | "seconds" | "sec" | "secs" => "s",
            "minute" | "minutes" | "min" | "mins" => "m",
            "hour" | "hours" | "hr" | "hrs" => "h",
            "day" | "days" => "d",
            "week" | "weeks" => "w",
            "year" | "years" => "y",
            short => short,
        };
    }
    parse_duration(&compact)
}

/// Makes a parser of durations in a range. A number alone is of `unit`, as scripts wrote it before units were understood.
pub(crate) fn span(
    unit: Duration,
    range: RangeInclusive<Duration>,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    move |text| {
        let text = text.trim();
        let bare = text.parse().ok().filter(|number: &f64| *number >= 0.0);
        let bare = bare.and_then(|number| Duration::try_from_secs_f64(number * unit.as_secs_f64()).ok());
        let read = bare.or_else(|| duration(text));
        read.filter(|read| range.contains(read)).ok_or_else(|| {
            format!(
                "write a duration such as {}, from {} to {}",
                prometheus_duration((*range.end()).min(unit * 30)),
                prometheus_duration(*range.start()),
                prometheus_duration(*range.end())
            )
        })
    }
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
#[cfg(feature = "drift")]
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
