//! `prometheus.yml`: what is scraped, which rules run, who gets the alerts.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, Job, prometheus_duration};
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
    static_configs: [Static<'a>; 1],
}

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let scraping = &config.prometheus;
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
    Scrape {
        job_name: &job.job,
        scrape_interval: prometheus_duration(job.scrape_interval),
        scrape_timeout: timeout(job.scrape_interval),
        metrics_path: &job.metrics_path,
        static_configs: [Static {
            targets: &job.targets,
            labels: BTreeMap::from([
                ("service", job.service.as_str()),
                ("environment", config.environment.as_str()),
            ]),
        }],
    }
}

/// Ten seconds, Prometheus' default, or the interval where that is shorter: Prometheus refuses more.
pub(crate) fn timeout(interval: Duration) -> String {
    prometheus_duration(interval.min(Duration::from_secs(10)))
}
