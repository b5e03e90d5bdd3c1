//! Exemplars that lead to a trace.
#![cfg(feature = "tracing")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use modelwatch::{Format, Monitor, Status, TraceId};
use modelwatch_testkit::{
    MetricsServer, Page, Prometheus, PrometheusOptions, openmetrics_strict, prometheus_text_strict, protobuf_decode,
};

/// A monitor whose requests have the trace ids 1, 2, 3 and so on, and the number that was last asked for.
fn traced() -> (Monitor, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = asked.clone();
    let current = move || TraceId::try_from(u128::from(counter.fetch_add(1, Ordering::Relaxed) + 1)).ok();
    let monitor = Monitor::builder().trace_id(current).build().expect("valid");
    (monitor, asked)
}

fn hexadecimal(id: u64) -> String {
    format!("trace_id=\"{id:032x}\"")
}

fn text(monitor: &Monitor, format: Format) -> String {
    String::from_utf8(monitor.encode(format)).expect("text")
}

#[test]
fn judged_a_bucket_and_a_status_carry_the_trace_of_a_request_they_count() {
    let (monitor, _) = traced();
    let route = monitor.model("m", "1").register().expect("valid").route("predict");
    route.record(Status::Success, Duration::from_millis(3));
    route.record(Status::Error, Duration::from_millis(300));
    route.record(Status::Success, Duration::from_secs(60));
    let page = text(&monitor, Format::OpenMetricsText);
    let line = |wanted: &[&str]| {
        let mut lines = page
            .lines()
            .filter(|line| wanted.iter().all(|part| line.contains(part)));
        lines
            .next()
            .unwrap_or_else(|| panic!("no {wanted:?} in {page}"))
            .to_owned()
    };
    let latency = "ml_inference_latency_seconds_bucket";
    assert!(line(&[latency, "le=\"0.005\""]).contains(&format!("1 # {{{}}} 0.003 ", hexadecimal(1))));
    assert!(line(&[latency, "le=\"0.35\""]).contains(&format!("2 # {{{}}} 0.3 ", hexadecimal(2))));
    assert!(line(&[latency, "le=\"+Inf\""]).contains(&format!("3 # {{{}}} 60.0 ", hexadecimal(3))));
    assert!(line(&["requests_total", "\"error\""]).contains(&format!("1 # {{{}}} 1.0 ", hexadecimal(2))));
    assert!(!line(&["requests_total", "\"success\""]).contains('#'));
    openmetrics_strict(page.as_bytes()).expect("OpenMetrics");

    let families = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("messages");
    let decoded = format!("{families:?}");
    for id in 1..=3 {
        assert!(decoded.contains(&format!("{id:032x}")), "trace {id} in {decoded}");
    }
    // The older text format has no exemplars.
    let older = text(&monitor, Format::PrometheusText);
    prometheus_text_strict(older.as_bytes()).expect("text");
    assert!(!older.contains("trace_id"));
}

#[test]
fn a_trace_is_asked_for_once_a_scrape_for_each_bucket_however_many_requests_there_are() {
    let (monitor, asked) = traced();
    let route = monitor.model("m", "1").register().expect("valid").route("predict");
    for scrape in 1..=3 {
        for _ in 0..10_000 {
            route.record(Status::Success, Duration::from_millis(3));
            route.record(Status::ClientError, Duration::from_millis(30));
        }
        // Of each status but success one, and of each of the two buckets.
        assert_eq!(asked.load(Ordering::Relaxed), 2 * scrape);
        let page = text(&monitor, Format::OpenMetricsText);
        assert!(
            page.contains(&hexadecimal(2 * scrape)),
            "the latest of scrape {scrape}: {page}"
        );
    }
}

#[test]
fn without_a_trace_at_hand_there_is_no_exemplar_and_the_next_request_is_asked() {
    let traces = Arc::new(Mutex::new(vec![
        TraceId::parse("0af7651916cd43dd8448eb211c80319c"),
        None,
    ]));
    let current = move || traces.lock().expect("no panic").pop().flatten();
    let monitor = Monitor::builder().trace_id(current).build().expect("valid");
    let route = monitor.model("m", "1").register().expect("valid").route("predict");
    route.record(Status::Success, Duration::from_millis(3));
    assert!(!text(&monitor, Format::OpenMetricsText).contains("trace_id"));
    route.record(Status::Success, Duration::from_millis(3));
    assert!(text(&monitor, Format::OpenMetricsText).contains("trace_id=\"0af7651916cd43dd8448eb211c80319c\""));
}

#[test]
fn what_is_no_trace_id_is_refused() {
    let upper = "0AF7651916CD43DD8448EB211C80319C";
    for bad in [
        "",
        "0",
        upper,
        &"0".repeat(32),
        &"g".repeat(32),
        &"a".repeat(33),
        "é".repeat(16).as_str(),
    ] {
        assert_eq!(TraceId::parse(bad), None, "{bad:?}");
    }
    for bad in [
        "",
        "00",
        "00-",
        &format!("00-{upper}-b7ad6b7169203331-01"),
        &format!("ff-{}-1-01", "a".repeat(32)),
    ] {
        assert_eq!(TraceId::from_traceparent(bad), None, "{bad:?}");
    }
    assert!(TraceId::try_from(0).is_err());
}

#[test]
fn judged_exemplars_arrive_in_a_real_prometheus() {
    let (monitor, _) = traced();
    let route = monitor.model("m", "1").register().expect("valid").route("predict");
    route.record(Status::Error, Duration::from_millis(300));
    let scraped = monitor.clone();
    let server = MetricsServer::start(move |request| {
        let scrape = scraped.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    });
    let options = PrometheusOptions::scraping(server.address()).feature("exemplar-storage");
    let prometheus = Prometheus::start(&options).expect("prometheus");
    let wait = Duration::from_secs(20);
    let found = prometheus.wait_for("ml_inference_requests_total", |found| !found.is_empty(), wait);
    found.expect("a scrape");
    for metric in ["ml_inference_latency_seconds_bucket", "ml_inference_requests_total"] {
        let series = prometheus.query_exemplars(metric).expect("an answer");
        let told = format!("{series:?}");
        assert!(told.contains(&format!("{:032x}", 1)), "{metric}: {told}");
    }
}
