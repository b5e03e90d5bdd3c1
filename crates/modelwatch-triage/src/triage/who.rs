//! The team that acts, and its first steps.

use modelwatch_config::Config;

use super::ask::model;
use super::locate::Located;
use super::report::Who;
use super::subject::Subject;
use crate::release::{Judged, Kind};
use crate::symptom::{Side, Symptom};
use crate::words::name;

/// Returns the owner of the trouble, or `None` without trouble.
pub(super) fn who(config: &Config, subject: &Subject, located: Option<&Located>, releases: &[Judged]) -> Option<Who> {
    let trouble = &located?.trouble;
    let owners = model(config, subject).map_or(&config.owners, |model| &model.owners);
    let (role, owner) = match trouble.symptom.side() {
        Side::Serving => ("serving", &owners.serving),
        Side::Model => ("model", &owners.model),
        Side::Data if trouble.symptom.is_measured() => ("model", &owners.model),
        Side::Data => ("data", &owners.data),
    };
    let suspects = releases.iter().filter(|judged| judged.verdict.is_suspect());
    let mut mitigation: Vec<_> = suspects.map(back).collect();
    // One version is in trouble and others are well: they can take its traffic, even if nothing was released.
    if let (true, Some(version)) = (
        mitigation.is_empty(),
        located.and_then(|located| located.only_version.as_deref()),
    ) {
        mitigation.push(away(version));
    }
    let rollback = model(config, subject).and_then(|model| model.rollback.as_deref());
    if let (true, Some(rollback)) = (releases.iter().any(|judged| judged.verdict.is_suspect()), rollback) {
        mitigation.insert(1, format!("run: {rollback}"));
    }
    mitigation.extend(usual(&trouble.symptom).map(str::to_owned));
    Some(Who {
        team: owner.team.clone(),
        role,
        mitigation,
        links: model(config, subject)
            .and_then(|model| model.deploy_url.clone())
            .map(|url| ("releases".to_owned(), url))
            .into_iter()
            .collect(),
    })
}

fn away(version: &str) -> String {
    format!("shift traffic away from version {}", name(version))
}

/// How to roll a release back.
fn back(judged: &Judged) -> String {
    let release = name(&judged.release.name);
    match judged.release.kind {
        Kind::Version | Kind::Traffic => away(&judged.release.name),
        Kind::Pipeline => format!("roll back feature pipeline {release}"),
        Kind::Service => format!("roll back service build {release}"),
        Kind::Baseline => format!("put the drift baseline before {release} back"),
    }
}

/// Steps that help even if nothing was released.
fn usual(symptom: &Symptom) -> impl Iterator<Item = &'static str> {
    let first = match symptom {
        Symptom::Errors => "read the errors of one failing replica; check what the service depends on",
        Symptom::ClientErrors => "compare a refused request with one of before; ask the callers what they changed",
        Symptom::Slow(_) => "check saturation, restarts and what the slow stage waits for",
        Symptom::Traffic => "ask the callers and the load balancer; check that targets answer",
        Symptom::NonFinite => "look for inputs without a number, and for a version that divides by zero",
        Symptom::Missing(_) | Symptom::Defaulted(_) => {
            "ask the source of the feature what changed; a default may help meanwhile"
        }
        Symptom::OutOfRange(_) => "compare units and codes of the feature with those of training",
        Symptom::Scores { .. } | Symptom::Class(_) | Symptom::Outcome(_) => {
            "compare the features with their baseline first, then the thresholds that follow the score"
        }
        Symptom::FeatureDrift(_) | Symptom::PredictionDrift => {
            "confirm it on production traffic, then choose between pipeline, threshold and retraining"
        }
    };
    [first].into_iter()
}
