//! Says how far the reference's own windows are from the whole reference.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use crate::statistics::Statistic;

/// Holds the distances that the reference's own windows of one length reach, each from the rest of the reference.
///
/// One hour of a day has a different distribution than a quarter of a year, and nothing is wrong with that. If the
/// reference has times, the baseline holds the usual distances for several lengths, from minutes to weeks.
/// [`Rule::for_windows`](crate::decision::Rule::for_windows) raises the threshold so that nothing below them counts as
/// drift.
///
/// [`learn`](crate::learn::learn()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowLimits {
    /// The length of the windows, in seconds.
    pub seconds: u32,
    /// The number of windows measured. They overlap if the reference is short.
    pub windows: u32,
    /// The limits for the rows with a value.
    pub values: Limits,
    /// The limits for the share of rows without a value.
    pub missing: Limits,
}

/// Holds a distance for each statistic. At most one in 400 windows of the reference is further away.
///
/// [`learn`](crate::learn::learn()) has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits([f64; Statistic::ALL.len()]);

impl Limits {
    pub(crate) fn new(distances: [f64; Statistic::ALL.len()]) -> Self {
        Self(distances)
    }

    /// Returns the distance by this statistic.
    #[must_use]
    pub fn of(&self, statistic: Statistic) -> f64 {
        let place = Statistic::ALL.iter().position(|other| *other == statistic);
        place.map_or(0.0, |place| self.0[place])
    }
}

/// Serializes as `{"psi": 0.1, …}`.
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

/// Returns the limits for windows of this length: those of the next shorter and the next longer length, or of one if
/// there is only one. Longer windows differ less from the whole but more clearly, so neither bounds the other.
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
