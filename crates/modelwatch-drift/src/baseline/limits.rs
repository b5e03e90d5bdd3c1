//! How far the reference's own windows are from the whole of it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use crate::statistics::Statistic;

/// The distances that the reference's own windows of one length reach, each from the rest of the reference.
///
/// The distribution of an hour of one day differs from that of a quarter without anything being wrong. Where the
/// reference has times, the baseline holds for some lengths from minutes to weeks what is usual there, and
/// [`Rule::for_windows`](crate::decision::Rule::for_windows) calls nothing drift below it.
///
/// [`learn`](crate::learn::learn()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowLimits {
    /// The length of the windows, in seconds.
    pub seconds: u32,
    /// How many windows were looked at; they overlap where the reference is short.
    pub windows: u32,
    /// Of the rows that have a value.
    pub values: Limits,
    /// Of the rows that have none, beside those that have.
    pub missing: Limits,
}

/// A distance for each statistic; at most one of 400 windows of the reference is further away.
///
/// [`learn`](crate::learn::learn()) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits([f64; Statistic::ALL.len()]);

impl Limits {
    pub(crate) fn new(distances: [f64; Statistic::ALL.len()]) -> Self {
        Self(distances)
    }

    /// The distance by this statistic.
    #[must_use]
    pub fn of(&self, statistic: Statistic) -> f64 {
        let place = Statistic::ALL.iter().position(|other| *other == statistic);
        place.map_or(0.0, |place| self.0[place])
    }
}

/// As `{"psi": 0.1, …}`.
impl Serialize for Limits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            Statistic::ALL
                .iter()
                .map(|statistic| (statistic.name(), self.of(*statistic))),
        )
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let by_name = std::collections::BTreeMap::<String, f64>::deserialize(deserializer)?;
        let mut distances = [0.0; Statistic::ALL.len()];
        for (place, statistic) in Statistic::ALL.iter().enumerate() {
            let distance = by_name.get(statistic.name());
            distances[place] = *distance.ok_or_else(|| D::Error::missing_field(statistic.name()))?;
        }
        if by_name.len() > distances.len() {
            return Err(D::Error::custom("a distance by a statistic that there is not"));
        }
        Ok(Self(distances))
    }
}

/// The limits for windows of a length: those of the next shorter and of the next longer one, or of one where there is only
/// one. Longer windows differ less from the whole, but more clearly: neither bounds the other.
pub(super) fn for_length(limits: &[WindowLimits], length: TimeDelta) -> impl Iterator<Item = &WindowLimits> {
    let seconds = length.num_seconds();
    let not_longer = limits.iter().rfind(|limits| i64::from(limits.seconds) <= seconds);
    let not_shorter = limits.iter().find(|limits| i64::from(limits.seconds) >= seconds);
    not_longer.into_iter().chain(not_shorter)
}

pub(super) fn check(feature: &str, limits: &[WindowLimits]) -> Result<(), BaselineError> {
    let wrong = |what: &str| Err(BaselineError::inconsistent(feature, what.to_owned()));
    if !limits.is_sorted_by(|one, other| one.seconds < other.seconds) {
        return wrong("the lengths of its windows do not ascend");
    }
    let all = limits.iter().flat_map(|limits| [limits.values, limits.missing]);
    if all
        .flat_map(|limits| limits.0)
        .any(|distance| !distance.is_finite() || distance < 0.0)
    {
        return wrong("a distance of its windows is none");
    }
    Ok(())
}
