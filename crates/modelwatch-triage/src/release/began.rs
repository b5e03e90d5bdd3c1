//! Releases in series that say what is there.

use serde::Serialize;

use crate::source::{Grid, Row};

/// What is released.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A version of the model.
    Version,
    /// More of the traffic for a version.
    Traffic,
    /// A release of the feature pipeline.
    Pipeline,
    /// A build of the service.
    Service,
    /// The baseline that drift is measured with.
    Baseline,
}

impl Kind {
    /// The kind in words, to stand before a name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Traffic => "traffic of version",
            Self::Pipeline => "feature pipeline",
            Self::Service => "service build",
            Self::Baseline => "drift baseline",
        }
    }
}

/// Something that was not there before.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Release {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its version.
    pub name: String,
    /// It was not there yet at this time, in seconds since the epoch.
    pub earliest: i64,
    /// It was there at this time.
    pub latest: i64,
    /// The share of the model's traffic before and after, where that moved.
    pub share: Option<(f64, f64)>,
}

impl Release {
    /// Makes a release that came between two times, in seconds since the epoch.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>, earliest: i64, latest: i64) -> Self {
        Self {
            kind,
            name: name.into(),
            earliest: earliest.min(latest),
            latest,
            share: None,
        }
    }

    /// The share of the model's traffic before and after.
    #[must_use]
    pub fn with_share(mut self, before: f64, after: f64) -> Self {
        self.share = Some((before, after));
        self
    }
}

/// What some series say was released.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Began {
    /// What began, the newest last.
    pub releases: Vec<Release>,
    /// From when on the series are known, in seconds since the epoch; nothing where there are none.
    pub known_from: Option<i64>,
    /// The names that are there at the end.
    pub current: Vec<String>,
}

/// Reads releases from gauges that are there while a thing is: what is there at a step and was at no step before began then.
///
/// What is there when the first of all these series begins is no release, since somebody only began to look. A name that comes
/// back after a gap in all of them did not begin either.
#[must_use]
pub fn began(kind: Kind, rows: &[Row], name: impl Fn(&Row) -> String, grid: Grid) -> Began {
    let mut named: Vec<(String, Vec<bool>)> = Vec::new();
    for row in rows {
        let name = name(row);
        let there = row.values.iter().map(|value| value.is_some_and(|value| value > 0.0));
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, steps)) => steps.iter_mut().zip(there).for_each(|(step, there)| *step |= there),
            None => named.push((name, there.collect())),
        }
    }
    let any = |step: usize| {
        named
            .iter()
            .any(|(_, steps)| steps.get(step).copied().unwrap_or_default())
    };
    let first = (0..grid.steps).find(|&step| any(step));
    let mut releases = Vec::new();
    let mut current = Vec::new();
    for (name, steps) in &named {
        if name.is_empty() {
            continue;
        }
        let born = steps.iter().position(|&there| there);
        if let (Some(born), Some(first)) = (born, first)
            && born > first
        {
            let seen = (0..born).rev().find(|&step| any(step)).unwrap_or(first);
            releases.push(Release::new(kind, name, grid.begins(seen + 1), grid.begins(born + 1)));
        }
        let last = (0..grid.steps).rev().find(|&step| any(step));
        if last.is_some_and(|last| steps.get(last) == Some(&true)) {
            current.push(name.clone());
        }
    }
    releases.sort_by(|one, other| (one.latest, &one.name).cmp(&(other.latest, &other.name)));
    current.sort();
    Began {
        releases,
        known_from: first.map(|first| grid.begins(first + 1)),
        current,
    }
}
