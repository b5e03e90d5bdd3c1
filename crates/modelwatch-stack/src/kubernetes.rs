//! For clusters with the Prometheus operator: what it scrapes, the rules, and dashboards that Grafana's sidecar finds.
//!
//! The rules are the very groups of the rule files. Targets are found by the label `modelwatch.dev/job` of their services
//! instead of by address; series keep the labels of the scrape configuration, so that rules and dashboards read the same.

use std::collections::BTreeMap;

use modelwatch_config::{Config, Job, Plane, prometheus_duration};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::links::{slug, stack_name};
use crate::rules::{Group, Rules};
use crate::{grafana, scrape, yaml};

/// The label by which dashboards' sidecars find a ConfigMap, as the Grafana chart sets it.
const DASHBOARD_LABEL: (&str, &str) = ("grafana_dashboard", "1");
/// The annotation that names Grafana's folder to the same sidecars.
const FOLDER_ANNOTATION: &str = "grafana_folder";
/// The label of a service that says which job scrapes it.
const JOB_LABEL: &str = "modelwatch.dev/job";
/// The name of the service's port that serves the page.
const PORT: &str = "metrics";

type Labels = BTreeMap<&'static str, String>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    #[serde(flatten)]
    body: S,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
    labels: Labels,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Labels,
}

#[derive(Serialize)]
struct Spec<S> {
    spec: S,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceMonitor<'a> {
    selector: Selector,
    endpoints: [Endpoint<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selector {
    match_labels: Labels,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    port: &'static str,
    path: &'a str,
    interval: String,
    scrape_timeout: String,
    relabelings: [Relabeling; 3],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relabeling {
    target_label: &'static str,
    replacement: String,
}

#[derive(Serialize)]
struct PrometheusRule<'a> {
    groups: Vec<&'a Group>,
}

#[derive(Serialize)]
struct Data<'a> {
    data: BTreeMap<&'a str, &'a str>,
}

pub(crate) fn files(config: &Config, rules: &Rules, grafana: &[File]) -> Result<Vec<File>, GenerateError> {
    let mut files = Vec::new();
    let scraped = config.prometheus.jobs.iter().filter(|job| job.plane != Plane::Node);
    for job in scraped {
        let name = format!("modelwatch-{}", slug(&job.job));
        let path = format!("kubernetes/service-monitors/{name}.yml");
        files.push(yaml::file(&path, &service_monitor(config, job, name))?);
    }
    let rules = Manifest {
        api_version: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: metadata(stack_name(config)),
        body: Spec {
            spec: PrometheusRule {
                groups: rules.recording.iter().chain(&rules.alerts).collect(),
            },
        },
    };
    files.push(yaml::file("kubernetes/prometheus-rule.yml", &rules)?);
    for file in grafana {
        let Some(name) = file.path.strip_prefix(grafana::DASHBOARD_FILES) else {
            continue;
        };
        let stem = name.trim_end_matches(".json").to_owned();
        let path = format!("kubernetes/dashboards/{stem}.yml");
        files.push(yaml::file(&path, &dashboard(stem, name, &file.contents))?);
    }
    Ok(files)
}

fn metadata(name: String) -> Metadata {
    Metadata {
        name,
        labels: BTreeMap::from([
            ("app.kubernetes.io/name", "modelwatch".to_owned()),
            ("app.kubernetes.io/managed-by", "modelwatch".to_owned()),
        ]),
        annotations: BTreeMap::new(),
    }
}

fn service_monitor<'a>(config: &'a Config, job: &'a Job, name: String) -> Manifest<Spec<ServiceMonitor<'a>>> {
    Manifest {
        api_version: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        metadata: metadata(name),
        body: Spec {
            spec: ServiceMonitor {
                selector: Selector {
                    match_labels: BTreeMap::from([(JOB_LABEL, label_value(&job.job))]),
                },
                endpoints: [Endpoint {
                    port: PORT,
                    path: &job.metrics_path,
                    interval: prometheus_duration(job.scrape_interval),
                    scrape_timeout: scrape::timeout(job.scrape_interval),
                    relabelings: [
                        relabel("job", &job.job),
                        relabel("service", &job.service),
                        relabel("environment", &config.environment),
                    ],
                }],
            },
        },
    }
}

/// Sets a label of the series. Prometheus takes a dollar for a reference unless it is doubled.
fn relabel(target_label: &'static str, value: &str) -> Relabeling {
    Relabeling {
        target_label,
        replacement: value.replace('$', "$$"),
    }
}

/// The name itself where Kubernetes takes it as the value of a label, else one made of it.
fn label_value(name: &str) -> String {
    let ends = |end: Option<u8>| end.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if plain && name.len() <= 63 && ends(name.bytes().next()) && ends(name.bytes().last()) {
        name.to_owned()
    } else {
        slug(name)
    }
}

fn dashboard<'a>(name: String, file: &'a str, json: &'a str) -> Manifest<Data<'a>> {
    let mut metadata = metadata(name);
    let (label, value) = DASHBOARD_LABEL;
    metadata.labels.insert(label, value.to_owned());
    metadata
        .annotations
        .insert(FOLDER_ANNOTATION, grafana::FOLDER.to_owned());
    Manifest {
        api_version: "v1",
        kind: "ConfigMap",
        metadata,
        body: Data {
            data: BTreeMap::from([(file, json)]),
        },
    }
}
