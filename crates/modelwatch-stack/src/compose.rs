//! `compose.yaml`: the stack on one machine with Docker, from the generated files beside it.
//!
//! It publishes ports on loopback only. Secrets stay files: `/etc/alertmanager/secrets/slack` in modelwatch.toml is the file
//! `alertmanager/secrets/slack` here. You create it, and it belongs in no repository.

use std::collections::BTreeMap;

use modelwatch_config::Config;
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::{grafana, links, yaml};

/// The releases that our tests run, so that you never start an untested one.
const PROMETHEUS: &str = "prom/prometheus:v3.5.3";
const ALERTMANAGER: &str = "prom/alertmanager:v0.33.1";
const GRAFANA: &str = "grafana/grafana:13.2.3";

#[derive(Serialize)]
struct Compose {
    name: &'static str,
    services: BTreeMap<&'static str, Service>,
    volumes: BTreeMap<&'static str, Volume>,
}

/// A volume with the engine's defaults.
#[derive(Serialize)]
struct Volume {}

/// Gives the machine itself a name, which Linux' Docker has only on request.
const HOST: &str = "host.docker.internal:host-gateway";

#[derive(Serialize)]
struct Service {
    image: &'static str,
    restart: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    command: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<&'static str, String>,
    ports: [&'static str; 1],
    volumes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extra_hosts: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<&'static str>,
}

impl Service {
    fn new(image: &'static str, port: &'static str) -> Self {
        Self {
            image,
            restart: "unless-stopped",
            command: Vec::new(),
            environment: BTreeMap::new(),
            ports: [port],
            volumes: Vec::new(),
            extra_hosts: Vec::new(),
            depends_on: Vec::new(),
        }
    }
}

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let prometheus = Service {
        command: vec![
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            "--storage.tsdb.retention.time=31d",
            // Error budgets need 30 days. The next flag makes the points on a latency panel lead to traces.
            "--enable-feature=exemplar-storage",
        ],
        volumes: vec![
            "./prometheus:/etc/prometheus:ro".to_owned(),
            "prometheus:/prometheus".to_owned(),
        ],
        // For services on the machine itself: targets = ["host.docker.internal:8000"].
        extra_hosts: vec![HOST],
        ..Service::new(PROMETHEUS, "127.0.0.1:9090:9090")
    };
    let alertmanager = Service {
        command: vec![
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
        ],
        volumes: vec![
            "./alertmanager:/etc/alertmanager:ro".to_owned(),
            "alertmanager:/alertmanager".to_owned(),
        ],
        // For a webhook on the machine itself.
        extra_hosts: vec![HOST],
        ..Service::new(ALERTMANAGER, "127.0.0.1:9093:9093")
    };
    let home = format!("{}/{}.json", grafana::DASHBOARD_FOLDER, links::triage_uid(config));
    let grafana = Service {
        environment: BTreeMap::from([("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", home)]),
        volumes: vec![
            format!("./grafana/provisioning:{}:ro", grafana::PROVISIONING_FOLDER),
            format!("./grafana/dashboards:{}:ro", grafana::DASHBOARD_FOLDER),
            "grafana:/var/lib/grafana".to_owned(),
        ],
        depends_on: vec!["prometheus"],
        ..Service::new(GRAFANA, "127.0.0.1:3000:3000")
    };
    let services = BTreeMap::from([
        ("prometheus", prometheus),
        ("alertmanager", alertmanager),
        ("grafana", grafana),
    ]);
    let compose = Compose {
        name: "modelwatch",
        volumes: services.keys().map(|name| (*name, Volume {})).collect(),
        services,
    };
    Ok(vec![yaml::file("compose.yaml", &compose)?])
}
