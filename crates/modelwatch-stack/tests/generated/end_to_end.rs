//! From a service that fails to whoever is told: real Prometheus, our rules, real Alertmanager, a webhook.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use modelwatch_config::Config;
use modelwatch_stack::known::{self, ALERTS};
use modelwatch_stack::rules::{Group, RuleFile, Rules};
use modelwatch_testkit::{Alertmanager, MetricsServer, Page, Posted, Prometheus, PrometheusOptions, Release, http_get};
use serde_json::Value as Json;

use crate::inbox;
use crate::support::{Folder, example};

/// A name that would break anything that pastes it into a text.
const MODEL: &str = r#"claims "risk" {{ 1 }} & é"#;

#[test]
fn judged_a_failing_version_reaches_its_owner_with_figures_and_links() {
    a_failing_version_reaches_its_owner(Release::System);
}

#[test]
fn judged_a_failing_version_reaches_its_owner_with_figures_and_links_in_the_newer_release() {
    a_failing_version_reaches_its_owner(Release::Newer);
}

fn a_failing_version_reaches_its_owner(release: Release) {
    let (hook, told) = inbox::http();
    let config = config(hook);
    let folder = Folder::generated(&config);
    let alertmanager = Alertmanager::start(release, &folder.quick_routing()).unwrap();

    // The same rules, held for no time and evaluated all the time.
    let rules = Rules::new(&config).unwrap();
    for (name, groups) in [("recording.yml", rules.recording), ("alerts.yml", rules.alerts)] {
        folder.write(
            name,
            &serde_json::to_string(&RuleFile {
                groups: &at_once(groups),
            })
            .unwrap(),
        );
    }
    let server = failing_service();
    let mut options = PrometheusOptions::scraping(server.address()).release(release);
    options.target_labels = vec![("environment".to_owned(), config.environment.clone())];
    options.extra_config = format!(
        "rule_files: ['{}', '{}']\nalerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}",
        folder.path("recording.yml").display(),
        folder.path("alerts.yml").display(),
        alertmanager.address(),
    );
    let prometheus = Prometheus::start(&options).unwrap();

    let [alert, alive] = wait_for(&told, ["MLCanaryErrorRateHigh", "MLWatchdog"]);
    assert_eq!(alive["receiver"], "modelwatch-watchdog");
    assert_eq!(alert["receiver"], "ml-platform-page");
    let (labels, annotations) = (&alert["labels"], &alert["annotations"]);
    assert_eq!(labels["severity"], "page");
    assert_eq!(labels["team"], "ml-platform");
    assert_eq!(labels["model_name"], MODEL);
    let description = annotations["description"].as_str().unwrap();
    for part in [
        MODEL,
        "version canary",
        "the share of failing requests is ",
        "the threshold is 2%",
    ] {
        assert!(description.contains(part), "{part}: {description}");
    }
    assert_eq!(
        annotations["dashboard_url"],
        "https://grafana.example.com/d/modelwatch-triage?var-environment=production&\
         var-model=claims+%22risk%22+%7B%7B+1+%7D%7D+%26+%C3%A9"
    );
    assert_eq!(
        annotations["runbook_url"],
        "https://runbooks.example.com/modelwatch/MLCanaryErrorRateHigh.md"
    );
    let query = annotations["query"].as_str().unwrap();
    assert_eq!(
        query,
        r#"version:ml_inference_error_rate:ratio_lately{model_name="claims \"risk\" {{ 1 }} & é", stack="modelwatch", environment="production"}"#
    );
    assert!(!alert.to_string().contains("error expanding"), "{alert}");

    consequences_are_silenced(&alertmanager);
    every_sentence_is_filled_in(prometheus.address());
}

/// Every alert that one service in trouble can raise is raised, and its texts name what its labels name.
fn every_sentence_is_filled_in(prometheus: SocketAddr) {
    // What needs hours, or the absence of what others need.
    let others = [
        &known::TRAFFIC_GONE,
        &known::TARGET_DOWN,
        &known::DRIFT_JOB_MISSING,
        &known::CLIENT_ERRORS_HIGH,
        &known::RUNTIME_LATE,
        &known::REPLICA_FAILING,
        &known::REPLICA_SLOW,
        &known::VERSION_UNREGISTERED,
        &known::LATENCY_MISSING,
        &known::RULES_FAILING,
        &known::NOTIFICATIONS_FAILING,
        &known::DEFAULTED_RATIO_HIGH,
        &known::MANY_FAILING,
        &known::MANY_SLOW,
        &known::ONE_NAME,
        &known::VERSION_DRIFT,
        &known::JOINT_DRIFT,
        &known::PERFORMANCE_FELL,
        &known::ESTIMATE_FELL,
        &known::CALIBRATION_OFF,
        &known::LABELS_STOPPED,
        &known::DRIFT_JOB_BLIND,
    ];
    let mut waits_for: BTreeSet<_> = ALERTS
        .iter()
        .filter(|kind| !others.contains(kind))
        .map(|kind| kind.name)
        .collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !waits_for.is_empty() {
        assert!(Instant::now() < deadline, "these were never raised: {waits_for:?}");
        let answer = http_get(prometheus, "/api/v1/alerts", &[]).unwrap();
        let answer: Json = serde_json::from_slice(&answer.body).unwrap();
        for alert in answer["data"]["alerts"].as_array().unwrap() {
            let name = alert["labels"]["alertname"].as_str().unwrap();
            waits_for.remove(name);
            let annotations = alert["annotations"].as_object().unwrap();
            for key in [
                "summary",
                "description",
                "dashboard_url",
                "runbook_url",
                "query",
                "query_url",
            ] {
                let text = annotations[key].as_str().unwrap();
                for wrong in ["error expanding", "<no value>", "{{ printf", "{{ $", "%!"] {
                    assert!(!text.contains(wrong), "{name}: {key}: {text}");
                }
            }
            let description = annotations["description"].as_str().unwrap();
            for label in [
                "model_name",
                "model_version",
                "route",
                "feature_name",
                "class",
                "outcome",
            ] {
                if let Some(value) = alert["labels"][label].as_str() {
                    assert!(
                        description.contains(value),
                        "{name} does not name {label} {value}: {description}"
                    );
                }
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The model's tickets about serving are held back by its page.
fn consequences_are_silenced(alertmanager: &Alertmanager) {
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        let alerts = alertmanager.alerts().unwrap();
        let mut tickets = alerts.iter().filter(|alert| {
            let labels = &alert["labels"];
            labels["severity"] == "ticket" && labels["plane"] == "inference" && labels["model_name"] == MODEL
        });
        let inhibited = |alert: &Json| {
            alert["status"]["inhibitedBy"]
                .as_array()
                .is_some_and(|by| !by.is_empty())
        };
        if tickets.clone().count() > 0 && tickets.all(inhibited) {
            return;
        }
        assert!(Instant::now() < deadline, "no ticket that is inhibited: {alerts:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The example, with a model of an odd name and a webhook for everybody.
fn config(hook: SocketAddr) -> Config {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text
        .replace("name = \"flight-delay\"", &format!("name = '{MODEL}'"))
        .replace("latency_objective = 0.95", "latency_objective = 0.99")
        .replace("job = \"model-inference\"", "job = \"modelwatch\"")
        .replace(
            "https://hc.example.com/ping/modelwatch",
            &format!("http://{hook}/alive"),
        );
    let teams: Vec<_> = ["ml-platform", "applied-ml", "data-platform"]
        .iter()
        .map(|team| format!("[teams.{team}]\nwebhook = {{ url = \"http://{hook}/\" }}\n"))
        .collect();
    let (before, after) = text.split_once("[teams.ml-platform]").unwrap();
    let (_, after) = after.split_once("[owners]").unwrap();
    let text = format!("{before}{}[owners]{after}", teams.concat());
    Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What a wait inside an expression looks like, up to its seconds.
const SINCE: &str = ":since_timestamp_seconds{stack=\"modelwatch\"}) >= ";

fn at_once(mut groups: Vec<Group>) -> Vec<Group> {
    for group in &mut groups {
        group.interval = None;
        for rule in &mut group.rules {
            rule.for_ = rule.for_.as_ref().map(|_| "0s".to_owned());
            // What counts from when something began waits inside its expression.
            let mut expr = String::new();
            let mut rest = rule.expr.as_str();
            while let Some((before, after)) = rest.split_once(SINCE) {
                expr += before;
                expr += SINCE;
                expr += "0";
                rest = after.trim_start_matches(|character: char| character.is_ascii_digit());
            }
            rule.expr = expr + rest;
        }
    }
    groups
}

/// A service in every trouble at once: a canary half of whose requests fail, slow, saturated, with broken features, drift, and
/// a drift job that fails.
fn failing_service() -> MetricsServer {
    let started = Instant::now();
    MetricsServer::start(move |_| {
        let model = format!("model_name=\"{}\"", MODEL.replace('\\', "\\\\").replace('"', "\\\""));
        let mut body = String::new();
        let mut sample = |name: &str, labels: &str, value: f64| body += &format!("{name}{{{labels}}} {value}\n");
        let all = (started.elapsed().as_millis() / 10) as f64;
        for (version, failed, le, counted) in [("stable", 0.0, "0.1", all), ("canary", 0.5, "0.9", 0.4 * all)] {
            let labels = format!("{model},model_version=\"{version}\"");
            let route = format!("{labels},route=\"/predict\"");
            for (status, share) in [("success", 1.0 - failed), ("error", failed)] {
                let labels = format!("{route},status=\"{status}\"");
                sample("ml_inference_requests_total", &labels, counted * share);
            }
            for (edge, seconds) in [("0.35", 0.35), ("2", 2.0), ("+Inf", f64::INFINITY)] {
                let within = if version == "stable" || seconds > 1.0 {
                    counted
                } else {
                    0.0
                };
                let labels = format!("{route},le=\"{edge}\"");
                sample("ml_inference_latency_seconds_bucket", &labels, within);
            }
            sample("ml_inference_latency_seconds_count", &route, counted);
            for edge in ["0.1", "0.8", "0.9", "+Inf"] {
                let within = if edge >= le || edge == "+Inf" { counted } else { 0.0 };
                sample("ml_prediction_score_bucket", &format!("{labels},le=\"{edge}\""), within);
            }
            sample("ml_prediction_score_count", &labels, counted);
            sample("ml_prediction_non_finite_total", &labels, counted);
            sample(
                "ml_prediction_class_total",
                &format!("{labels},class=\"{version}\""),
                counted,
            );
            sample(
                "ml_business_outcome_total",
                &format!("{labels},outcome=\"{version}\""),
                counted,
            );
            sample("ml_inference_in_flight", &labels, 1000.0);
            sample("ml_model_info", &format!("{labels},framework=\"\""), 1.0);
        }
        let counted = all;
        for (version, share) in [("stable", 0.0), ("canary", 1.0)] {
            let labels = format!("{model},model_version=\"{version}\",feature_name=\"hour\"");
            sample("ml_feature_observations_total", &labels, counted);
            for fault in ["missing", "out_of_range"] {
                sample(&format!("ml_feature_{fault}_total"), &labels, counted * share);
            }
        }
        for gauge in ["ml_data_drift_score", "ml_data_drift_detected"] {
            sample(gauge, &format!("{model},feature_name=\"hour\""), 1.0);
        }
        for gauge in [
            "ml_prediction_drift_score",
            "ml_prediction_drift_detected",
            "ml_drift_last_success_timestamp_seconds",
            "ml_drift_baseline_timestamp_seconds",
        ] {
            sample(gauge, &model, 1.0);
        }
        sample("ml_drift_runs_total", &format!("{model},result=\"failure\""), counted);
        sample(
            "ml_prediction_log_records_total",
            &format!("{model},result=\"dropped\""),
            counted,
        );
        sample("ml_inference_queue_depth", &model, 1000.0);
        sample("ml_label_overflow_total", "label=\"route\"", counted);
        sample("process_start_time_seconds", "", counted);
        let stranger = "model_name=\"stranger\",model_version=\"1\",framework=\"\"";
        sample("ml_model_info", stranger, 1.0);
        Page {
            content_type: "text/plain; version=0.0.4".to_owned(),
            body: body.into_bytes(),
            ..Page::default()
        }
    })
}

/// The alerts of these names, each with the receiver it went to.
fn wait_for(told: &Receiver<Posted>, names: [&str; 2]) -> [Json; 2] {
    // An alert that fires before Prometheus has discovered its Alertmanager is sent again after a minute.
    let deadline = Instant::now() + Duration::from_secs(180);
    let mut seen = BTreeMap::new();
    while let Ok(told) = told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        let notification = told.json();
        for alert in notification["alerts"].as_array().into_iter().flatten() {
            let mut alert = alert.clone();
            alert["receiver"] = notification["receiver"].clone();
            let name = alert["labels"]["alertname"].as_str().unwrap().to_owned();
            seen.entry(name).or_insert(alert);
        }
        if names.iter().all(|name| seen.contains_key(*name)) {
            return names.map(|name| seen[name].clone());
        }
    }
    panic!("nobody was told of {names:?}; only of {:?}", seen.keys())
}
