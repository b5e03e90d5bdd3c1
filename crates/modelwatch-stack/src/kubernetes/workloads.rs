//! The drift job in the cluster: the exporter as a Deployment with its Service, or `once` as a CronJob.

use std::collections::BTreeMap;

use modelwatch_config::{Config, DriftWorkload, Plane};
use serde::Serialize;
use serde_json::{Value, json};

use super::manifest::{JOB_LABEL, Labels, Manifest, PORT, Spec, metadata};
use super::monitors::label_value;
use crate::error::GenerateError;
use crate::file::File;
use crate::links::stack_name;
use crate::yaml;

/// The mount path of `modelwatch.toml`.
const CONFIG_FOLDER: &str = "/etc/modelwatch";
/// The exporter's port.
const EXPORTER_PORT: u16 = 9109;

/// The pod template of every workload.
#[derive(Serialize)]
struct Template {
    metadata: BTreeMap<&'static str, Labels>,
    spec: Value,
}

pub(super) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let Some(drift) = &config.kubernetes.drift else {
        return Ok(Vec::new());
    };
    let name = format!("{}-drift", stack_name(config));
    match &drift.schedule {
        Some(schedule) => Ok(vec![yaml::file(
            "kubernetes/drift/cron-job.yml",
            &cron_job(config, drift, name, schedule),
        )?]),
        None => Ok(vec![
            yaml::file(
                "kubernetes/drift/deployment.yml",
                &deployment(config, drift, name.clone()),
            )?,
            yaml::file("kubernetes/drift/service.yml", &service(config, name))?,
        ]),
    }
}

fn selected(name: &str) -> Labels {
    Labels::from([("app.kubernetes.io/instance".to_owned(), name.to_owned())])
}

fn deployment(config: &Config, drift: &DriftWorkload, name: String) -> Manifest<Spec<Value>> {
    let mut container = container(drift, &["drift", "serve"]);
    container["ports"] = json!([{"name": PORT, "containerPort": EXPORTER_PORT}]);
    let healthy = json!({"httpGet": {"path": "/healthy", "port": PORT}});
    container["readinessProbe"] = healthy.clone();
    container["livenessProbe"] = healthy;
    let mut spec = json!({
        // Two replicas would report everything twice.
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selected(&name)},
    });
    spec["template"] = json!(template(drift, selected(&name), container, None));
    Manifest {
        api_version: "apps/v1",
        kind: "Deployment",
        metadata: metadata(config, name),
        body: Spec { spec },
    }
}

/// The Service, with the label by which the ServiceMonitor of the drift plane finds it.
fn service(config: &Config, name: String) -> Manifest<Spec<Value>> {
    let mut metadata = metadata(config, name.clone());
    let job = config.prometheus.jobs.iter().find(|job| job.plane == Plane::Drift);
    if let Some(job) = job {
        metadata.labels.insert(JOB_LABEL.to_owned(), label_value(&job.job));
    }
    Manifest {
        api_version: "v1",
        kind: "Service",
        metadata,
        body: Spec {
            spec: json!({
                "selector": selected(&name),
                "ports": [{"name": PORT, "port": EXPORTER_PORT, "targetPort": PORT}],
            }),
        },
    }
}

fn cron_job(config: &Config, drift: &DriftWorkload, name: String, schedule: &str) -> Manifest<Spec<Value>> {
    let mut arguments = vec!["drift", "once"];
    if let Some(url) = &drift.pushgateway {
        arguments.extend(["--pushgateway", url]);
    }
    let job = config.prometheus.jobs.iter().find(|job| job.plane == Plane::Drift);
    if let Some(job) = job {
        arguments.extend(["--job", &job.job]);
    }
    let template = template(drift, selected(&name), container(drift, &arguments), Some("Never"));
    Manifest {
        api_version: "batch/v1",
        kind: "CronJob",
        metadata: metadata(config, name),
        body: Spec {
            spec: json!({
                "schedule": schedule,
                // A late run must not overlap with the next one.
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": {"backoffLimit": 1, "template": template}},
            }),
        },
    }
}

fn container(drift: &DriftWorkload, command: &[&str]) -> Value {
    let file = format!("{CONFIG_FOLDER}/modelwatch.toml");
    let arguments: Vec<_> = command.iter().copied().chain(["--config", &file]).collect();
    let mut mounts = vec![json!({"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": true})];
    if drift.volume_claim.is_some() {
        mounts.push(json!({"name": "data", "mountPath": drift.mount_path, "readOnly": true}));
    }
    json!({
        "name": "modelwatch",
        "image": drift.image,
        "command": ["modelwatch"],
        "args": arguments,
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": {"drop": ["ALL"]},
        },
    })
}

fn template(drift: &DriftWorkload, labels: Labels, container: Value, restart: Option<&str>) -> Template {
    let mut volumes = vec![json!({"name": "config", "configMap": {"name": drift.config_map}})];
    if let Some(claim) = &drift.volume_claim {
        volumes.push(json!({"name": "data", "persistentVolumeClaim": {"claimName": claim, "readOnly": true}}));
    }
    let mut spec = json!({"containers": [container], "volumes": volumes});
    if let Some(policy) = restart {
        spec["restartPolicy"] = json!(policy);
    }
    Template {
        metadata: BTreeMap::from([("labels", labels)]),
        spec,
    }
}
