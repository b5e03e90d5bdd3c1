//! Values for a service's own tests are those of the page.

use std::time::Duration;

use modelwatch::{Feature, FeatureValue, Format, Limits, Monitor, Stage, Status, ValueError, contract};
use modelwatch_testkit::MetricsPage;

type AskedLabels<'a> = &'a [(&'a str, &'a str)];

fn watched() -> Monitor {
    let monitor = Monitor::builder().service_version("1").build().expect("valid");
    for (version, count) in [("1", 3), ("2", 5)] {
        let features = [Feature::numeric("income").range(0.0..=1.0)];
        let model = monitor
            .model("m", version)
            .features(features)
            .register()
            .expect("valid");
        for number in 0..count {
            let latency = Duration::from_millis(20 * number);
            model.route("predict").record(Status::Success, latency);
            model.route("explain").record(Status::Error, latency);
            model.record_prediction(0.1 * number as f64).class("fraud");
            model.record_features([FeatureValue::Missing]);
            model.record_stage(Stage::Compute, latency);
            model.record_outcome("approved");
        }
        model.set_queue_depth(7);
    }
    monitor.add_source(|readings| readings.push(&contract::DATA_DRIFT_SCORE, &["m", "income"], 0.25));
    monitor
}

#[test]
fn every_value_is_that_of_the_page() {
    let monitor = watched();
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let cases: &[(&str, AskedLabels<'_>, f64)] = &[
        ("ml_inference_requests_total", &[], 16.0),
        ("ml_inference_requests_total", &[("status", "success")], 8.0),
        (
            "ml_inference_requests_total",
            &[("status", "error"), ("model_version", "2")],
            5.0,
        ),
        ("ml_inference_requests_total", &[("route", "nowhere")], 0.0),
        ("ml_inference_latency_seconds_count", &[("route", "predict")], 8.0),
        (
            "ml_inference_latency_seconds_sum",
            &[("route", "predict"), ("model_version", "1")],
            0.06,
        ),
        (
            "ml_inference_latency_seconds_bucket",
            &[("route", "predict"), ("le", "0.025")],
            4.0,
        ),
        (
            "ml_inference_latency_seconds_bucket",
            &[("route", "predict"), ("le", "+Inf")],
            8.0,
        ),
        ("ml_prediction_score_count", &[("model_version", "2")], 5.0),
        ("ml_prediction_class_total", &[("class", "fraud")], 8.0),
        (
            "ml_feature_missing_total",
            &[("feature_name", "income"), ("model_version", "1")],
            3.0,
        ),
        ("ml_feature_missing_ratio", &[("feature_name", "income")], 1.0),
        ("ml_inference_stage_seconds_count", &[("stage", "compute")], 8.0),
        ("ml_inference_queue_depth", &[("model_name", "m")], 7.0),
        ("ml_business_outcome_total", &[("outcome", "approved")], 8.0),
        ("ml_model_info", &[("framework", "unknown")], 2.0),
        ("ml_service_info", &[("service_version", "1")], 1.0),
        ("ml_data_drift_score", &[("feature_name", "income")], 0.25),
        ("ml_prediction_drift_score", &[], 0.0),
        ("process_threads", &[], page.sum("process_threads", &[])),
    ];
    for (name, labels, expected) in cases {
        let value = monitor.value(name, labels).unwrap_or_else(|error| panic!("{error}"));
        if *name != "process_threads" {
            assert_eq!(value, page.sum(name, labels), "{name} {labels:?}");
        }
        assert!(
            (value - expected).abs() < 1e-9 || *name == "process_threads",
            "{name} {labels:?}: {value}"
        );
    }
}

#[test]
fn a_mistake_is_an_error_that_says_what_there_is() {
    let monitor = watched();
    let cases: &[(&str, AskedLabels<'_>, &str)] = &[
        (
            "ml_inference_requests",
            &[],
            "no metric is called \"ml_inference_requests\"; did you mean ml_inference_requests_total?",
        ),
        ("ml_prediction_scores_count", &[], "did you mean ml_prediction_score"),
        ("", &[], "no metric is called \"\"; did you mean "),
        (
            "ml_inference_latency_seconds",
            &[],
            "ml_inference_latency_seconds is a histogram; ask for ml_inference_latency_seconds_count, ml_inference_latency_seconds_sum or",
        ),
        (
            "ml_inference_requests_total_count",
            &[],
            "did you mean ml_inference_requests_total?",
        ),
        (
            "ml_inference_requests_total",
            &[("version", "1")],
            "ml_inference_requests_total has no label \"version\"; it has model_name, model_version, route, status",
        ),
        (
            "ml_inference_latency_seconds_count",
            &[("le", "1")],
            "has no label \"le\"",
        ),
        (
            "ml_prediction_score_bucket",
            &[],
            "ml_prediction_score_bucket is asked for without the label le; le is one of 0 0.1 0.2",
        ),
        (
            "ml_prediction_score_bucket",
            &[("le", "0.15")],
            "no bucket of ml_prediction_score ends at \"0.15\"; le is one of 0 0.1 0.2",
        ),
        ("ml_prediction_score_bucket", &[("le", "x")], "ends at \"x\""),
    ];
    for (name, labels, says) in cases {
        let error = monitor.value(name, labels).expect_err(says);
        assert!(error.to_string().contains(says), "{name} {labels:?}: {error}");
    }
    let own = Monitor::builder().latency_buckets([0.3]).build().expect("valid");
    own.resolve("m", "1").route("r").record(Status::Success, Duration::ZERO);
    let error = own
        .value("ml_inference_latency_seconds_bucket", &[("le", "0.35")])
        .expect_err("no such bound");
    assert_eq!(
        error,
        ValueError::Bucket {
            metric: "ml_inference_latency_seconds",
            bound: Some("0.35".into()),
            bounds: vec![0.3]
        }
    );
}

#[test]
fn looking_is_no_scrape() {
    let monitor = Monitor::builder()
        .limits(Limits::new().versions_per_model(1))
        .build()
        .expect("valid");
    let model = monitor.resolve("m", "1");
    model.record_prediction(0.5);
    model.retire();
    for _ in 0..5 {
        assert_eq!(monitor.value("ml_prediction_score_count", &[]), Ok(1.0));
    }
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    assert_eq!(
        page.sum("ml_prediction_score_count", &[]),
        1.0,
        "a scrape has had it only now"
    );
}

#[test]
#[expect(
    clippy::mutable_key_type,
    reason = "a handle is hashed by where it leads, not by what is counted there"
)]
fn handles_are_equal_when_they_record_the_same_version() {
    let (monitor, other) = (Monitor::new(), Monitor::new());
    let model = monitor.model("m", "1").register().expect("valid");
    assert_eq!(model, model.clone());
    assert_eq!(model, monitor.resolve("m", "1"));
    assert_ne!(model, monitor.resolve("m", "2"));
    assert_ne!(model, other.resolve("m", "1"));
    let moved = std::thread::scope(|scope| scope.spawn(|| monitor.resolve("m", "1")).join().expect("no panic"));
    let known: std::collections::HashSet<_> = [model.clone(), moved, monitor.resolve("m", "2")].into();
    assert_eq!(known.len(), 2);
    assert!(known.contains(&model));
}

#[test]
fn a_status_and_a_stage_are_read_as_they_are_written() {
    for status in Status::ALL {
        assert_eq!(status.to_string().parse(), Ok(status));
    }
    for stage in Stage::ALL {
        assert_eq!(stage.to_string().parse(), Ok(stage));
    }
    for wrong in ["", "Success", "success ", "ok"] {
        let error = wrong.parse::<Status>().expect_err(wrong);
        let says = format!("{wrong:?} is no status; use one of success, error, client_error, cancelled");
        assert_eq!(error.to_string(), says);
    }
}
