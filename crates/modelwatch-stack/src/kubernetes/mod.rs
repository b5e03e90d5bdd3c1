//! Manifests for clusters with the Prometheus operator: scraping, rules, routing, dashboards for Grafana's sidecar, and the drift
//! job.
//!
//! The rules are the same groups as in the rule files. The operator finds targets by the label `modelwatch.dev/job` of their
//! services instead of by address. Series keep the labels of the scrape configuration, so that rules and dashboards read the
//! same.

mod manifest;
mod monitors;
mod routing;
mod rules;
mod workloads;

use std::collections::BTreeMap;

use modelwatch_config::Config;
use serde::Serialize;

use self::manifest::{Manifest, Spec, metadata};
use crate::error::GenerateError;
use crate::file::File;
use crate::{grafana, parallel, perses, yaml};

/// The label by which the sidecar finds a dashboard's ConfigMap, as the Grafana chart sets it.
const DASHBOARD_LABEL: (&str, &str) = ("grafana_dashboard", "1");
/// The annotation that tells the same sidecar which Grafana folder to use.
const FOLDER_ANNOTATION: &str = "grafana_folder";
#[derive(Serialize)]
struct Data<'a> {
    data: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct PersesDashboard<'a> {
    config: &'a perses::Board,
}

/// Returns the manifests of the rules.
pub(crate) use self::rules::files as rule_files;

/// Returns all other manifests.
pub(crate) fn files(
    config: &Config,
    grafana: &[File],
    of_perses: &[perses::Dashboard],
) -> Result<Vec<File>, GenerateError> {
    let mut files = monitors::files(config)?;
    files.extend(routing::files(config)?);
    files.extend(workloads::files(config)?);
    let dashboards = parallel::map(grafana, |file| {
        let Some(name) = file.path.strip_prefix(grafana::DASHBOARD_FILES) else {
            return Ok(None);
        };
        let stem = name.trim_end_matches(".json").to_owned();
        let path = format!("kubernetes/dashboards/{stem}.yml");
        yaml::file(&path, &dashboard(config, stem, name, &file.contents)).map(Some)
    })?;
    files.extend(dashboards.into_iter().flatten());
    files.extend(parallel::map(of_perses, |dashboard| {
        let path = format!("kubernetes/perses/{}.yml", dashboard.name());
        yaml::file(&path, &perses_dashboard(config, dashboard))
    })?);
    Ok(files)
}

fn dashboard<'a>(config: &Config, name: String, file: &'a str, json: &'a str) -> Manifest<Data<'a>> {
    let mut metadata = metadata(config, name);
    let (label, value) = DASHBOARD_LABEL;
    metadata.labels.insert(label.to_owned(), value.to_owned());
    metadata
        .annotations
        .insert(FOLDER_ANNOTATION.to_owned(), grafana::FOLDER.to_owned());
    Manifest {
        api_version: "v1",
        kind: "ConfigMap",
        metadata,
        body: Data {
            data: BTreeMap::from([(file, json)]),
        },
    }
}

/// The resource that the Perses operator applies to the Perses of its namespace. Its project has the same name as the namespace.
fn perses_dashboard<'a>(config: &Config, dashboard: &'a perses::Dashboard) -> Manifest<Spec<PersesDashboard<'a>>> {
    let spec = PersesDashboard {
        config: dashboard.board(),
    };
    Manifest {
        api_version: "perses.dev/v1alpha2",
        kind: "PersesDashboard",
        metadata: metadata(config, dashboard.name().to_owned()),
        body: Spec { spec },
    }
}
