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
    kubernetes_schema_check(&manifests).unwrap();
    let kinds = |kind: &str| {
        let line = format!("kind: {kind}\n");
        manifests.iter().filter(|(_, text)| text.contains(&line)).count()
    };
    assert_eq!(kinds("ServiceMonitor"), 2, "two scrape jobs that services serve");
    assert_eq!(kinds("ConfigMap"), 2, "two dashboards");
    assert_eq!(kinds("PersesDashboard"), 2, "the same two");
    assert!(kinds("PrometheusRule") > 0 && kinds("Secret") == 1);
}

/// The example with this at its end.
fn with(text: &str) -> Config {
    let text = format!("{}\n{text}", include_str!("../../../examples/modelwatch.toml"));
    Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn manifests(files: &[File]) -> Vec<(String, &str)> {
    let manifests = files
        .iter()
        .filter_map(|file| Some((file.path.strip_prefix("kubernetes/")?, file)));
    manifests
        .map(|(name, file)| (name.replace('/', "-"), file.contents.as_str()))
        .collect()
}

fn judge(files: &[File]) {
    let manifests = manifests(files);
    let named: Vec<_> = manifests.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    kubernetes_schema_check(&named).unwrap();
}

#[test]
fn judged_a_cluster_has_its_namespaces_and_labels() {
    let config = with(
        "[kubernetes]\nnamespace = \"monitoring\"\nlabels = { release = \"prometheus\" }\nservice_namespaces = [\"ml\", \"ml-2\"]\n",
    );
    let files = generate(&config).unwrap();
    judge(&files);
    for (name, text) in manifests(&files) {
        let manifest: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(manifest["metadata"]["namespace"], "monitoring", "{name}");
        assert_eq!(manifest["metadata"]["labels"]["release"], "prometheus", "{name}");
        if manifest["kind"] == "ServiceMonitor" {
            let selected = &manifest["spec"]["namespaceSelector"]["matchNames"];
            assert_eq!(selected, &serde_json::json!(["ml", "ml-2"]));
            assert_eq!(manifest["spec"]["scrapeClassicHistograms"], true);
        }
    }
    let files = generate(&with("[kubernetes]\nany_service_namespace = true\n")).unwrap();
    judge(&files);
    let monitors = manifests(&files)
        .into_iter()
        .filter(|(name, _)| name.starts_with("service-monitors"));
    for (name, text) in monitors {
        let monitor: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(monitor["spec"]["namespaceSelector"]["any"], true, "{name}");
    }
}

#[test]
fn judged_a_monitor_reaches_services_as_the_scrape_job_does() {
    let text = include_str!("../../../examples/modelwatch.toml").replacen(
        "targets = [\"model-api:8000\"]",
        "targets = [\"model-api:8000\"]\ntls = { ca_file = \"/ca\", server_name = \"model-api\" }\n\
         authorization = { credentials_file = \"/token\" }\n\
         relabel_configs = [{ source_labels = [\"__meta_kubernetes_pod_node_name\"], target_label = \"node\" }]\n\
         metric_relabel_configs = [{ action = \"labeldrop\", regex = \"pod_ip\" }]",
        1,
    );
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let files = generate(&config).unwrap();
    judge(&files);
    let monitor = files
        .iter()
        .find(|file| file.path.contains("service-monitors/modelwatch-model-inference"));
    let monitor = yaml(&files, &monitor.unwrap().path);
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(endpoint["scheme"], "https");
    assert_eq!(endpoint["tlsConfig"]["caFile"], "/ca");
    assert_eq!(
        endpoint["authorization"]["credentials"]["name"],
        monitor["metadata"]["name"]
    );
    assert_eq!(
        endpoint["relabelings"][3]["sourceLabels"][0],
        "__meta_kubernetes_pod_node_name"
    );
    assert_eq!(endpoint["metricRelabelings"][0]["action"], "labeldrop");
}

#[test]
fn judged_the_drift_job_runs_as_an_exporter_or_at_its_times() {
    let config =
        with("[kubernetes.drift]\nimage = \"registry.example.com/modelwatch:0.1.0\"\nvolume_claim = \"log\"\n");
    let files = generate(&config).unwrap();
    judge(&files);
    let deployment = yaml(&files, "kubernetes/drift/deployment.yml");
    let service = yaml(&files, "kubernetes/drift/service.yml");
    let pod = &deployment["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"], service["spec"]["selector"]);
    assert_eq!(
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"]
    );
    assert_eq!(service["spec"]["ports"][0]["name"], "metrics");
    let monitor = files
        .iter()
        .find(|file| file.path.contains("service-monitors/modelwatch-drift-exporter"));
    let monitor = yaml(&files, &monitor.unwrap().path);
    let label = "modelwatch.dev/job";
    assert_eq!(
        service["metadata"]["labels"][label],
        monitor["spec"]["selector"]["matchLabels"][label]
    );

    let config = with(
        "[kubernetes.drift]\nimage = \"modelwatch\"\nschedule = \"*/15 * * * *\"\npushgateway = \"http://pushgateway:9091\"\n",
    );
    let files = generate(&config).unwrap();
    judge(&files);
    assert!(!files.iter().any(|file| file.path == "kubernetes/drift/deployment.yml"));
    let job = yaml(&files, "kubernetes/drift/cron-job.yml");
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].to_string();
    assert!(
        arguments.starts_with(r#"["drift","once","--pushgateway","http://pushgateway:9091""#),
        "{arguments}"
    );
}

/// kubectl keeps each manifest in an annotation of at most 256 KiB.
#[test]
fn judged_two_hundred_models_of_their_own_settings_apply_to_a_cluster() {
    let base = include_str!("../../../examples/modelwatch.toml");
    let mut text = base.to_owned();
    for model in 0..200 {
        text += &format!(
            "\n[[models]]\nname = \"model-{model}\"\nroutes = [\"/predict\"]\ncritical_features = [\"a\", \"b\"]\n\
             thresholds = {{ error_ratio = 0.{:04}, minimum_requests = {}, missing_ratio = 0.{:04}, score_shift = 0.{:04} }}\n",
            model + 1,
            model + 1,
            model + 1,
            model + 1,
        );
    }
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let files = generate(&config).unwrap();
    let mut rules = 0;
    let mut names = std::collections::BTreeSet::new();
    for (name, text) in manifests(&files) {
        let manifest: Value = serde_saphyr::from_str(text).unwrap();
        let size = serde_json::to_string(&manifest).unwrap().len();
        assert!(size < 256 << 10, "{name} has {size} bytes");
        if manifest["kind"] == "PrometheusRule" {
            rules += 1;
            for group in manifest["spec"]["groups"].as_array().unwrap() {
                assert!(names.insert(group["name"].to_string()), "{} twice", group["name"]);
            }
        }
    }
    assert!(rules > 1, "more than one manifest takes");
    let parts: Vec<_> = files
        .iter()
        .filter(|file| file.path.contains("prometheus-rules"))
        .cloned()
        .collect();
    judge(&parts);
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
    let rules = |paths: &[&str], at: &str| {
        let groups = paths.iter().flat_map(|path| {
            let groups = yaml(&files, path).pointer(at).unwrap().as_array().unwrap().clone();
            groups
                .into_iter()
                .flat_map(|group| group["rules"].as_array().unwrap().clone())
        });
        groups.collect::<Vec<_>>()
    };
    let manifests: Vec<_> = files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| path.contains("prometheus-rules/"))
        .collect();
    let given = rules(&manifests, "/spec/groups");
    assert!(given.len() > 50);
    assert_eq!(given, rules(&[RECORDING_FILE, ALERT_FILE], "/groups"));
}

#[test]
fn the_operator_s_alertmanager_is_given_the_routing_of_the_file() {
    let files = files();
    let secret = yaml(&files, "kubernetes/alertmanager.yml");
    let given = secret["stringData"]["alertmanager.yaml"].as_str().unwrap();
    let given: Value = serde_saphyr::from_str(given).unwrap();
    let mut expected = yaml(&files, "alertmanager/alertmanager.yml");
    expected["templates"] = serde_json::json!(["/etc/alertmanager/config/modelwatch.tmpl"]);
    assert_eq!(given, expected);
    assert_eq!(
        secret["stringData"]["modelwatch.tmpl"],
        contents(&files, "alertmanager/modelwatch.tmpl")
    );
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
