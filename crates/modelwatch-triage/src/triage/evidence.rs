//! How strongly the counts show a symptom, to choose the trouble among several.
//!
//! A change counts by the part of it that is certain. Its size is Cohen's h, the difference of two shares on a scale on which
//! chance is equally large everywhere, minus what chance alone produces with as many trials. So a feature that loses a third of
//! its values outranks one that loses a thirtieth, in either order of asking, and ten observations do not outweigh ten thousand.

use std::cmp::Ordering;

use super::signal::Signal;
use crate::onset::{Moment, Onset};
use crate::symptom::{Side, Symptom};

/// A change must exceed this many standard deviations of chance.
const CHANCE: f64 = 2.0;

/// The strength of a symptom, to compare it with another's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strength {
    kind: Kind,
    amount: f64,
}

/// The kind of evidence for a symptom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// No evidence.
    Unshown,
    /// A distance that the drift job measured over its own window, without counts.
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

/// How strongly a symptom shows since its onset, over all versions or, when only one shows it, in that version.
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

/// A request that fails or is slow hurts its caller. Bad input or output of a model only may. Of those two, input counts more,
/// because output follows from it.
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
        // The remaining part of the earlier requests is a share in itself.
        let left = moment.since / moment.before.max(f64::MIN_POSITIVE);
        let expected = moment.before * now.trials;
        return angle(1.0) - angle(left) - CHANCE * noise(expected, before.events);
    }
    (angle(moment.since) - angle(moment.before)).abs() - CHANCE * noise(now.trials, before.trials)
}

/// Transforms a share to a scale on which its variance does not depend on it.
fn angle(share: f64) -> f64 {
    2.0 * share.clamp(0.0, 1.0).sqrt().asin()
}

/// The standard deviation of the difference of two angles by chance.
fn noise(trials: f64, others: f64) -> f64 {
    (1.0 / trials.max(1.0) + 1.0 / others.max(1.0)).sqrt()
}
