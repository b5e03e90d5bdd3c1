//! How strongly its counts show a symptom: which of several is the trouble.
//!
//! A change counts for what is surely left of it: Cohen's h, the difference of two shares on the scale on which chance is as large
//! everywhere, less what chance alone makes of so few trials. So a third of a feature's values gone comes before a thirtieth,
//! whichever is asked for first, and ten observations do not outweigh ten thousand.

use std::cmp::Ordering;

use super::signal::Signal;
use crate::onset::{Moment, Onset};
use crate::symptom::{Side, Symptom};

/// Standard deviations of chance that a change has to be beyond.
const CHANCE: f64 = 2.0;

/// How strong a symptom is, for comparison with another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strength {
    kind: Kind,
    amount: f64,
}

/// What a symptom is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Nothing shows it.
    Unshown,
    /// A distance that the drift job measured over a window of its own, without counts.
    Measured,
    Counted,
}

impl Eq for Strength {}

impl Ord for Strength {
    fn cmp(&self, other: &Self) -> Ordering {
        let kind = self.kind.cmp(&other.kind);
        kind.then_with(|| self.amount.total_cmp(&other.amount))
    }
}

impl PartialOrd for Strength {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How strongly a symptom shows since its onset, of all versions or, where it is that of one, of that one.
pub(super) fn strength(signal: &Signal, onset: &Onset, version: Option<&str>) -> Strength {
    let (kind, amount) = match onset {
        Onset::Unknown(_) => (Kind::Unshown, 0.0),
        Onset::Since(moment) if signal.symptom.is_measured() => (Kind::Measured, moment.since),
        Onset::Since(moment) => (
            Kind::Counted,
            weight(&signal.symptom) * sure(signal, moment, version).max(0.0),
        ),
    };
    Strength { kind, amount }
}

/// A request that fails or is late hurts whoever sent it. What a model is fed and what it answers may do so; and of those the
/// answers follow from the input.
fn weight(symptom: &Symptom) -> f64 {
    match (symptom, symptom.side()) {
        (Symptom::ClientErrors, _) | (_, Side::Data) => 1.0,
        (_, Side::Serving) => 2.0,
        (_, Side::Model) => 0.9,
    }
}

/// The part of a change that chance does not explain.
fn sure(signal: &Signal, moment: &Moment, version: Option<&str>) -> f64 {
    let series = version.map_or_else(|| signal.total.clone(), |version| signal.of_version(version));
    let now = series.between(moment.at, moment.until.unwrap_or_else(|| series.end()));
    let before = series.between(series.start, moment.earliest);
    if signal.symptom == Symptom::Traffic {
        // Of the requests of before, those that are left: a share of itself.
        let left = moment.since / moment.before.max(f64::MIN_POSITIVE);
        let expected = moment.before * now.trials;
        return angle(1.0) - angle(left) - CHANCE * noise(expected, before.events);
    }
    (angle(moment.since) - angle(moment.before)).abs() - CHANCE * noise(now.trials, before.trials)
}

/// A share on the scale on which its chance does not depend on it.
fn angle(share: f64) -> f64 {
    2.0 * share.clamp(0.0, 1.0).sqrt().asin()
}

/// The standard deviation that chance gives the difference of two angles.
fn noise(trials: f64, others: f64) -> f64 {
    (1.0 / trials.max(1.0) + 1.0 / others.max(1.0)).sqrt()
}
