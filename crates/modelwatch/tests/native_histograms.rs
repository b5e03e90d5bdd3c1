//! Native histograms, as a real Prometheus reads them.

use std::time::Duration;

use modelwatch::{Monitor, Status};
use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions};

/// Latencies as services have them: log-normal with a median of 20 ms, from a fixed sequence of quantiles.
fn latencies(count: u32) -> Vec<f64> {
    // The logistic distribution's quantile function stands for the normal one.
    let quantile = |p: f64| (p / (1.0 - p)).ln();
    (0..count)
        .map(|n| 0.02 * (0.6 * quantile((f64::from(n) + 0.5) / f64::from(count))).exp())
        .collect()
}

#[test]
fn judged_quantiles_of_the_native_histogram_are_those_of_what_was_sent() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    let route = model.route("predict");
    let scraped = monitor.clone();
    let server = MetricsServer::start(move |request| {
        let scrape = scraped.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    });
    let mut sent = latencies(20_000);
    let options = PrometheusOptions::scraping(server.address()).feature("native-histograms");
    let prometheus = Prometheus::start(&options).expect("prometheus");
    for latency in &sent {
        route.record(Status::Success, Duration::from_secs_f64(*latency));
    }
    let wait = Duration::from_secs(20);
    let count = "histogram_count(ml_inference_latency_seconds)";
    let found = prometheus.wait_for(count, |found| found.iter().any(|(_, count)| *count == 20_000.0), wait);
    found.expect("a native histogram with every observation");
    sent.sort_by(f64::total_cmp);
    for quantile in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999] {
        let query = format!("histogram_quantile({quantile}, ml_inference_latency_seconds)");
        let told = prometheus.query(&query).expect("an answer")[0].1;
        let exact = sent[(quantile * sent.len() as f64) as usize];
        assert!(
            (told / exact - 1.0).abs() < 0.05,
            "quantile {quantile}: {told} where {exact} was sent"
        );
    }
    let sum = prometheus
        .query("histogram_sum(ml_inference_latency_seconds)")
        .expect("an answer")[0]
        .1;
    assert!((sum / sent.iter().sum::<f64>() - 1.0).abs() < 1e-6);
}
