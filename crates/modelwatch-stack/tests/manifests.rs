//! What Kubernetes and Docker are given.

use modelwatch_config::Config;
use modelwatch_stack::rules::{ALERT_FILE, RECORDING_FILE};
use modelwatch_stack::{File, generate};
use modelwatch_testkit::{Release, kubernetes_schema_check};
use serde_json::Value;

fn files() -> Vec<File> {
    let config = Config::parse("modelwatch.toml", include_str!("../../../examples/modelwatch.toml")).unwrap();
    generate(&config).unwrap()
}

fn contents<'a>(files: &'a [File], path: &str) -> &'a str {
    let file = files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("no {path}")).contents
}

fn yaml(files: &[File], path: &str) -> Value {
    serde_saphyr::from_str(contents(files, path)).unwrap()
}

#[test]
fn judged_kubernetes_takes_every_manifest() {
    let files = files();
    let names: Vec<_> = files
        .iter()
        .filter_map(|file| {
            file.path
                .strip_prefix("kubernetes/")
                .map(|name| (name.replace('/', "-"), file))
        })
        .collect();
    let manifests: Vec<_> = names
        .iter()
        .map(|(name, file)| (name.as_str(), file.contents.as_str()))
        .collect();
    assert_eq!(manifests.len(), 5, "two scrape jobs, the rules, two dashboards");
    kubernetes_schema_check(&manifests).unwrap();
}

#[test]
fn judged_a_manifest_with_one_wrong_field_is_refused() {
    let files = files();
    let monitor = &files
        .iter()
        .find(|file| file.path.contains("service-monitors"))
        .unwrap()
        .contents;
    for (right, wrong) in [
        ("interval: 1m", "interval: 1 m"),
        ("scrapeTimeout:", "scrapeTimeOut:"),
        ("kind: ServiceMonitor", "kind: ServiceMonitors"),
        ("matchLabels:", "labels:"),
    ] {
        let broken = monitor.replacen(right, wrong, 1);
        assert_ne!(&broken, monitor, "{right}");
        kubernetes_schema_check(&[("broken", &broken)]).expect_err(wrong);
    }
}

#[test]
fn the_operator_is_given_the_rules_of_the_rule_files() {
    let files = files();
    let mut groups = Vec::new();
    for path in [RECORDING_FILE, ALERT_FILE] {
        groups.extend(yaml(&files, path)["groups"].as_array().unwrap().clone());
    }
    assert!(groups.len() > 5);
    let rule = yaml(&files, "kubernetes/prometheus-rule.yml");
    assert_eq!(rule["spec"]["groups"], Value::Array(groups));
}

#[test]
fn the_sidecar_is_given_the_dashboards_of_the_dashboard_files() {
    let files = files();
    let dashboards = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("grafana/dashboards/"));
    for name in dashboards {
        let stem = name.strip_suffix(".json").unwrap();
        let map = yaml(&files, &format!("kubernetes/dashboards/{stem}.yml"));
        assert_eq!(
            map["data"][name],
            contents(&files, &format!("grafana/dashboards/{name}"))
        );
        assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    }
}

#[test]
fn judged_a_job_of_any_name_keeps_it_as_a_label_of_its_series() {
    let text = include_str!("../../../examples/modelwatch.toml").replace("model-inference", "$1 & «co»");
    let config = Config::parse("modelwatch.toml", &text).unwrap();
    let files = generate(&config).unwrap();
    let monitor = files
        .iter()
        .find(|file| file.contents.contains("«co»") && file.contents.contains("ServiceMonitor"));
    let monitor = monitor.unwrap();
    kubernetes_schema_check(&[("monitor", &monitor.contents)]).unwrap();
    let monitor = yaml(&files, &monitor.path);
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(endpoint["relabelings"][0]["replacement"], "$$1 & «co»");
    let label = monitor["spec"]["selector"]["matchLabels"]["modelwatch.dev/job"]
        .as_str()
        .unwrap();
    assert!(
        label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        "{label}"
    );
}

#[test]
fn every_folder_that_docker_mounts_is_generated() {
    let files = files();
    let compose = yaml(&files, "compose.yaml");
    let mut folders = Vec::new();
    for service in compose["services"].as_object().unwrap().values() {
        let mounts = service["volumes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mount| mount.as_str().unwrap());
        for mount in mounts {
            let mut parts = mount.split(':');
            let source = parts.next().unwrap();
            match source.strip_prefix("./") {
                Some(folder) => folders.push(folder.to_owned()),
                None => assert!(compose["volumes"].get(source).is_some(), "{source} is declared"),
            }
        }
        let port = service["ports"][0].as_str().unwrap();
        assert!(
            port.starts_with("127.0.0.1:"),
            "{port}: reachable from this machine alone"
        );
    }
    for folder in folders {
        let generated = files.iter().any(|file| file.path.starts_with(&format!("{folder}/")));
        assert!(generated, "{folder}");
    }
    let provider = yaml(&files, "grafana/provisioning/dashboards/modelwatch.yml");
    let path = provider["providers"][0]["options"]["path"].as_str().unwrap();
    let mounts = compose["services"]["grafana"]["volumes"].to_string();
    assert!(mounts.contains(&format!("./grafana/dashboards:{path}:ro")), "{mounts}");
}

/// The major and minor version in a text such as `prom/prometheus:v3.5.3` or `prometheus, version 3.5.3+ds1 (branch: …)`.
fn version(text: &str) -> (u32, u32) {
    let number = text
        .split(['v', ' '])
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let mut parts = number.unwrap_or_else(|| panic!("no version in {text}")).split('.');
    let mut part = || parts.next().unwrap().parse().unwrap();
    (part(), part())
}

#[test]
fn judged_docker_starts_no_release_that_was_never_tried() {
    let compose = yaml(&files(), "compose.yaml");
    for (service, tool) in [
        ("prometheus", "prometheus"),
        ("alertmanager", "prometheus-alertmanager"),
    ] {
        let image = compose["services"][service]["image"].as_str().unwrap();
        let output = Release::Newer.tool(tool).arg("--version").output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let (named, tried) = (version(image), version(&said));
        assert!(
            named <= tried && named.0 == tried.0,
            "{image}, but the tests run {said}"
        );
    }
}
