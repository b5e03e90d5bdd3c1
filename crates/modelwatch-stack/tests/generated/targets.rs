//! Targets as they are: found, authorized, relabelled, or scraped by somebody else's Prometheus.

use modelwatch_config::Config;
use modelwatch_stack::generate;
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

use crate::support::{Folder, example, run, run_one};

/// The example with this in place of its first job's targets, and these lines at the head of `[prometheus]`.
fn config(prometheus: &str, job: &str) -> Config {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text
        .replacen("[prometheus]\n", &format!("[prometheus]\n{prometheus}\n"), 1)
        .replacen("targets = [\"model-api:8000\"]\n", &format!("{job}\n"), 1)
        .replacen("service = \"model-api\"", "service = \"model-$api\"", 1);
    Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// Debian builds no Prometheus 2.42 with the discovery of Kubernetes.
#[test]
fn judged_the_newer_release_takes_pods_of_kubernetes() {
    for job in [
        "kubernetes = { namespaces = [\"ml\"], label = \"app=model-api\" }",
        "kubernetes = { label = \"app=model-api\", port = \"http-metrics\" }",
    ] {
        let folder = Folder::generated(&config("", job));
        let file = [folder.path("prometheus/prometheus.yml")];
        run_one(Release::Newer, "promtool", &["check", "config"], &file).unwrap();
    }
}

/// Debian builds no Prometheus with the discovery of Consul, so its keys are those of Prometheus' reference.
#[test]
fn consul_is_asked_for_services_by_name() {
    let job = first_job(&config(
        "",
        "consul = { server = \"consul:8500\", services = [\"model-api\"] }",
    ));
    assert_eq!(
        job["consul_sd_configs"],
        json!([{"server": "consul:8500", "services": ["model-api"]}])
    );
}

/// The first job as Prometheus is told of it.
fn first_job(config: &Config) -> Json {
    let files = generate(config).unwrap();
    let file = files
        .iter()
        .find(|file| file.path == "prometheus/prometheus.yml")
        .unwrap();
    let document: Json = serde_saphyr::from_str(&file.contents).unwrap();
    document["scrape_configs"][0].clone()
}

#[test]
fn judged_both_releases_take_every_way_to_find_and_to_reach_a_target() {
    let folder = Folder::new();
    for secret in ["ca.pem", "cert.pem", "key.pem", "token", "password"] {
        folder.write(secret, "");
    }
    let path = |file: &str| folder.path(file).display().to_string();
    let tls = format!(
        "scheme = \"https\"\ntls = {{ ca_file = \"{}\", cert_file = \"{}\", key_file = \"{}\", server_name = \"model-api\", \
         insecure_skip_verify = true }}",
        path("ca.pem"),
        path("cert.pem"),
        path("key.pem")
    );
    for job in [
        "dns = [\"_metrics._tcp.models.example.com\"]".to_owned(),
        "dns = { names = [\"models.example.com\"], port = 8000 }".to_owned(),
        "files = [\"targets/*.yml\"]\ntargets = [\"model-api:8000\"]".to_owned(),
        "http = [\"https://inventory.example.com/models\"]".to_owned(),
        "scrape_config = { honor_labels = true, sample_limit = 5_000, puppetdb_sd_configs = [{ url = \"http://puppetdb\", \
         query = \"resources {}\", port = 8000, include_parameters = false }] }"
            .to_owned(),
        format!("{tls}\ntargets = [\"model-api:8000\"]"),
        format!(
            "targets = [\"model-api:8000\"]\nauthorization = {{ credentials_file = \"{}\" }}",
            path("token")
        ),
        format!(
            "targets = [\"model-api:8000\"]\nbasic_auth = {{ username = \"p\", password_file = \"{}\" }}",
            path("password")
        ),
        "dns = [\"a\"]\nrelabel_configs = [{ source_labels = [\"__address__\"], regex = \"(.+):.*\", target_label = \"node\" }]\n\
         metric_relabel_configs = [{ action = \"labeldrop\", regex = \"pod_ip\" }]"
            .to_owned(),
    ] {
        let config = config("", &job);
        Folder::generated(&config).judge_configurations();
    }
}

#[test]
fn a_target_that_is_found_has_the_labels_of_one_that_is_listed() {
    let job = first_job(&config(
        "",
        "dns = [\"a\"]\nrelabel_configs = [{ target_label = \"zone\", replacement = \"b\" }]",
    ));
    assert_eq!(job.get("static_configs"), None);
    assert_eq!(
        job["relabel_configs"],
        json!([
            {"target_label": "service", "replacement": "model-$$api"},
            {"target_label": "environment", "replacement": "production"},
            {"target_label": "zone", "replacement": "b"},
        ])
    );
}

#[test]
fn only_the_named_port_of_a_pod_is_scraped() {
    let job = first_job(&config("", "kubernetes = { label = \"app=model-api\" }"));
    let keep = &job["relabel_configs"][2];
    assert_eq!(
        keep["source_labels"],
        json!(["__meta_kubernetes_pod_container_port_name"])
    );
    assert_eq!((&keep["regex"], &keep["action"]), (&json!("metrics"), &json!("keep")));
}

#[test]
fn judged_each_release_is_given_the_keys_it_knows() {
    for (minimum, key) in [
        ("2.42", None),
        ("2.45", Some("scrape_classic_histograms")),
        ("v2.53.1", Some("scrape_classic_histograms")),
        ("3.0", Some("always_scrape_classic_histograms")),
    ] {
        let config = config(
            &format!("minimum_version = \"{minimum}\""),
            "targets = [\"model-api:8000\"]",
        );
        let job = first_job(&config);
        for known in ["scrape_classic_histograms", "always_scrape_classic_histograms"] {
            let expected = (key == Some(known)).then_some(&Json::Bool(true));
            assert_eq!(job.get(known), expected, "{minimum}: {known}");
        }
        if minimum == "3.0" {
            let folder = Folder::generated(&config);
            let file = [folder.path("prometheus/prometheus.yml")];
            run_one(Release::Newer, "promtool", &["check", "config"], &file).unwrap();
            let refused = run_one(Release::System, "promtool", &["check", "config"], &file).unwrap_err();
            assert!(refused.contains("always_scrape_classic_histograms"), "{refused}");
        }
    }
}

#[test]
fn judged_somebody_else_s_configurations_are_left_alone_and_take_the_fragment() {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text
        .replacen(
            "[prometheus]\n",
            "[alertmanager]\nmanage = false\n[prometheus]\nmanage = false\n",
            1,
        )
        .replacen("targets = [\"model-api:8000\"]\n", "", 1);
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let files = generate(&config).unwrap();
    for theirs in [
        "prometheus/prometheus.yml",
        "alertmanager/alertmanager.yml",
        "compose.yaml",
    ] {
        assert!(!files.iter().any(|file| file.path == theirs), "{theirs}");
    }
    assert!(
        files
            .iter()
            .any(|file| file.path == "prometheus/rules/ml-alert-rules.yml")
    );
    let fragment = files
        .iter()
        .find(|file| file.path == "alertmanager/modelwatch-fragment.yml");
    let mut ours: Json = serde_saphyr::from_str(&fragment.unwrap().contents).unwrap();

    // Each list of the fragment goes into the list of that name.
    let folder = Folder::generated(&config);
    let routes = ours.as_object_mut().unwrap().remove("routes").unwrap();
    let mut theirs =
        json!({"route": {"receiver": "everybody", "routes": routes}, "receivers": [{"name": "everybody"}]});
    for (key, items) in ours.as_object().unwrap() {
        let list = theirs[key].as_array().cloned().unwrap_or_default();
        theirs[key] = Json::Array([list, items.as_array().unwrap().clone()].concat());
    }
    folder.write("alertmanager/theirs.yml", &theirs.to_string());
    let file = folder.path("alertmanager/theirs.yml");
    run("amtool", &["check-config"], std::slice::from_ref(&file));
    let config_file = format!("--config.file={}", file.display());
    for (alert, receiver) in [("MLTrafficGone", "ml-platform-page"), ("TheirOwn", "everybody")] {
        let verify = format!("--verify.receivers={receiver}");
        let labels = ["stack=modelwatch", "team=ml-platform", "severity=page", "model_name=m"];
        let alert = format!("alertname={alert}");
        let mut arguments = vec!["config", "routes", "test", &config_file, &verify, &alert];
        arguments.extend(labels);
        run("amtool", &arguments, &[]);
    }
}

#[test]
fn judged_any_other_receiver_is_passed_through_for_pages_or_for_both() {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text.replace(
        "[teams.data-platform]",
        "[teams.every]\n\
         slack = { channel = \"#x\", api_url_file = \"/secrets/slack\" }\n\
         receivers = { slack_configs = [{ channel = \"#y\", api_url_file = \"/s\" }] }\n\
         page_receivers = { opsgenie_configs = [{ api_key_file = \"/s\", message = '{{ template \"modelwatch.title\" . }}' }] }\n\
         [teams.data-platform]",
    );
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let folder = Folder::generated(&config);
    folder.judge_configurations();
    let files = generate(&config).unwrap();
    let routing = files
        .iter()
        .find(|file| file.path == "alertmanager/alertmanager.yml")
        .unwrap();
    let routing: Json = serde_saphyr::from_str(&routing.contents).unwrap();
    let receiver = |name: &str| {
        let mut all = routing["receivers"].as_array().unwrap().iter();
        all.find(|receiver| receiver["name"] == name).unwrap().clone()
    };
    for name in ["every-page", "every-ticket"] {
        assert_eq!(receiver(name)["slack_configs"].as_array().unwrap().len(), 2, "{name}");
    }
    assert_eq!(receiver("every-page")["opsgenie_configs"][0]["api_key_file"], "/s");
    assert_eq!(receiver("every-ticket").get("opsgenie_configs"), None);
}
