//! Finds releases and judges them against the trouble.

use super::ask::{Asked, Topic};
use super::locate::Located;
use super::report::Released;
use crate::localization::Slice;
use crate::onset::{Moment, Onset, Settings, onset};
use crate::release::{Began, Case, Judged, Kind, Release, Verdict, began, judge};
use crate::series::{Series, Step};
use crate::source::Row;
use crate::words;

/// How long before the trouble a release may be, in seconds.
const HOUR: i64 = 3600;
/// The least change of a version's traffic share that counts as one.
const MOVED: f64 = 0.05;
/// Below this share, a version has no traffic.
const NONE: f64 = 0.01;
/// A release and its traffic count as one release up to this distance, in seconds.
const TOGETHER: i64 = 600;
/// How much time before the trouble must be known, in seconds.
const LEAST_KNOWN: i64 = 600;

/// Returns every release around the time of the trouble with its verdict, suspects first, and the conclusion.
pub(super) fn judged(asked: &Asked, located: Option<&Located>) -> (Vec<Judged>, Released) {
    let grid = asked.grid;
    let mut reported = Vec::new();
    let mut releases = Vec::new();
    let mut known_from = grid.start;
    let mut failed = Vec::new();
    for (kind, topic, label) in [
        (Kind::Version, Topic::Versions, "model_version"),
        (Kind::Pipeline, Topic::Pipelines, "pipeline_version"),
        (Kind::Baseline, Topic::Baselines, "baseline_version"),
        (Kind::Service, Topic::Builds, ""),
    ] {
        if !asked.answered(topic) {
            failed.push(kind);
            continue;
        }
        let name = |row: &Row| match kind {
            Kind::Service => build(row),
            _ => row.label(label).to_owned(),
        };
        let Began {
            releases: began,
            known_from: from,
            ..
        } = began(kind, asked.rows(topic), name, grid);
        if let Some(from) = from {
            reported.push(kind);
            if kind == Kind::Version {
                known_from = known_from.max(from);
            }
        }
        releases.extend(began);
    }
    sharpen(&mut releases, asked);
    match traffic(asked) {
        Some(moved) => {
            reported.push(Kind::Traffic);
            join(&mut releases, moved);
        }
        None if !asked.answered(Topic::Requests) => failed.push(Kind::Traffic),
        None => {}
    }
    let moment = located.and_then(|located| match &located.trouble.onset {
        Onset::Since(moment) => Some(moment.clone()),
        Onset::Unknown(_) => None,
    });
    let mut judged: Vec<_> = releases
        .into_iter()
        .filter(|release| {
            moment
                .as_ref()
                .is_none_or(|moment| release.latest >= moment.earliest - HOUR)
        })
        .map(|release| {
            let case = located
                .map(|located| case(&release, moment.as_ref(), located))
                .unwrap_or_default();
            judge(release, moment.as_ref(), &case)
        })
        .collect();
    let distance = |judged: &Judged| {
        moment.as_ref().map_or(-judged.release.latest, |moment| {
            (moment.at - judged.release.latest).abs()
        })
    };
    judged.sort_by(|one, other| {
        let key = |judged: &Judged| (!judged.verdict.is_suspect(), distance(judged), judged.release.kind);
        key(one).cmp(&key(other))
    });
    let released = released(
        &judged,
        moment.as_ref(),
        located.is_some(),
        &reported,
        &failed,
        known_from,
    );
    (judged, released)
}

fn released(
    judged: &[Judged],
    moment: Option<&Moment>,
    trouble: bool,
    reported: &[Kind],
    failed: &[Kind],
    known_from: i64,
) -> Released {
    let open = |judged: &Judged| matches!(judged.verdict, Verdict::Suspect | Verdict::Unknown);
    if judged.iter().any(|judged| judged.verdict.is_suspect()) {
        return Released::Something;
    }
    if trouble && moment.is_none() {
        return Released::Unknown("when it began is unknown".to_owned());
    }
    if judged.iter().any(open) {
        return Released::Something;
    }
    if !failed.is_empty() {
        let words: Vec<_> = failed.iter().map(|kind| kind.word()).collect();
        return Released::Unknown(format!("could not be asked: {}", words.join(", ")));
    }
    if !reported.contains(&Kind::Version) {
        return Released::Unknown("no metric says which versions there are".to_owned());
    }
    if let Some(moment) = moment
        && known_from > moment.earliest - LEAST_KNOWN
    {
        return Released::Unknown(format!("nothing is recorded before {}", words::minute(known_from)));
    }
    let mut reported = reported.to_vec();
    reported.sort();
    Released::Nothing { reported }
}

/// The name of a build: its version, and its revision if there is one.
fn build(row: &Row) -> String {
    match (row.label("service_version"), row.label("revision")) {
        (version, "") => version.to_owned(),
        ("", revision) => revision.to_owned(),
        (version, revision) => format!("{version} ({revision})"),
    }
}

/// Uses the registration time of a version where it fits.
fn sharpen(releases: &mut [Release], asked: &Asked) {
    let step = asked.grid.step;
    for release in releases.iter_mut().filter(|release| release.kind == Kind::Version) {
        let rows = asked.rows(Topic::Registered).iter();
        let times = rows
            .filter(|row| row.label("model_version") == release.name)
            .flat_map(|row| row.values.iter().flatten().map(|&time| time as i64));
        let fits = |time: &i64| (release.earliest - step..=release.latest + step).contains(time);
        if let Some(registered) = times.filter(fits).min() {
            (release.earliest, release.latest) = (registered, registered);
        }
    }
}

/// Returns the versions that gained traffic, and when. `None` when requests are unknown.
fn traffic(asked: &Asked) -> Option<Vec<Release>> {
    let grid = asked.grid;
    let rows = asked.rows(Topic::Requests);
    if rows.is_empty() {
        return None;
    }
    let at = |rows: &[&Row], step: usize| -> Option<f64> {
        let known: Vec<_> = rows
            .iter()
            .filter_map(|row| row.values.get(step).copied().flatten())
            .collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let all: Vec<_> = rows.iter().collect();
    let mut versions: Vec<_> = rows.iter().map(|row| row.label("model_version")).collect();
    versions.sort_unstable();
    versions.dedup();
    let moved = versions
        .into_iter()
        .filter(|version| !version.is_empty())
        .filter_map(|version| {
            let own: Vec<_> = rows
                .iter()
                .filter(|row| row.label("model_version") == version)
                .collect();
            let steps = (0..grid.steps).map(|step| {
                at(&all, step).map(|trials| Step {
                    events: at(&own, step).unwrap_or_default(),
                    trials,
                })
            });
            let Onset::Since(moment) = onset(&Series::new(grid.start, grid.step, steps), &Settings::default()) else {
                return None;
            };
            let more = moment.since - moment.before >= MOVED || (moment.before < NONE && moment.since >= NONE);
            more.then(|| {
                Release::new(Kind::Traffic, version, moment.earliest, moment.latest)
                    .with_share(moment.before, moment.since)
            })
        });
    Some(moved.collect())
}

/// Merges a version that began with the traffic it gained at about the same time.
fn join(releases: &mut Vec<Release>, moved: Vec<Release>) {
    for traffic in moved {
        let began = releases.iter_mut().find(|release| {
            release.kind == Kind::Version
                && release.name == traffic.name
                && traffic.earliest - release.latest <= TOGETHER
                && release.earliest - traffic.latest <= TOGETHER
        });
        match began {
            Some(version) => version.share = traffic.share,
            None => releases.push(traffic),
        }
    }
}

/// The facts about the trouble in the scope of a release.
fn case(release: &Release, moment: Option<&Moment>, located: &Located) -> Case {
    let versioned = matches!(release.kind, Kind::Version | Kind::Traffic);
    let trouble = &located.trouble;
    let beyond = |slice: &Slice| located.beyond(slice).max(0.0);
    let excess: f64 = trouble.versions.iter().map(beyond).sum();
    let share = || {
        // When the counts have no versions, the only version has the whole excess.
        if let (true, Some(only)) = (trouble.versions.is_empty(), located.sole_version()) {
            return Some(if only == release.name { 1.0 } else { 0.0 });
        }
        let own = trouble.versions.iter().find(|slice| slice.value == release.name);
        let own = own.map_or(0.0, beyond);
        (excess > 0.0).then(|| own / excess)
    };
    // A version alone in trouble explains it, even if neighbours are in trouble too.
    let alone = located.only_version.is_some();
    Case {
        share: if versioned { share() } else { None },
        only_version: located.only_version.clone(),
        shared: match located.neighbours {
            Some((failing, others)) if !alone && failing > 0 && failing * 2 >= others => failing,
            _ => 0,
        },
        measured: trouble.symptom.is_measured(),
        between: moment.map(|moment| {
            let series = located.series(versioned.then_some(release.name.as_str()));
            series.between(release.latest, moment.earliest)
        }),
    }
}
