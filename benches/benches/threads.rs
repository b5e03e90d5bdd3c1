//! What 4,000 versions take and how long a scrape of them is, when one thread has written them and when sixty-four have; and what a page of
//! many models allocates. No criterion: most of it is counted, and of the scrapes the median is told.

use std::io::Write;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use modelwatch::{Format, Limits, Monitor, Route, Status};

const VERSIONS: usize = 4_000;
const THREADS: usize = 64;

/// Who named the versions.
#[derive(Clone, Copy)]
enum Named {
    /// Code, in a registration.
    Declared,
    /// Requests.
    Requested,
}

fn monitor(versions: Named) -> (Monitor, Vec<Route>) {
    let limits = Limits::new()
        .versions_per_model(VERSIONS)
        .routes(VERSIONS)
        .models(VERSIONS);
    let monitor = Monitor::builder()
        .limits(limits)
        .process_metrics(false)
        .build()
        .expect("valid");
    let routes = (0..VERSIONS)
        .map(|number| {
            let version = number.to_string();
            let model = match versions {
                Named::Declared => monitor.model("claims-risk", version).register().expect("valid"),
                Named::Requested => monitor.resolve("claims-risk", &version),
            };
            model.route("predict")
        })
        .collect();
    (monitor, routes)
}

/// Bytes that so many threads, all alive at once, allocate to record on every route.
fn written(routes: &[Route], threads: usize) -> i64 {
    let all_at_once = Barrier::new(threads);
    let write = || {
        all_at_once.wait();
        let record = || {
            for route in routes {
                route.record(Status::Success, Duration::from_millis(20));
            }
        };
        let made = measure(record).bytes_current;
        all_at_once.wait();
        made
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(write)).collect();
        threads.into_iter().map(|thread| thread.join().expect("recorded")).sum()
    })
}

/// The median of some scrapes.
fn scraped(monitor: &Monitor) -> Duration {
    let mut times: Vec<_> = (0..21)
        .map(|_| {
            let started = Instant::now();
            drop(monitor.scrape(Some(Format::OpenMetricsText.content_type()), None));
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// What the second page of so many models allocates: the first one's memory serves it.
fn allocations_of_a_page(models: usize) -> u64 {
    let monitor = Monitor::builder()
        .limits(Limits::new().models(models))
        .process_metrics(false)
        .build()
        .expect("valid");
    for number in 0..models {
        let model = monitor.model(number.to_string(), "1").register().expect("valid");
        model
            .route("predict")
            .record(Status::Success, Duration::from_millis(20));
    }
    let scrape = || drop(monitor.scrape(Some(Format::OpenMetricsText.content_type()), None));
    scrape();
    measure(scrape).count_total
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| {VERSIONS} versions with a route each | MiB | bytes a version | a scrape, ms |\n| --- | --: | --: | --: |"
    )?;
    for (named, name) in [
        (Named::Declared, "declared"),
        (Named::Requested, "named by requests only"),
    ] {
        for threads in [1, THREADS] {
            let mut made = None;
            let idle = measure(|| made = Some(monitor(named))).bytes_current;
            let Some((monitor, routes)) = made else { continue };
            let bytes = idle + written(&routes, threads);
            let scrape = scraped(&monitor);
            writeln!(
                out,
                "| {name}, written by {threads} | {:.1} | {} | {:.1} |",
                bytes as f64 / f64::from(1 << 20),
                bytes / VERSIONS as i64,
                scrape.as_secs_f64() * 1e3
            )?;
        }
    }
    writeln!(
        out,
        "\n| models with a route each | allocations of a page |\n| --- | --: |"
    )?;
    for models in [10, 100, 1_000] {
        writeln!(out, "| {models} | {} |", allocations_of_a_page(models))?;
    }
    writeln!(out)
}
