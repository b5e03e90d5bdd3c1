//! Finds releases in gauges that exist while a version does.

use serde::Serialize;

use crate::source::{Grid, Row};

/// The kind of thing that is released.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A version of the model.
    Version,
    /// A larger share of the traffic for a version.
    Traffic,
    /// A release of the feature pipeline.
    Pipeline,
    /// A build of the service.
    Service,
    /// The baseline that drift is measured with.
    Baseline,
}

impl Kind {
    /// Returns the kind in words, to put before a name.
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

/// A thing that was not there before.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Release {
    /// The kind of thing.
    pub kind: Kind,
    /// Its version.
    pub name: String,
    /// A time at which it was not there yet, in seconds since the epoch.
    pub earliest: i64,
    /// A time at which it was there.
    pub latest: i64,
    /// The share of the model's traffic before and after, when it changed.
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

    /// Adds the share of the model's traffic before and after.
    #[must_use]
    pub fn with_share(mut self, before: f64, after: f64) -> Self {
        self.share = Some((before, after));
        self
    }
}

/// The releases that some series show.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Began {
    /// The things that began, newest last.
    pub releases: Vec<Release>,
    /// Since when there are series, in seconds since the epoch. Absent without any.
    pub known_from: Option<i64>,
    /// The names at the end.
    pub current: Vec<String>,
}

/// Finds releases in gauges that exist while a thing does. A thing begins at the first step with a value above 0.
///
/// A thing that is there when the first of these series begins is not a release: only the monitoring began. A name that returns
/// after a gap in all series is not a release either.
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
