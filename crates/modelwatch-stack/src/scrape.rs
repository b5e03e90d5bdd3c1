//! `prometheus.yml`: what to scrape, which rules to evaluate, and where alerts go.
//!
//! With `manage = false`, this file is not generated: your own Prometheus scrapes the jobs and loads the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{
    Access, Authorization, Config, Discovery, Job, Passed, PassedTable, Pods, Relabelling, Tls, Version,
    prometheus_duration,
};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::yaml;

#[derive(Serialize)]
struct Prometheus<'a> {
    global: Global<'a>,
    rule_files: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    alerting: Option<Alerting<'a>>,
    scrape_configs: Vec<Scrape<'a>>,
}

#[derive(Serialize)]
struct Global<'a> {
    scrape_interval: String,
    scrape_timeout: String,
    evaluation_interval: String,
    external_labels: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Alerting<'a> {
    alertmanagers: [Targets<'a>; 1],
}

#[derive(Serialize)]
struct Targets<'a> {
    static_configs: [Static<'a>; 1],
}

#[derive(Serialize)]
struct Static<'a> {
    targets: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Scrape<'a> {
    job_name: &'a str,
    scrape_interval: String,
    scrape_timeout: String,
    metrics_path: &'a str,
    #[serde(flatten)]
    histograms: BTreeMap<&'static str, bool>,
    #[serde(flatten)]
    access: Reached<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    static_configs: Vec<Static<'a>>,
    #[serde(flatten)]
    found: Found<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relabel_configs: Vec<PassedTable>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    metric_relabel_configs: &'a [PassedTable],
    #[serde(flatten)]
    passed: &'a PassedTable,
}

#[derive(Serialize)]
struct Reached<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_config: Option<PassedTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<BTreeMap<&'static str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth: Option<BTreeMap<&'static str, &'a str>>,
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dns_sd_configs: Vec<Dns<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    file_sd_configs: Vec<Files<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    http_sd_configs: Vec<Url<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kubernetes_sd_configs: Vec<Kubernetes<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consul_sd_configs: Vec<Consul<'a>>,
}

#[derive(Serialize)]
struct Dns<'a> {
    names: &'a [String],
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

#[derive(Serialize)]
struct Files<'a> {
    files: &'a [String],
}

#[derive(Serialize)]
struct Url<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Kubernetes<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<Namespaces<'a>>,
    selectors: [Selected<'a>; 1],
}

#[derive(Serialize)]
struct Namespaces<'a> {
    names: &'a [String],
}

#[derive(Serialize)]
struct Selected<'a> {
    role: &'static str,
    label: &'a str,
}

#[derive(Serialize)]
struct Consul<'a> {
    server: &'a str,
    services: &'a [String],
}

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let scraping = &config.prometheus;
    if !scraping.manage {
        return Ok(Vec::new());
    }
    let document = Prometheus {
        global: Global {
            scrape_interval: prometheus_duration(scraping.scrape_interval),
            scrape_timeout: timeout(scraping.scrape_interval),
            evaluation_interval: prometheus_duration(scraping.evaluation_interval),
            external_labels: BTreeMap::from([("environment", config.environment.as_str())]),
        },
        rule_files: ["rules/ml-recording-rules.yml", "rules/ml-alert-rules.yml"],
        alerting: (!scraping.alertmanagers.is_empty()).then(|| Alerting {
            alertmanagers: [Targets {
                static_configs: [Static {
                    targets: &scraping.alertmanagers,
                    labels: BTreeMap::new(),
                }],
            }],
        }),
        scrape_configs: scraping.jobs.iter().map(|job| scrape(config, job)).collect(),
    };
    Ok(vec![yaml::file("prometheus/prometheus.yml", &document)?])
}

fn scrape<'a>(config: &'a Config, job: &'a Job) -> Scrape<'a> {
    let labels = target_labels(config, job);
    let static_configs = (!job.targets.is_empty()).then(|| Static {
        targets: &job.targets,
        labels: BTreeMap::from(labels),
    });
    Scrape {
        job_name: &job.job,
        scrape_interval: prometheus_duration(job.scrape_interval),
        scrape_timeout: timeout(job.scrape_interval),
        metrics_path: &job.metrics_path,
        histograms: classic_histograms(config.prometheus.minimum_version)
            .into_iter()
            .map(|key| (key, true))
            .collect(),
        access: reached(&job.access),
        static_configs: static_configs.into_iter().collect(),
        found: found(&job.discovery),
        relabel_configs: relabel(job, &labels),
        metric_relabel_configs: &job.relabelling.samples,
        passed: &job.scrape_config,
    }
}

/// Returns the key that keeps classic histograms when native ones are scraped too. Releases before 2.45 do not know it, and
/// refuse unknown keys.
fn classic_histograms(minimum: Version) -> Option<&'static str> {
    if minimum >= Version::new(3, 0) {
        Some("always_scrape_classic_histograms")
    } else if minimum >= Version::new(2, 45) {
        Some("scrape_classic_histograms")
    } else {
        None
    }
}

fn reached(access: &Access) -> Reached<'_> {
    let (token, basic) = match &access.authorization {
        Some(Authorization::Token {
            scheme,
            credentials_file,
        }) => {
            let keys = [
                ("type", scheme.as_str()),
                ("credentials_file", credentials_file.as_str()),
            ];
            (Some(BTreeMap::from(keys)), None)
        }
        Some(Authorization::Basic {
            username,
            password_file,
        }) => {
            let keys = [
                ("username", username.as_str()),
                ("password_file", password_file.as_str()),
            ];
            (None, Some(BTreeMap::from(keys)))
        }
        _ => (None, None),
    };
    Reached {
        scheme: access.https.then_some("https"),
        tls_config: access.tls.as_ref().map(tls_config),
        authorization: token,
        basic_auth: basic,
    }
}

/// The TLS settings, by Prometheus' keys.
pub(crate) fn tls_config(tls: &Tls) -> PassedTable {
    let texts = [
        ("ca_file", &tls.ca_file),
        ("cert_file", &tls.cert_file),
        ("key_file", &tls.key_file),
        ("server_name", &tls.server_name),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key, Passed::Text(text.clone()?))));
    let any = tls
        .insecure_skip_verify
        .then_some(("insecure_skip_verify", Passed::Boolean(true)));
    texts.chain(any).map(|(key, value)| (key.to_owned(), value)).collect()
}

fn found(discovery: &Discovery) -> Found<'_> {
    Found {
        dns_sd_configs: discovery
            .dns
            .iter()
            .map(|dns| Dns {
                names: &dns.names,
                kind: if dns.port.is_some() { "A" } else { "SRV" },
                port: dns.port,
            })
            .collect(),
        file_sd_configs: Some(&discovery.files)
            .filter(|files| !files.is_empty())
            .map(|files| Files { files })
            .into_iter()
            .collect(),
        http_sd_configs: discovery.http.iter().map(|url| Url { url }).collect(),
        kubernetes_sd_configs: discovery.kubernetes.iter().map(pods).collect(),
        consul_sd_configs: discovery
            .consul
            .iter()
            .map(|consul| Consul {
                server: &consul.server,
                services: &consul.services,
            })
            .collect(),
    }
}

fn pods(pods: &Pods) -> Kubernetes<'_> {
    Kubernetes {
        role: "pod",
        namespaces: (!pods.namespaces.is_empty()).then_some(Namespaces {
            names: &pods.namespaces,
        }),
        selectors: [Selected {
            role: "pod",
            label: &pods.label,
        }],
    }
}

/// The labels that every series of a job has about its target, besides the job.
pub(crate) fn target_labels<'a>(config: &'a Config, job: &'a Job) -> [(&'static str, &'a str); 2] {
    [
        ("service", job.service.as_str()),
        ("environment", config.environment.as_str()),
    ]
}

/// Relabelling that sets a label, by Prometheus' keys. A dollar is a reference there unless it is doubled.
pub(crate) fn sets(label: &str, value: &str) -> PassedTable {
    let text = |text: &str| Passed::Text(text.to_owned());
    PassedTable::from([
        ("target_label".to_owned(), text(label)),
        ("replacement".to_owned(), text(&value.replace('$', "$$"))),
    ])
}

/// Relabelling that keeps the targets whose label has this value.
fn keeps(label: &str, value: &str) -> PassedTable {
    let text = |text: &str| Passed::Text(text.to_owned());
    PassedTable::from([
        ("source_labels".to_owned(), Passed::List(vec![text(label)])),
        ("regex".to_owned(), text(value)),
        ("action".to_owned(), text("keep")),
    ])
}

/// Discovered targets get the same labels as those listed by address, and then your own relabelling applies.
fn relabel(job: &Job, labels: &[(&'static str, &str)]) -> Vec<PassedTable> {
    let Relabelling { targets, .. } = &job.relabelling;
    let mut relabel = Vec::new();
    let discovers = !job.discovery.is_empty() || job.scrape_config.keys().any(|key| key.ends_with("_sd_configs"));
    if discovers {
        relabel.extend(labels.iter().map(|(label, value)| sets(label, value)));
    }
    if let Some(pods) = &job.discovery.kubernetes {
        relabel.push(keeps("__meta_kubernetes_pod_container_port_name", &pods.port));
    }
    relabel.extend(targets.iter().cloned());
    relabel
}

/// Ten seconds, Prometheus' default, or the interval if that is shorter: Prometheus refuses a longer timeout.
pub(crate) fn timeout(interval: Duration) -> String {
    prometheus_duration(interval.min(Duration::from_secs(10)))
}
