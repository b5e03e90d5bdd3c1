//! The files from which Grafana provisions its data source and its dashboards.

use modelwatch_config::{Config, prometheus_duration};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::yaml;

/// The mount path of the dashboards' folder in Grafana's container.
pub(crate) const DASHBOARD_FOLDER: &str = "/var/lib/grafana/dashboards";

/// Grafana's provisioning folder.
pub(crate) const PROVISIONING_FOLDER: &str = "/etc/grafana/provisioning";
/// The name of the dashboards' folder in Grafana.
pub(crate) const FOLDER: &str = "ML Monitoring";
/// The URLs of Prometheus and Alertmanager within the compose file's network.
const PROMETHEUS: &str = "http://prometheus:9090";
const ALERTMANAGER: &str = "http://alertmanager:9093";

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let interval = prometheus_duration(config.prometheus.scrape_interval);
    Ok(vec![
        yaml::file(
            "grafana/provisioning/dashboards/modelwatch.yml",
            &DashboardProviders::new(),
        )?,
        yaml::file(
            "grafana/provisioning/datasources/modelwatch.yml",
            &DataSources::new(interval, config.links.traces.as_deref()),
        )?,
    ])
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DashboardProviders {
    api_version: u8,
    providers: [Provider; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    name: &'static str,
    org_id: u8,
    folder: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    disable_deletion: bool,
    update_interval_seconds: u16,
    allow_ui_updates: bool,
    options: ProviderOptions,
}

#[derive(Debug, Serialize)]
struct ProviderOptions {
    path: &'static str,
}

impl DashboardProviders {
    /// Grafana shows exactly the files in the folder. The browser can't save edits over them, so the files stay authoritative.
    fn new() -> Self {
        Self {
            api_version: 1,
            providers: [Provider {
                name: "ml-monitoring",
                org_id: 1,
                folder: FOLDER,
                kind: "file",
                disable_deletion: false,
                update_interval_seconds: 30,
                allow_ui_updates: false,
                options: ProviderOptions { path: DASHBOARD_FOLDER },
            }],
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DataSources {
    api_version: u8,
    datasources: [DataSource; 2],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DataSource {
    name: &'static str,
    uid: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    access: &'static str,
    url: &'static str,
    is_default: bool,
    editable: bool,
    json_data: JsonData,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged, rename_all_fields = "camelCase")]
enum JsonData {
    Prometheus {
        http_method: &'static str,
        /// The scrape interval. Grafana's `$__rate_interval` is at least four times as long.
        time_interval: String,
        prometheus_type: &'static str,
        manage_alerts: bool,
        alertmanager_uid: &'static str,
        /// The targets of the points on latency panels.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        exemplar_trace_id_destinations: Vec<TraceDestination>,
    },
    Alertmanager {
        implementation: &'static str,
        handle_grafana_managed_alerts: bool,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceDestination {
    /// The exemplar's label.
    name: &'static str,
    url: String,
    url_display_label: &'static str,
}

impl TraceDestination {
    fn new(traces: &str) -> Self {
        Self {
            name: "trace_id",
            // Grafana expands environment variables in provisioning files, unless the dollar is doubled.
            url: format!("{}/$${{__value.raw}}", traces.replace('$', "$$")),
            url_display_label: "Trace",
        }
    }
}

impl DataSources {
    /// Prometheus and its Alertmanager. `scrape_interval` is in Prometheus' notation; `traces` has no trailing slash.
    fn new(scrape_interval: String, traces: Option<&str>) -> Self {
        const ALERTMANAGER_UID: &str = "modelwatch-alertmanager";
        Self {
            api_version: 1,
            datasources: [
                DataSource {
                    name: "Prometheus",
                    uid: "modelwatch-prometheus",
                    kind: "prometheus",
                    access: "proxy",
                    url: PROMETHEUS,
                    is_default: true,
                    editable: false,
                    json_data: JsonData::Prometheus {
                        http_method: "POST",
                        time_interval: scrape_interval,
                        prometheus_type: "Prometheus",
                        manage_alerts: true,
                        alertmanager_uid: ALERTMANAGER_UID,
                        exemplar_trace_id_destinations: traces.map(TraceDestination::new).into_iter().collect(),
                    },
                },
                DataSource {
                    name: "Alertmanager",
                    uid: ALERTMANAGER_UID,
                    kind: "alertmanager",
                    access: "proxy",
                    url: ALERTMANAGER,
                    is_default: false,
                    editable: false,
                    json_data: JsonData::Alertmanager {
                        implementation: "prometheus",
                        handle_grafana_managed_alerts: false,
                    },
                },
            ],
        }
    }
}
