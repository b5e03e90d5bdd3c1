//! A `ServiceMonitor` for each job: which services to scrape, and how. It matches the scrape configuration, in the operator's
//! spelling.

use modelwatch_config::{Access, Authorization, Config, Job, PassedTable, Plane, prometheus_duration};
use serde::Serialize;

use super::manifest::{JOB_LABEL, Labels, Manifest, PORT, Spec, metadata};
use crate::error::GenerateError;
use crate::file::File;
use crate::links::slug;
use crate::{scrape, yaml};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceMonitor<'a> {
    /// Otherwise, native histograms replace classic ones. The operator writes the key only for releases that know it.
    scrape_classic_histograms: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_selector: Option<NamespaceSelector<'a>>,
    selector: Selector,
    endpoints: [Endpoint<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NamespaceSelector<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    any: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    match_names: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selector {
    pub(super) match_labels: Labels,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    port: &'static str,
    path: &'a str,
    interval: String,
    scrape_timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_config: Option<PassedTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Token<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth: Option<Basic>,
    relabelings: Vec<PassedTable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metric_relabelings: Vec<PassedTable>,
}

#[derive(Serialize)]
struct Token<'a> {
    #[serde(rename = "type")]
    scheme: &'a str,
    credentials: SecretKey,
}

#[derive(Serialize)]
struct Basic {
    username: SecretKey,
    password: SecretKey,
}

/// A key of the Secret with the monitor's name.
#[derive(Serialize)]
struct SecretKey {
    name: String,
    key: &'static str,
}

pub(super) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    // A cluster usually scrapes its nodes, its Prometheus and its Alertmanager itself.
    let jobs = config.prometheus.jobs.iter();
    let scraped = jobs.filter(|job| matches!(job.plane, Plane::Inference | Plane::Drift));
    let files = scraped.map(|job| {
        let name = format!("modelwatch-{}", slug(&job.job));
        let path = format!("kubernetes/service-monitors/{name}.yml");
        yaml::file(&path, &service_monitor(config, job, name))
    });
    files.collect()
}

fn service_monitor<'a>(config: &'a Config, job: &'a Job, name: String) -> Manifest<Spec<ServiceMonitor<'a>>> {
    let kubernetes = &config.kubernetes;
    let elsewhere = kubernetes.any_service_namespace || !kubernetes.service_namespaces.is_empty();
    let own = std::iter::once(("job", job.job.as_str())).chain(scrape::target_labels(config, job));
    let own = own.map(|(label, value)| scrape::sets(label, value));
    let relabelings = own.chain(job.relabelling.targets.iter().cloned()).map(spelled);
    Manifest {
        api_version: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        body: Spec {
            spec: ServiceMonitor {
                scrape_classic_histograms: true,
                namespace_selector: elsewhere.then_some(NamespaceSelector {
                    any: kubernetes.any_service_namespace,
                    match_names: &kubernetes.service_namespaces,
                }),
                selector: Selector {
                    match_labels: Labels::from([(JOB_LABEL.to_owned(), label_value(&job.job))]),
                },
                endpoints: [Endpoint {
                    port: PORT,
                    path: &job.metrics_path,
                    interval: prometheus_duration(job.scrape_interval),
                    scrape_timeout: scrape::timeout(job.scrape_interval),
                    scheme: job.access.https.then_some("https"),
                    tls_config: job.access.tls.as_ref().map(|tls| spelled(scrape::tls_config(tls))),
                    authorization: token(&job.access, &name),
                    basic_auth: basic(&job.access, &name),
                    relabelings: relabelings.collect(),
                    metric_relabelings: job.relabelling.samples.iter().cloned().map(spelled).collect(),
                }],
            },
        },
        metadata: metadata(config, name),
    }
}

/// The operator reads secrets from Secrets only, not from files.
fn secret(name: &str, key: &'static str) -> SecretKey {
    SecretKey {
        name: name.to_owned(),
        key,
    }
}

fn token<'a>(access: &'a Access, name: &str) -> Option<Token<'a>> {
    match &access.authorization {
        Some(Authorization::Token { scheme, .. }) => Some(Token {
            scheme,
            credentials: secret(name, "credentials"),
        }),
        _ => None,
    }
}

fn basic(access: &Access, name: &str) -> Option<Basic> {
    match &access.authorization {
        Some(Authorization::Basic { .. }) => Some(Basic {
            username: secret(name, "username"),
            password: secret(name, "password"),
        }),
        _ => None,
    }
}

/// Converts Prometheus' keys to the operator's spelling: `sourceLabels` for `source_labels`.
fn spelled(table: PassedTable) -> PassedTable {
    let keys = table.into_iter().map(|(key, value)| {
        let mut parts = key.split('_');
        let mut camel = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let mut letters = part.chars();
            camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            camel.push_str(letters.as_str());
        }
        (camel, value)
    });
    keys.collect()
}

/// Returns the name itself if Kubernetes accepts it as a label value, otherwise one derived from it.
pub(super) fn label_value(name: &str) -> String {
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
