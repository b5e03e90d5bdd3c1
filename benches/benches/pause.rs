//! The longest pause of a recording thread while 20,000 histograms are scraped and new series arrive, next to the same run
//! with the other core idle, and with it busy with something else: what the system takes for itself it takes from the
//! recording thread only then. No criterion: the figure is a maximum, not a mean.

use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::contract::LATENCY_BUCKETS;
use modelwatch::{Format, Limits, Monitor, Status};

const HISTOGRAMS: usize = 20_000;
const RUN: Duration = Duration::from_secs(1);

/// What the other core does.
#[derive(Clone, Copy)]
enum Meanwhile {
    Idle,
    Busy,
    Scrapes,
}

impl Meanwhile {
    fn run(self, scrape: impl Fn()) {
        match self {
            Self::Idle => thread::sleep(Duration::from_millis(10)),
            Self::Busy => _ = black_box((0..100_000u64).map(black_box).sum::<u64>()),
            Self::Scrapes => scrape(),
        }
    }
}

/// The longest gap between two records of a run.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Pause {
    whole: Duration,
    /// How much of it, at most, the thread was ready to run and had no core, as the kernel accounts for it.
    without_core: Duration,
}

/// How long this thread has been ready to run without a core: the second figure of the kernel's `schedstat`.
fn waited_for_a_core() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a kernel with schedstat");
    let nanoseconds = figures.split_whitespace().nth(1).and_then(|figure| figure.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}

/// The records go on for the whole run while `meanwhile` is called over and over.
fn longest_pause(mut record: impl FnMut(), meanwhile: impl Fn() + Send + Sync) -> Pause {
    let going = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            while going.load(Ordering::Relaxed) {
                meanwhile();
            }
        });
        let started = Instant::now();
        let (mut last, mut waited, mut longest) = (started, waited_for_a_core(), Pause::default());
        while last - started < RUN {
            record();
            let whole = last.elapsed();
            // Seldom, since it takes microseconds: whenever the pause may be the longest.
            if whole > longest.whole.max(Duration::from_micros(20)) {
                let without_core = waited_for_a_core() - waited;
                waited += without_core;
                // What it waited before, in pauses too short to be looked at, is in the figure too.
                let without_core = without_core.min(whole);
                longest = Pause { whole, without_core };
            }
            last = Instant::now();
        }
        going.store(false, Ordering::Relaxed);
        longest
    })
}

fn modelwatch(other: Meanwhile) -> Pause {
    let limits = Limits::new().routes_per_version(2 * HISTOGRAMS).routes(2 * HISTOGRAMS);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("claims-risk", "1").register().expect("valid");
    (0..HISTOGRAMS).for_each(|number| {
        model
            .route(&number.to_string())
            .record(Status::Success, Duration::from_millis(20))
    });
    let mut number = HISTOGRAMS;
    let meanwhile = || other.run(|| _ = black_box(monitor.scrape(Some(Format::OpenMetricsText.content_type()), None)));
    let mut records = 0u64;
    longest_pause(
        || {
            records += 1;
            // A new series every thousand records, until there are half as many again.
            if records.is_multiple_of(1_000) && number < HISTOGRAMS + HISTOGRAMS / 2 {
                number += 1;
            }
            model
                .route(&number.to_string())
                .record(Status::Success, Duration::from_millis(20));
        },
        meanwhile,
    )
}

fn prometheus_client(other: Meanwhile) -> Pause {
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::registry::Registry;
    let mut registry = Registry::default();
    let latencies = Family::<Vec<(String, String)>, Histogram>::new_with_constructor(|| {
        Histogram::new(LATENCY_BUCKETS.iter().copied())
    });
    registry.register("latency", "Latency", latencies.clone());
    let observe = |number: usize| {
        latencies
            .get_or_create(&vec![("route".to_owned(), number.to_string())])
            .observe(0.02);
    };
    (0..HISTOGRAMS).for_each(observe);
    let mut number = HISTOGRAMS;
    let meanwhile = || {
        other.run(|| {
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).expect("a page");
            black_box(page);
        });
    };
    let mut records = 0u64;
    longest_pause(
        || {
            records += 1;
            if records.is_multiple_of(1_000) && number < HISTOGRAMS + HISTOGRAMS / 2 {
                number += 1;
            }
            observe(number);
        },
        meanwhile,
    )
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| longest pause of a recording thread, ms (of it ready to run, without a core) | other core idle | busy | scraping |"
    )?;
    writeln!(out, "| --- | --: | --: | --: |")?;
    type Run = fn(Meanwhile) -> Pause;
    let runs: [(&str, Run); 2] = [("modelwatch", modelwatch), ("prometheus-client", prometheus_client)];
    for (name, run) in runs {
        // The machine has pauses of its own: the smallest of five maxima is the least that was due to the library.
        let least = |other| (0..5).map(|_| run(other)).min().unwrap_or_default();
        let cell = |pause: Pause| {
            let [whole, without_core] = [pause.whole, pause.without_core].map(|part| part.as_secs_f64() * 1e3);
            format!("{whole:.2} ({without_core:.2})")
        };
        let [idle, busy, scraping] =
            [Meanwhile::Idle, Meanwhile::Busy, Meanwhile::Scrapes].map(|other| cell(least(other)));
        writeln!(out, "| {name} | {idle} | {busy} | {scraping} |")?;
    }
    Ok(())
}
