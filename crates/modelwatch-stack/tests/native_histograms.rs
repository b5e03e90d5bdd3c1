//! The rules where Prometheus keeps native histograms and drops the classic ones, as it does by default from 4.0 on.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use modelwatch::{Monitor, Status};
use modelwatch_config::Config;
use modelwatch_stack::recorded;
use modelwatch_stack::rules::{RuleFile, Rules};
use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions, Release};

const MODEL: &str = "flight-delay";

/// Two versions; each scrape finds ten requests more of each, half of them slower than the objective of 350 ms.
fn server() -> MetricsServer {
    let monitor = Monitor::new();
    let models = ["v1", "v2"].map(|version| monitor.model(MODEL, version).register().unwrap());
    MetricsServer::start(move |request| {
        for model in &models {
            let route = model.route("/predict");
            for number in 0..10 {
                let latency = if number % 2 == 0 { 20 } else { 1900 };
                route.record(Status::Success, Duration::from_millis(latency));
                model.record_prediction(0.4);
            }
        }
        let scrape = monitor.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    })
}

/// The rules, evaluated every second; a file that goes with this.
struct RulesOfOneSecond(PathBuf);

impl RulesOfOneSecond {
    fn new(config: &Config, release: Release) -> Self {
        let rules = Rules::new(config).unwrap();
        let mut groups = rules.recording;
        for group in &mut groups {
            group.interval = Some("1s".to_owned());
        }
        let path = std::env::temp_dir().join(format!("modelwatch-native-{}-{release:?}.yml", std::process::id()));
        fs::write(&path, serde_json::to_string(&RuleFile { groups: &groups }).unwrap()).unwrap();
        Self(path)
    }
}

impl Drop for RulesOfOneSecond {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn every_figure_of_a_histogram_is_there(release: Release) {
    let config = Config::parse("modelwatch.toml", include_str!("../../../examples/modelwatch.toml")).unwrap();
    let rules = RulesOfOneSecond::new(&config, release);
    let server = server();
    let prometheus = Prometheus::start(&PrometheusOptions {
        jobs: vec![("model-inference".to_owned(), server.address())],
        target_labels: vec![("environment".to_owned(), config.environment)],
        features: vec!["native-histograms".to_owned()],
        extra_config: format!("rule_files: ['{}']", rules.0.display()),
        release,
        ..PrometheusOptions::default()
    })
    .unwrap();

    // Native buckets are a tenth wide, and within one the quantile is interpolated.
    let slow = 1.7..=2.1;
    let score = 0.36..=0.44;
    let figures = [
        (&recorded::LATENCY_P95, 2, slow.clone()),
        (&recorded::LATENCY_P99, 2, slow.clone()),
        (&recorded::LATENCY_P50, 2, 0.0..=2.1),
        (&recorded::VERSION_LATENCY_P95, 2, slow.clone()),
        (&recorded::OTHERS_LATENCY_P95, 2, slow),
        (&recorded::SLOW_5M, 1, 0.45..=0.55),
        (&recorded::PREDICTIONS, 2, 1e-9..=f64::MAX),
        (&recorded::SCORE_P50, 2, score),
        // Both versions have the same scores, and eleven edges.
        (&recorded::SCORE_BELOW, 22, 0.0..=1.0),
        (&recorded::SCORE_DISTANCE, 2, 0.0..=0.05),
        (&recorded::SLOW_NOW, 2, 1e-9..=f64::MAX),
    ];
    let deadline = Instant::now() + Duration::from_secs(60);
    for (series, count, right) in figures {
        loop {
            let answer = prometheus.query(series.name).unwrap();
            if answer.len() == count && answer.iter().all(|(_, value)| right.contains(value)) {
                break;
            }
            assert!(Instant::now() < deadline, "{}: {answer:?}", series.name);
            std::thread::sleep(Duration::from_millis(300));
        }
    }
    for classic in ["ml_inference_latency_seconds_bucket", "ml_prediction_score_count"] {
        assert_eq!(
            prometheus.query(classic).unwrap(),
            [],
            "{classic} makes the test prove nothing"
        );
    }
}

#[test]
fn judged_rules_read_native_histograms_where_there_are_no_classic_ones() {
    every_figure_of_a_histogram_is_there(Release::System);
}

#[test]
fn judged_rules_read_native_histograms_in_the_newer_release() {
    every_figure_of_a_histogram_is_there(Release::Newer);
}
