//! The rules as several `PrometheusRule`s: `kubectl apply` keeps a copy of each in an annotation of limited size.

use modelwatch_config::Config;
use serde::Serialize;

use super::manifest::{LIMIT, Manifest, Spec, metadata};
use crate::error::GenerateError;
use crate::file::File;
use crate::links::stack_name;
use crate::rules::{Group, Rule, Rules};
use crate::yaml;

/// The largest size of one manifest. kubectl writes JSON, with some data besides the rules.
const ROOM: usize = LIMIT - (16 << 10);

#[derive(Serialize)]
struct PrometheusRule {
    groups: Vec<Group>,
}

pub(crate) fn files(config: &Config, rules: &Rules) -> Result<Vec<File>, GenerateError> {
    let groups = rules.recording.iter().chain(&rules.alerts);
    let parts = groups.map(split).collect::<Result<Vec<_>, _>>()?;
    let mut manifests: Vec<(usize, Vec<Group>)> = Vec::new();
    for (size, group) in parts.into_iter().flatten() {
        match manifests.last_mut() {
            Some((taken, groups)) if *taken + size <= ROOM => {
                *taken += size;
                groups.push(group);
            }
            _ => manifests.push((size, vec![group])),
        }
    }
    let files = manifests.into_iter().enumerate().map(|(index, (_, groups))| {
        let name = format!("{}-{}", stack_name(config), index + 1);
        let path = format!("kubernetes/prometheus-rules/{name}.yml");
        let manifest = Manifest {
            api_version: "monitoring.coreos.com/v1",
            kind: "PrometheusRule",
            metadata: metadata(config, name),
            body: Spec {
                spec: PrometheusRule { groups },
            },
        };
        yaml::file(&path, &manifest)
    });
    files.collect()
}

fn size(value: &impl Serialize) -> Result<usize, GenerateError> {
    let json = serde_json::to_string(value).map_err(|error| GenerateError::new("the PrometheusRule", error))?;
    Ok(json.len() + 1)
}

/// Splits a group that is too large for one manifest. Rules of later parts see the series of earlier ones one evaluation later.
fn split(group: &Group) -> Result<Vec<(usize, Group)>, GenerateError> {
    let mut parts: Vec<(usize, Vec<Rule>)> = Vec::new();
    for rule in &group.rules {
        let size = size(rule)?;
        match parts.last_mut() {
            Some((taken, rules)) if *taken + size <= ROOM - (1 << 10) => {
                *taken += size;
                rules.push(rule.clone());
            }
            _ => parts.push((size, vec![rule.clone()])),
        }
    }
    let parts = parts.into_iter().enumerate().map(|(index, (_, rules))| {
        let mut part = group.clone();
        part.rules = rules;
        if index > 0 {
            part.name = format!("{}-{}", group.name, index + 1);
        }
        Ok((size(&part)?, part))
    });
    parts.collect()
}
