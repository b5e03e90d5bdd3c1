//! Spans the time whose predictions are compared together.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// Spans the time from `start`, inclusive, to `end`, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeWindow {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl TimeWindow {
    /// Creates a window; `None` if `end` is not after `start`.
    #[must_use]
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Returns the window of this length that ended last, at a whole multiple of `interval` since the epoch: with 15
    /// minutes, at the quarters of the hour.
    ///
    /// Returns `None` if a length is not positive, or a time can't be represented.
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta, Utc};
    /// use modelwatch_drift_job::TimeWindow;
    ///
    /// let quarter = TimeDelta::minutes(15);
    /// let now: DateTime<Utc> = "2026-04-01T10:19:30Z".parse()?;
    /// let window = TimeWindow::last_ended(now, quarter, quarter).unwrap();
    /// assert_eq!(window.to_string(), "2026-04-01T10:00:00Z to 2026-04-01T10:15:00Z");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn last_ended(now: DateTime<Utc>, length: TimeDelta, interval: TimeDelta) -> Option<Self> {
        let interval = interval.num_microseconds().filter(|interval| *interval > 0)?;
        let end = DateTime::from_timestamp_micros(now.timestamp_micros().div_euclid(interval).checked_mul(interval)?)?;
        Self::new(end.checked_sub_signed(length)?, end)
    }

    /// Returns the first instant in the window.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// Returns the first instant after the window.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Returns the length of the window.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.end - self.start
    }

    /// Returns whether an instant is in the window.
    #[must_use]
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.start <= time && time < self.end
    }
}

/// Formats both ends in RFC 3339.
impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "{} to {}", text(self.start), text(self.end))
    }
}
