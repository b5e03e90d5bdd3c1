//! Ten thousand versions rolled out and retired in one process, under the eyes of a real Prometheus.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Format, Limits, Monitor, Status};
use modelwatch_testkit::{MetricsPage, MetricsServer, Page, Prometheus, PrometheusOptions};

const ROLLOUTS: usize = 10_000;
/// Rolled out between two scrapes.
const AT_ONCE: usize = 500;
const REQUESTS: usize = 3;

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = status.split(' ').nth(1).expect("resident").parse().expect("a number");
    pages * 4096
}

#[test]
fn judged_no_count_of_ten_thousand_rollouts_is_lost_and_memory_stays_flat() {
    let limits = Limits::new().models(1).versions_per_model(4 * AT_ONCE);
    // Few buckets, for Prometheus' sake: it has all the series to keep.
    let monitor = Monitor::builder()
        .limits(limits)
        .latency_buckets([0.1])
        .keep_retired(Duration::ZERO)
        .build()
        .expect("valid");
    let (scrapes, scraped) = (Arc::new(AtomicUsize::new(0)), monitor.clone());
    let counter = scrapes.clone();
    let server = MetricsServer::start(move |_| {
        let body = scraped.encode(Format::OpenMetricsText);
        counter.fetch_add(1, Ordering::SeqCst);
        Page {
            content_type: Format::OpenMetricsText.content_type().into(),
            content_encoding: None,
            body,
        }
    });
    let mut options = PrometheusOptions::scraping(server.address());
    options.scrape_interval = Duration::from_secs(1);
    let prometheus = Prometheus::start(&options).expect("prometheus");
    // The page that is being written may not have what is recorded meanwhile: the one after it has.
    let two_scrapes_later = || {
        let (seen, deadline) = (scrapes.load(Ordering::SeqCst), Instant::now() + Duration::from_secs(20));
        while scrapes.load(Ordering::SeqCst) < seen + 2 {
            assert!(Instant::now() < deadline, "nobody scrapes");
            thread::sleep(Duration::from_millis(5));
        }
    };
    two_scrapes_later();
    let mut warm = 0;
    for first in (0..ROLLOUTS).step_by(AT_ONCE) {
        for version in first..first + AT_ONCE {
            let model = monitor.model("m", format!("{version:05}")).register().expect("valid");
            let route = model.route("predict");
            (0..REQUESTS).for_each(|_| route.record(Status::Success, Duration::from_millis(3)));
            model.retire();
        }
        two_scrapes_later();
        if first == ROLLOUTS / 5 {
            warm = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(warm);
    assert!(
        grown < 16 << 20,
        "{} MiB more after another {} rollouts",
        grown >> 20,
        ROLLOUTS * 4 / 5
    );

    let last = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let live = last.labels_of("ml_model_info", "model_version").len();
    assert!(live < 4 * AT_ONCE, "{live} versions have kept their places");
    assert_eq!(
        last.sum("ml_label_overflow_total", &[]),
        0.0,
        "none found its place taken"
    );
    let query = |promql: &str| prometheus.query(promql).expect("an answer")[0].1;
    let versions = query("count(count by (model_version) (max_over_time(ml_model_info[1h])))");
    assert_eq!(versions, ROLLOUTS as f64);
    let counted = query("sum(max_over_time(ml_inference_requests_total{status=\"success\"}[1h]))");
    assert_eq!(counted, (ROLLOUTS * REQUESTS) as f64);
}
