//! Since when a counter counts: what a new version counts before its first scrape is not lost to `increase`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelwatch::{Feature, FinishReason, Format, Monitor, NoScore, Status, Tokens};
use modelwatch_testkit::{
    MetricsPage, MetricsServer, Page, Prometheus, PrometheusOptions, Release, Value, protobuf_decode,
};

fn seconds() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs_f64()
}

#[test]
fn says_when_each_counter_and_histogram_began() {
    let before = seconds().floor();
    let monitor = Monitor::new();
    let model = monitor
        .model("m", "1")
        .features([Feature::numeric("a")])
        .classes(["x"])
        .outcomes(["approved"])
        .routes(["predict"])
        .register()
        .expect("valid");
    model.record_prediction(0.5);
    model.record_prediction(NoScore);
    model.record_features([1.0]);
    model.record_feature("undeclared", 1.0);
    let mut answer = model.start_generation();
    answer.know(Tokens::new().input(3));
    answer.finish(FinishReason::Stop, Tokens::new());
    let families = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("messages");
    let after = seconds();
    let mut seen = 0;
    for family in families.iter().filter(|family| family.name.starts_with("ml_")) {
        for metric in &family.metrics {
            let created = match &metric.value {
                Value::Counter { created, .. } => created,
                Value::Histogram(histogram) => &histogram.created,
                _ => continue,
            };
            let created = created.unwrap_or_else(|| panic!("{} says when", family.name));
            assert!(
                (before..=after).contains(&created),
                "{}: {before} {created} {after}",
                family.name
            );
            seen += 1;
        }
    }
    // Four statuses, a latency, a score, one non-finite, one without a score, a class, an outcome, four counters of each
    // feature, five reasons to finish, tokens of one, seven labels that may overflow.
    assert_eq!(seen, 4 + 1 + 1 + 1 + 1 + 1 + 1 + 2 * 4 + 5 + 1 + 7);
}

#[test]
fn exposes_each_status_of_a_declared_route_before_its_first_request() {
    let monitor = Monitor::new();
    monitor
        .model("m", "1")
        .routes(["predict", "explain"])
        .register()
        .expect("valid");
    let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
    for route in ["predict", "explain"] {
        for status in Status::ALL {
            let line = format!("route=\"{route}\",status=\"{}\"}} 0\n", status.as_str());
            assert!(page.contains(&line), "{line}");
        }
    }
}

#[test]
fn judged_the_first_errors_of_a_new_version_reach_increase() {
    let monitor = Monitor::new();
    let old = monitor.model("m", "1").routes(["predict"]).register().expect("valid");
    old.route("predict").record(Status::Success, Duration::ZERO);
    let scraped = monitor.clone();
    let server = MetricsServer::start(move |request| {
        let scrape = scraped.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    });
    let options = PrometheusOptions::scraping(server.address())
        .release(Release::Newer)
        .feature("created-timestamp-zero-ingestion");
    let prometheus = Prometheus::start(&options).expect("prometheus");
    let wait = Duration::from_secs(30);
    let first = "ml_inference_requests_total{model_version=\"1\",status=\"success\"}";
    prometheus
        .wait_for(first, |found| !found.is_empty(), wait)
        .expect("a scrape");

    let new = monitor.model("m", "2").register().expect("valid");
    let route = new.route("predict");
    (0..3).for_each(|_| route.record(Status::Error, Duration::ZERO));
    let errors = "increase(ml_inference_requests_total{model_version=\"2\",status=\"error\"}[1m])";
    let found = prometheus.wait_for(errors, |found| found.iter().any(|(_, errors)| *errors >= 2.9), wait);
    found.expect("three errors, all before the first scrape of the version");
}

#[test]
fn leaves_native_buckets_out_when_they_are_switched_off() {
    let natives = |monitor: &Monitor| {
        let model = monitor.model("m", "1").register().expect("valid");
        model.route("predict").record(Status::Success, Duration::from_millis(3));
        let families = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("messages");
        let latency = families
            .iter()
            .find(|family| family.name == "ml_inference_latency_seconds");
        let Value::Histogram(histogram) = &latency.expect("exposed").metrics[0].value else {
            panic!("a histogram");
        };
        assert_eq!(histogram.buckets.last().expect("classic").cumulative_count, 1);
        histogram.native.is_some()
    };
    assert!(natives(&Monitor::new()));
    assert!(!natives(
        &Monitor::builder().native_histograms(false).build().expect("valid")
    ));
}

#[test]
fn sums_latencies_past_the_years_that_a_counter_of_nanoseconds_holds() {
    let monitor = Monitor::new();
    let route = monitor.model("m", "1").register().expect("valid").route("predict");
    // 200 years each.
    let long = Duration::from_secs(200 * 31_557_600);
    (0..7).for_each(|_| route.record(Status::Success, long));
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let sum = page.sum("ml_inference_latency_seconds_sum", &[]);
    assert!((sum / (7.0 * long.as_secs_f64()) - 1.0).abs() < 1e-9, "{sum}");
}
