//! How traffic comes and which version gets it.

use crate::incident::{Incident, Pattern, Release, ReleaseKind};
use crate::scene::Actor;

/// A version of a model, when it begins and its share of the traffic over time.
pub(crate) struct Version {
    pub(crate) name: String,
    /// In minutes from the onset; nothing: before the world began.
    pub(crate) since: Option<f64>,
}

/// The versions of the model that things happen to, in the order in which they begin.
pub(crate) fn versions(incident: &Incident, actor: &Actor, is_hero: bool) -> Vec<Version> {
    let mut versions: Vec<_> = standing(incident, is_hero)
        .iter()
        .map(|(name, _)| Version {
            name: name.clone(),
            since: None,
        })
        .collect();
    for release in releases(incident, actor, is_hero) {
        if let ReleaseKind::Version(_) = release.kind
            && !versions.iter().any(|version| version.name == release.name)
        {
            versions.push(Version {
                name: release.name.clone(),
                since: Some(release.minutes),
            });
        }
    }
    versions
}

/// The share of each version at a time.
pub(crate) fn shares(
    incident: &Incident,
    actor: &Actor,
    is_hero: bool,
    versions: &[Version],
    minutes: f64,
) -> Vec<f64> {
    let mut shares: Vec<f64> = versions
        .iter()
        .map(|version| {
            let standing = standing(incident, is_hero);
            standing
                .iter()
                .find(|(name, _)| *name == version.name)
                .map_or(0.0, |(_, share)| *share)
        })
        .collect();
    let mut moves: Vec<_> = releases(incident, actor, is_hero)
        .filter(|release| release.minutes <= minutes)
        .filter_map(|release| match release.kind {
            ReleaseKind::Version(share) | ReleaseKind::Traffic(share) => Some((release, share)),
            _ => None,
        })
        .collect();
    moves.sort_by(|one, other| one.0.minutes.total_cmp(&other.0.minutes));
    for (release, share) in moves {
        let Some(moved) = versions.iter().position(|version| version.name == release.name) else {
            continue;
        };
        let rest: f64 = shares
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != moved)
            .map(|(_, share)| share)
            .sum();
        for (index, other) in shares.iter_mut().enumerate() {
            *other = match index == moved {
                true => share,
                false if rest > 0.0 => *other / rest * (1.0 - share),
                false => 0.0,
            };
        }
    }
    shares
}

/// Whether a release is one of this model.
pub(crate) fn is_of(release: &Release, actor: &Actor, is_hero: bool) -> bool {
    release
        .model
        .as_ref()
        .map_or(is_hero, |model| *model == actor.model.name)
}

fn releases<'a>(incident: &'a Incident, actor: &'a Actor, is_hero: bool) -> impl Iterator<Item = &'a Release> {
    incident
        .releases
        .iter()
        .filter(move |release| is_of(release, actor, is_hero))
}

/// The one version of a model to which nothing happens.
pub(crate) const STANDING: &str = "2026-04-01";

pub(crate) fn standing(incident: &Incident, is_hero: bool) -> Vec<(String, f64)> {
    match is_hero {
        true if !incident.versions.is_empty() => incident.versions.clone(),
        _ => vec![(STANDING.to_owned(), 1.0)],
    }
}

/// The factor of the traffic at a time; `chance` is a factor of mean 1 for patterns that scatter.
pub(crate) fn pattern(pattern: Pattern, minutes: f64, begins: f64, ends: f64, chance: impl FnOnce() -> f64) -> f64 {
    match pattern {
        // A day's wave, on its way up as a morning is.
        Pattern::Day => 1.0 + 0.3 * (minutes / 1440.0 * std::f64::consts::TAU).sin(),
        Pattern::Falling => 1.0 - 0.9 * ((minutes - begins) / (ends - begins)).clamp(0.0, 1.0),
        Pattern::Batches => {
            if minutes.rem_euclid(30.0) < 5.0 {
                6.0
            } else {
                0.0
            }
        }
        Pattern::Bursts => chance(),
    }
}
