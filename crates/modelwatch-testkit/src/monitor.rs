//! What a monitor shows, now or once something has happened.

use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Format, Monitor};

use crate::page::MetricsPage;

/// How long a test waits for what is to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the monitor exposes now.
#[must_use]
pub fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

/// The first page of which this holds.
///
/// # Panics
///
/// When that is not so within twenty seconds; `what` says what was waited for.
#[must_use]
pub fn page_once(monitor: &Monitor, what: &str, holds: impl Fn(&MetricsPage) -> bool) -> MetricsPage {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = page(monitor);
        if holds(&page) {
            return page;
        }
        assert!(
            Instant::now() < deadline,
            "waited for {what}, and there are {:?} with {} in flight",
            page.requests(),
            page.sum("ml_inference_in_flight", &[])
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// The page once it counts so many requests and none is in flight.
///
/// # Panics
///
/// When that is not so within twenty seconds.
#[must_use]
pub fn counted(monitor: &Monitor, wanted: u64) -> MetricsPage {
    page_once(monitor, &format!("{wanted} requests"), |page| {
        page.all_requests() >= wanted && page.sum("ml_inference_in_flight", &[]) == 0.0
    })
}

/// Waits until so many requests have begun.
///
/// # Panics
///
/// When that is not so within twenty seconds.
pub fn begun(monitor: &Monitor, wanted: u64) {
    let _ = page_once(monitor, &format!("{wanted} requests to begin"), |page| {
        page.all_requests() as f64 + page.sum("ml_inference_in_flight", &[]) >= wanted as f64
    });
}
