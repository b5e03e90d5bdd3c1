//! The hours in which tickets arrive.

use serde::Deserialize;

/// What time it is while an incident happens.
///
/// Teams have time zones of their own. An incident begins at the same hour in each of them, so that no zone has to be known.
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use modelwatch_drill::notification::{Clock, Configuration, messages};
/// use modelwatch_drill::rehearsal::{Alert, Evaluation};
///
/// let routes = Configuration::parse(r#"
/// route: { receiver: tickets, group_wait: 30s, active_time_intervals: [office] }
/// time_intervals:
///   - name: office
///     time_intervals:
///       - times: [{ start_time: "09:00", end_time: "17:00" }]
///         weekdays: ["monday:friday"]
/// "#)?;
/// let alert = Alert::new(BTreeMap::new(), BTreeMap::new());
/// let evaluations = [0, 60].map(|at| Evaluation::new(at, vec![alert.clone()]));
/// assert_eq!(messages(&routes, Clock::new(0, false), &evaluations).len(), 1);
/// assert!(messages(&routes, Clock::new(0, true), &evaluations).is_empty());
/// # Ok::<(), modelwatch_drill::notification::ConfigurationError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clock {
    /// The minute of the week at the first scrape, from Sunday midnight on.
    begins: i64,
}

/// Hours by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedInterval {
    pub(super) name: String,
    time_intervals: Vec<Interval>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    #[serde(default)]
    times: Vec<Times>,
    #[serde(default)]
    weekdays: Vec<String>,
    /// Not asked for: see [`Clock`].
    #[serde(default, rename = "location")]
    _location: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Times {
    start_time: String,
    end_time: String,
}

const DAY: i64 = 24 * 60;
const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
/// Wednesday.
const ONSET_DAY: i64 = 3;
const ONSET_HOUR: i64 = 11;
const NIGHT_HOUR: i64 = 3;

impl Clock {
    /// The clock of an incident whose onset is so many seconds after the first scrape: 11:00 on a Wednesday, or 03:00 at night.
    #[must_use]
    pub fn new(onset: u32, night: bool) -> Self {
        let hour = if night { NIGHT_HOUR } else { ONSET_HOUR };
        Self {
            begins: ONSET_DAY * DAY + hour * 60 - i64::from(onset / 60),
        }
    }

    /// The minute of the week, in seconds from the first scrape.
    fn minute(self, at: u32) -> i64 {
        (self.begins + i64::from(at / 60)).rem_euclid(7 * DAY)
    }
}

impl NamedInterval {
    pub(super) fn holds(&self, clock: Clock, at: u32) -> bool {
        let minute = clock.minute(at);
        self.time_intervals.iter().any(|interval| {
            let day = minute / DAY;
            let within_day = interval.weekdays.is_empty() || interval.weekdays.iter().any(|days| has_day(days, day));
            let within_times = interval.times.is_empty()
                || interval.times.iter().any(|times| {
                    let of_day = minute % DAY;
                    clock_time(&times.start_time) <= Some(of_day)
                        && clock_time(&times.end_time).is_some_and(|end| of_day < end)
                });
            within_day && within_times
        })
    }
}

/// Whether `monday:friday` or `monday` has a day.
fn has_day(days: &str, day: i64) -> bool {
    let (first, last) = days.split_once(':').unwrap_or((days, days));
    let index = |name: &str| {
        DAYS.iter()
            .position(|known| *known == name)
            .and_then(|index| i64::try_from(index).ok())
    };
    match (index(first), index(last)) {
        (Some(first), Some(last)) => (first..=last).contains(&day),
        _ => false,
    }
}

/// `HH:MM` as minutes of the day.
fn clock_time(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
}
