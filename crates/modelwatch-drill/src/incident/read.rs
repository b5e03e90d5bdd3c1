//! The reader's own incidents, from TOML.
//!
//! ```
//! use modelwatch_drill::incident::read;
//! use modelwatch_drill::scene::Scene;
//!
//! # let config = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
//! # let config = modelwatch_config::Config::parse("modelwatch.toml", config)?;
//! let scene = Scene::new(&config, None)?;
//! let incidents = read::incidents("incidents.toml", r#"
//! [[incidents]]
//! name = "batch-fails"
//! releases = [{ version = "2026-05-01", share = 0.1 }]
//! effects = [{ errors = 0.3, version = "2026-05-01", route = "/predict/batch" }]
//! expect = { team = "ml-platform", severity = "page", names = ["2026-05-01"], change = "2026-05-01" }
//! "#, &scene)?;
//! assert_eq!(incidents[0].name, "batch-fails");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use modelwatch_stack::rules::Severity;
use serde::Deserialize;
use toml::Spanned;

use super::effect::{Effect, Models, Scope, ScoreChange, What};
use super::{Expected, Half, Incident, Pattern, Release, ReleaseKind, builtin, quiet};
use crate::scene::Scene;

/// What is wrong in a file of incidents: the first mistake in it.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::read;
/// use modelwatch_drill::scene::Scene;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let text = "[[incidents]]\nname = \"batch-fails\"\nrate = -1.0";
/// let error = read::incidents("incidents.toml", text, &Scene::new(&config, None)?).unwrap_err();
/// let said = error.to_string();
/// assert!(said.starts_with("incidents.toml:1:1: "));
/// assert!(said.ends_with("rate of batch-fails is -1; take from 0.001 to 1000"), "{said}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentError {
    file: String,
    line: usize,
    column: usize,
    what: String,
    fix: String,
}

impl fmt::Display for IncidentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            what,
            fix,
        } = self;
        write!(f, "{file}:{line}:{column}: {what}; {fix}")
    }
}

impl std::error::Error for IncidentError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    incidents: Vec<Spanned<FileIncident>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIncident {
    name: String,
    #[serde(default)]
    about: String,
    rate: Option<f64>,
    #[serde(default)]
    traffic: FileTraffic,
    known_hours: Option<f64>,
    minutes: Option<f64>,
    #[serde(default)]
    night: bool,
    versions: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    releases: Vec<FileRelease>,
    #[serde(default)]
    effects: Vec<BTreeMap<String, toml::Value>>,
    expect: Option<FileExpected>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileTraffic {
    #[default]
    Day,
    Falling,
    Batches,
    Bursts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRelease {
    version: Option<String>,
    traffic: Option<String>,
    pipeline: Option<String>,
    baseline: Option<String>,
    service: Option<String>,
    share: Option<f64>,
    #[serde(default)]
    minutes: f64,
    model: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileExpected {
    team: String,
    severity: String,
    #[serde(default)]
    names: Vec<String>,
    change: Option<String>,
}

/// What is wrong, and what to do about it.
type Mistake = (String, String);

fn mistake<T>(what: impl Into<String>, fix: impl Into<String>) -> Result<T, Mistake> {
    Err((what.into(), fix.into()))
}

/// Reads a file of incidents for a scene.
///
/// # Errors
///
/// The first mistake: it is not TOML, has an unknown key, or names what the scene does not have.
pub fn incidents(file: &str, text: &str, scene: &Scene) -> Result<Vec<Incident>, IncidentError> {
    let error = |at: usize, (what, fix): Mistake| {
        let before = text.get(..at).unwrap_or(text);
        IncidentError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
            what: what.replace('\n', " "),
            fix,
        }
    };
    let read: File = toml::from_str(text).map_err(|problem| {
        let at = problem.span().map_or(0, |span| span.start);
        let what = problem.message().trim().to_owned();
        error(at, (what, "write it as docs/drill.md does".to_owned()))
    })?;
    let builtin = builtin::incidents(scene).into_iter().chain(quiet::stretches(scene));
    let mut taken: BTreeSet<String> = builtin
        .map(|cast| cast.map_or_else(|no_room| no_room.name, |incident| incident.name))
        .collect();
    let mut incidents = Vec::new();
    for incident in &read.incidents {
        let at = incident.span().start;
        let own = own(incident.get_ref(), scene).map_err(|mistake| error(at, mistake))?;
        if !taken.insert(own.name.clone()) {
            let what = format!("there is an incident {:?} already", own.name);
            return Err(error(at, (what, "give it another name".to_owned())));
        }
        incidents.push(own);
    }
    if incidents.is_empty() {
        return Err(error(
            0,
            (
                "there is no incident".to_owned(),
                "add [[incidents]] with a name".to_owned(),
            ),
        ));
    }
    Ok(incidents)
}

fn own(file: &FileIncident, scene: &Scene) -> Result<Incident, Mistake> {
    let name = &file.name;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 60 || !name.bytes().all(is_plain) {
        return mistake(
            format!("an incident is called {name:?}"),
            "name it in at most 60 lower-case letters, digits and hyphens",
        );
    }
    let within = |what: &str, value: f64, range: RangeInclusive<f64>| match range.contains(&value) {
        true => Ok(value),
        false => mistake(
            format!("{what} of {name} is {value}"),
            format!("take from {} to {}", range.start(), range.end()),
        ),
    };
    let mut incident = Incident::new(name, &file.about);
    incident.half = Half::Own;
    incident.traffic.rate = within("rate", file.rate.unwrap_or(incident.traffic.rate), 0.001..=1000.0)?;
    incident.traffic.pattern = match file.traffic {
        FileTraffic::Day => Pattern::Day,
        FileTraffic::Falling => Pattern::Falling,
        FileTraffic::Batches => Pattern::Batches,
        FileTraffic::Bursts => Pattern::Bursts,
    };
    let minutes = within(
        "minutes",
        file.minutes.unwrap_or(f64::from(incident.minutes)),
        1.0..=1440.0,
    )?;
    incident.minutes = minutes as u32;
    incident.night = file.night;
    if let Some(versions) = &file.versions {
        for share in versions.values() {
            within("a version's share", *share, 0.0..=1.0)?;
        }
        let all: f64 = versions.values().sum();
        if (all - 1.0).abs() > 1e-6 {
            return mistake(
                format!("the versions of {name} have {all} of the traffic"),
                "let their shares add up to 1",
            );
        }
        incident.versions = versions.iter().map(|(name, share)| (name.clone(), *share)).collect();
    }
    let releases = file.releases.iter().map(|release| release_of(name, release, scene));
    incident.releases = releases.collect::<Result<_, _>>()?;
    for release in &incident.releases {
        if let ReleaseKind::Version(share) | ReleaseKind::Traffic(share) = release.kind {
            within("a release's share", share, 0.0..=1.0)?;
        }
        within("minutes of a release", release.minutes, -10_080.0..=1440.0)?;
    }
    let mut versions: BTreeSet<_> = incident.versions.iter().map(|(version, _)| version.clone()).collect();
    for release in &incident.releases {
        match release.kind {
            ReleaseKind::Version(_) => {
                versions.insert(release.name.clone());
            }
            ReleaseKind::Traffic(_) if release.model.is_none() && !versions.contains(&release.name) => {
                return mistake(
                    format!(
                        "{name} moves traffic to the version {:?}, which is not there",
                        release.name
                    ),
                    "name it in versions with the share 0",
                );
            }
            _ => {}
        }
    }
    let effects = file
        .effects
        .iter()
        .map(|effect| effect_of(name, effect, scene, &versions));
    incident.effects = effects.collect::<Result<_, _>>()?;
    let comes_and_goes = |effect: &Effect| matches!(effect.what, What::Traffic(_));
    let usual = match incident.effects.iter().any(comes_and_goes) {
        true => builtin::KNOWN_HOURS,
        false => 0,
    };
    let known_hours = within("known_hours", file.known_hours.unwrap_or(f64::from(usual)), 0.0..=48.0)?;
    incident.known_hours = known_hours as u32;
    incident.expected = match &file.expect {
        Some(expected) => Some(expected_of(name, expected, scene)?),
        None => None,
    };
    Ok(incident)
}

fn release_of(name: &str, file: &FileRelease, scene: &Scene) -> Result<Release, Mistake> {
    let share = file.share.unwrap_or(1.0);
    let kinds = [
        (&file.version, ReleaseKind::Version(share)),
        (&file.traffic, ReleaseKind::Traffic(share)),
        (&file.pipeline, ReleaseKind::Pipeline),
        (&file.baseline, ReleaseKind::Baseline),
        (&file.service, ReleaseKind::Service),
    ];
    let mut named = kinds
        .into_iter()
        .filter_map(|(named, kind)| Some((named.as_ref()?, kind)));
    let (Some((released, kind)), None) = (named.next(), named.next()) else {
        return mistake(
            format!("a release of {name} is not one thing"),
            "give it one of version, traffic, pipeline, baseline, service",
        );
    };
    if released.is_empty() {
        return mistake(format!("a release of {name} has no name"), "name what is released");
    }
    let mut models = scene.actors().map(|actor| actor.model.name.as_str());
    if let Some(model) = file.model.as_deref()
        && !models.any(|known| known == model)
    {
        let known: Vec<_> = scene.actors().map(|actor| actor.model.name.as_str()).collect();
        return mistake(
            format!("a release of {name} is of the model {model:?}, which is not in this drill"),
            format!("name one of {}", known.join(", ")),
        );
    }
    Ok(Release {
        model: file.model.clone(),
        ..Release::new(kind, released, file.minutes)
    })
}

/// Keys that say what happens, each with the numbers it takes and what it makes of one.
type Kind = (&'static str, RangeInclusive<f64>, fn(f64) -> What);

const SHARE: RangeInclusive<f64> = 0.0..=1.0;
const LARGE: RangeInclusive<f64> = 0.0..=1e6;

fn kinds() -> Vec<Kind> {
    vec![
        ("errors", SHARE, What::Errors),
        ("client_errors", SHARE, What::ClientErrors),
        ("errors_scatter", 0.01..=100.0, What::ErrorsScatter),
        ("client_errors_scatter", SHARE, What::ClientErrorsScatter),
        ("slow", 0.01..=1000.0, What::Slow),
        ("slow_stage", 0.0..=600.0, What::SlowStage),
        ("traffic", 0.0..=100.0, What::Traffic),
        ("score_shift", -1.0..=1.0, |by| What::Score(ScoreChange::Shift(by))),
        ("score_constant", SHARE, |score| {
            What::Score(ScoreChange::Constant(score))
        }),
        ("non_finite", SHARE, What::NonFinite),
        ("threshold", SHARE, What::Threshold),
        ("escalated", SHARE, What::Escalated),
        ("missing", SHARE, What::Missing),
        ("defaulted", SHARE, What::Defaulted),
        ("out_of_range", SHARE, What::OutOfRange),
        ("drift", LARGE, What::Drift),
        ("wrong_baseline", LARGE, What::WrongBaseline),
        ("restarts", 1.0..=1440.0, What::Restarts),
        ("log_drops", SHARE, What::LogDrops),
        ("queue", LARGE, What::Queue),
        ("in_flight", LARGE, What::InFlight),
        ("overflow", LARGE, What::Overflow),
        ("runtime_late", 0.0..=60.0, What::RuntimeLate),
        ("wrong", SHARE, What::Wrong),
        ("expected_wrong", SHARE, What::ExpectedWrong),
    ]
}

/// Keys that are true where it happens.
const SWITCHES: [(&str, What); 7] = [
    ("score_heaps", What::Score(ScoreChange::Heaps)),
    ("down", What::Down),
    ("drift_exporter_down", What::DriftDown),
    ("drift_stuck", What::DriftStuck),
    ("drift_fails", What::DriftFails),
    ("labels_stop", What::LabelsStop),
    ("outcomes_unreadable", What::OutcomesUnreadable),
];

fn effect_of(
    name: &str,
    file: &BTreeMap<String, toml::Value>,
    scene: &Scene,
    versions: &BTreeSet<String>,
) -> Result<Effect, Mistake> {
    let mut what = None;
    let mut effect = Effect::new(What::Down);
    for (key, value) in file {
        let kind = value.type_str();
        let text = || match value.as_str() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => mistake(
                format!("{key} of an effect of {name} is of the type {kind}"),
                "write a name in quotes",
            ),
        };
        let number = || match (value.as_float(), value.as_integer()) {
            (Some(number), _) if number.is_finite() => Ok(number),
            (None, Some(number)) => Ok(number as f64),
            _ => mistake(
                format!("{key} of an effect of {name} is of the type {kind}"),
                "write a number",
            ),
        };
        let of_scope = match key.as_str() {
            "version" => {
                effect.scope.version = Some(one_of(name, key, text()?, versions.iter().map(String::as_str))?);
                true
            }
            "route" => {
                let routes = scene.hero.model.routes.iter().map(String::as_str);
                effect.scope.route = Some(one_of(name, key, text()?, routes)?);
                true
            }
            "replica" => {
                let instances = scene.serving.instances.iter().map(String::as_str);
                let instance = one_of(name, key, text()?, instances)?;
                effect.scope.replica = scene.serving.instances.iter().position(|known| *known == instance);
                true
            }
            "feature" => {
                effect.scope.feature = Some(text()?.to_owned());
                true
            }
            "models" => {
                let model = one_of(name, key, text()?, ["all", "neighbour"].into_iter())?;
                effect.scope.models = if model == "all" { Models::All } else { Models::Neighbour };
                true
            }
            "from" => {
                effect.from = number()?;
                true
            }
            "until" => {
                effect.until = Some(number()?);
                true
            }
            "ramp" => {
                effect.ramp = number()?;
                true
            }
            _ => false,
        };
        if of_scope {
            continue;
        }
        let happens = if let Some((_, range, make)) = kinds().into_iter().find(|(known, ..)| known == key) {
            let number = number()?;
            if !range.contains(&number) {
                return mistake(
                    format!("{key} of an effect of {name} is {number}"),
                    format!("take from {} to {}", range.start(), range.end()),
                );
            }
            make(number)
        } else if let Some((_, happens)) = SWITCHES.into_iter().find(|(known, _)| known == key) {
            if value.as_bool() != Some(true) {
                return mistake(
                    format!("{key} of an effect of {name} is of the type {kind}"),
                    "write true, or leave the effect out",
                );
            }
            happens
        } else {
            let known: Vec<_> = kinds().iter().map(|(known, ..)| *known).collect();
            let switches: Vec<_> = SWITCHES.iter().map(|(known, _)| *known).collect();
            return mistake(
                format!("an effect of {name} has the unknown key {key}"),
                format!(
                    "use one of {}, with version, route, replica, feature, models, from, until, ramp",
                    [known, switches].concat().join(", ")
                ),
            );
        };
        if what.replace(happens).is_some() {
            return mistake(
                format!("an effect of {name} is several things, {key} among them"),
                "make an effect of each",
            );
        }
    }
    let Some(what) = what else {
        return mistake(
            format!("an effect of {name} says where and not what"),
            "add one of errors, slow, missing or another of docs/drill.md",
        );
    };
    // `from` and `until` are what they are; a scope without a meaning for what happens would do nothing.
    let Scope { feature, .. } = &effect.scope;
    let of_features = matches!(
        what,
        What::Missing(_) | What::Defaulted(_) | What::OutOfRange(_) | What::Drift(_)
    );
    if feature.is_some() != of_features {
        let (what, fix) = match of_features {
            true => ("is about a feature and names none", "add feature"),
            false => ("names a feature and is about none", "take feature away"),
        };
        return mistake(format!("an effect of {name} {what}"), fix);
    }
    effect.what = what;
    Ok(effect)
}

fn one_of<'a>(name: &str, key: &str, wanted: &str, known: impl Iterator<Item = &'a str>) -> Result<String, Mistake> {
    let known: Vec<_> = known.collect();
    match known.contains(&wanted) {
        true => Ok(wanted.to_owned()),
        false => mistake(
            format!("{key} of an effect of {name} is {wanted:?}, which is not in this drill"),
            format!("name one of {}", known.join(", ")),
        ),
    }
}

fn expected_of(name: &str, file: &FileExpected, scene: &Scene) -> Result<Expected, Mistake> {
    if !scene.config.teams.contains_key(&file.team) {
        let teams: Vec<_> = scene.config.teams.keys().map(String::as_str).collect();
        return mistake(
            format!("{name} expects the team {:?}, which is none", file.team),
            format!("name one of {}", teams.join(", ")),
        );
    }
    let severity = match file.severity.as_str() {
        "page" => Severity::Page,
        "ticket" => Severity::Ticket,
        other => {
            return mistake(
                format!("{name} expects the severity {other:?}"),
                "write \"page\" or \"ticket\"",
            );
        }
    };
    Ok(Expected {
        team: file.team.clone(),
        severity,
        culprits: file.names.iter().map(|culprit| ("name", culprit.clone())).collect(),
        change: file.change.clone(),
    })
}
