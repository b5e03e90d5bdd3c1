//! Selects the reference that a window is compared with.
//!
//! Compare with training to see whether the model still sees what it learned. If traffic changes with the hour and the
//! season, compare it with itself a week earlier instead: on training's bins, by
//! [`Profile::recounted`](crate::baseline::Profile::recounted).

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

/// Selects the reference that a window is compared with.
///
/// # Example: the same hour a week ago
///
/// ```
/// use chrono::{DateTime, Duration, Utc};
/// use modelwatch_drift::reference::{Reference, UnknownReference};
///
/// let end: DateTime<Utc> = "2026-05-08T14:00:00Z".parse()?;
/// let hour = Reference::SameHourLastWeek.of_window(end - Duration::hours(1), end);
/// assert_eq!(hour.map(|(_, to)| end - to), Some(Duration::weeks(1)));
/// assert_eq!(Reference::Baseline.of_window(end - Duration::hours(1), end), None); // training stands in the file
///
/// let unknown: UnknownReference = "yesterday".parse::<Reference>().unwrap_err();
/// assert_eq!(unknown.name, "yesterday");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reference {
    /// The training baseline.
    #[default]
    Baseline,
    /// The seven whole days, in UTC, before the day on which the window begins.
    LastWeek,
    /// The window of the same length, seven days earlier.
    SameHourLastWeek,
}

impl Reference {
    /// All references.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::LastWeek, Self::SameHourLastWeek];

    /// Returns the name in the configuration: `baseline`, `last-week`, `same-hour-last-week`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::LastWeek => "last-week",
            Self::SameHourLastWeek => "same-hour-last-week",
        }
    }

    /// Returns the start and end of a window's reference; `None` if it is training, or outside the range of
    /// representable times.
    #[must_use]
    pub fn of_window(self, start: DateTime<Utc>, end: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let week = TimeDelta::days(7);
        match self {
            Self::Baseline => None,
            Self::LastWeek => {
                let day = start.with_time(NaiveTime::MIN).single()?;
                Some((day.checked_sub_signed(week)?, day))
            }
            Self::SameHourLastWeek => Some((start.checked_sub_signed(week)?, end.checked_sub_signed(week)?)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reference {
    type Err = UnknownReference;

    fn from_str(name: &str) -> Result<Self, UnknownReference> {
        Self::ALL
            .into_iter()
            .find(|reference| reference.name() == name)
            .ok_or_else(|| UnknownReference { name: name.to_owned() })
    }
}

/// Reports a name that no [`Reference`] has.
///
/// [`Reference`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownReference {
    /// The unknown name.
    pub name: String,
}

impl fmt::Display for UnknownReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Reference::ALL.map(Reference::name).join(", ");
        write!(f, "unknown reference {:?}; use one of {names}", self.name)
    }
}

impl Error for UnknownReference {}
