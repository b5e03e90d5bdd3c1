//! Judges releases by time and scope.

use serde::Serialize;

use super::began::{Kind, Release};
use crate::onset::Moment;
use crate::series::Step;

/// The facts about the trouble within the reach of a release.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// The share of the excess in the release's scope, 0 to 1. Absent when unknown.
    pub share: Option<f64>,
    /// The version that alone holds the excess, while others have traffic and are well.
    pub only_version: Option<String>,
    /// Events and trials in the scope between the release and the onset. Absent when unknown.
    pub between: Option<Step>,
    /// The number of other models in the same trouble; 0 when only this one is.
    pub shared: usize,
    /// Whether the symptom is a distance that the drift job measures, not one of the answers themselves.
    pub measured: bool,
}

/// A release and its verdict.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Judged {
    /// The release.
    pub release: Release,
    /// Whether it is to blame.
    pub verdict: Verdict,
}

/// Whether a release is to blame.
///
/// [`judge`](super::judge()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The release came just before the trouble, and its scope holds it.
    Suspect,
    /// The release came after the trouble.
    After,
    /// The trouble is elsewhere: this is the share of the excess in the release's scope.
    Elsewhere {
        /// 0 to 1.
        share: f64,
    },
    /// The trouble is in one version alone, and this release reaches all versions.
    OneVersion {
        /// The version in trouble.
        version: String,
    },
    /// Other models, which the release does not touch, are in the same trouble.
    Shared {
        /// The number of other models.
        models: usize,
    },
    /// The service ran well between the release and the trouble.
    RanWell {
        /// For how long, in seconds.
        seconds: i64,
        /// Requests or observations in that time.
        trials: f64,
    },
    /// The release does not touch the part in trouble.
    Unrelated,
    /// There is too little data to judge.
    Unknown,
}

impl Verdict {
    /// Returns whether the release is to blame.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        *self == Self::Suspect
    }
}

/// The time that a release may take to reach every replica and cache, in seconds.
const SETTLING: i64 = 120;
/// Events the trouble would have shown by now if the release had caused it. With fewer, their absence proves nothing.
const ENOUGH: f64 = 10.0;
/// The share of those events up to which the service still ran well.
const WELL: f64 = 0.25;
/// The least share of the excess for which a scope is blamed.
const HOLDS: f64 = 0.5;

/// Judges a release. `onset` is `None` when the beginning is unknown.
///
/// # Example: a version that came before the trouble, and holds all of it
///
/// ```
/// use std::collections::BTreeMap;
///
/// use modelwatch_triage::onset::{Onset, Settings, onset};
/// use modelwatch_triage::release::{Began, Case, Judged, Kind, Release, Verdict, began, judge};
/// use modelwatch_triage::series::{Series, Step};
/// use modelwatch_triage::source::{Grid, Row};
///
/// // Version 2 is there from the 88th minute on, and errors rise in the 90th.
/// let grid = Grid { start: 0, step: 60, steps: 120 };
/// let version = |name: &str, from: usize| Row {
///     labels: BTreeMap::from([("model_version".to_owned(), name.to_owned())]),
///     values: (0..120).map(|minute| (minute >= from).then_some(1.0)).collect(),
/// };
/// let rows = [version("1", 0), version("2", 88)];
/// let found: Began = began(Kind::Version, &rows, |row| row.label("model_version").to_owned(), grid);
/// let release: Release = found.releases[0].clone();
/// assert_eq!(release.name, "2");
///
/// let errors = (0..120).map(|minute| Some(Step { events: if minute < 90 { 1.0 } else { 25.0 }, trials: 600.0 }));
/// let Onset::Since(moment) = onset(&Series::new(0, 60, errors), &Settings::default()) else { panic!("it rises") };
/// let mut case = Case::default();
/// case.share = Some(1.0); // of the excess, within this version
/// let judged: Judged = judge(release, Some(&moment), &case);
/// assert_eq!(judged.verdict, Verdict::Suspect);
/// ```
#[must_use]
pub fn judge(release: Release, onset: Option<&Moment>, case: &Case) -> Judged {
    let verdict = verdict(&release, onset, case);
    Judged { release, verdict }
}

fn verdict(release: &Release, onset: Option<&Moment>, case: &Case) -> Verdict {
    if release.kind == Kind::Baseline && !case.measured {
        return Verdict::Unrelated;
    }
    let Some(onset) = onset else {
        return Verdict::Unknown;
    };
    if release.earliest > onset.latest {
        return Verdict::After;
    }
    if case.shared > 0 && release.kind != Kind::Service {
        return Verdict::Shared { models: case.shared };
    }
    match release.kind {
        Kind::Version | Kind::Traffic => match case.share {
            None => return Verdict::Unknown,
            Some(share) if share < HOLDS => return Verdict::Elsewhere { share },
            Some(_) => {}
        },
        Kind::Pipeline | Kind::Service | Kind::Baseline => {
            if let Some(version) = &case.only_version {
                return Verdict::OneVersion {
                    version: version.clone(),
                };
            }
        }
    }
    let seconds = onset.earliest - release.latest;
    if seconds > SETTLING
        && let Some(between) = case.between
    {
        let since = (onset.since - onset.before).abs();
        let would_show = between.trials * since;
        let shows = (between.events - between.trials * onset.before).abs();
        if would_show >= ENOUGH && shows < WELL * would_show {
            return Verdict::RanWell {
                seconds,
                trials: between.trials,
            };
        }
    }
    Verdict::Suspect
}
