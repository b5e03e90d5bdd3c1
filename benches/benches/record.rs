//! One request recorded: a counter by status and a latency histogram. The floor is three relaxed additions to shared
//! atomics, with and without the two clock reads that tell the latency.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use lasso::ThreadedRodeo;
use measured::LabelGroup;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use modelwatch::contract::LATENCY_BUCKETS;
use modelwatch::{Feature, Limits, Monitor, Status};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64Mcg;

/// What a request is recorded under.
const MODEL: &str = "claims-risk";
const VERSION: &str = "2026-04-01";
const ROUTE: &str = "/predict";
const STATUS: &str = "success";
const LATENCY: Duration = Duration::from_micros(12_345);

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args()
}

/// Measures a way to record in every situation.
fn contender(criterion: &mut Criterion, name: &str, record: impl Fn(Duration) + Sync) {
    alone(criterion, "record", name, || record(black_box(LATENCY)));
    alone(criterion, "record_with_clock", name, || {
        let started = Instant::now();
        record(started.elapsed());
    });
    let latencies = log_normal_latencies();
    let turn = Cell::new(0);
    alone(criterion, "record_log_normal", name, || {
        let started = Instant::now();
        turn.set((turn.get() + 1) % latencies.len());
        black_box(started.elapsed());
        record(latencies[turn.get()]);
    });
    together(criterion, "record_two_threads", name, 2, || record(black_box(LATENCY)));
    together(criterion, "record_sixteen_threads", name, 16, || {
        record(black_box(LATENCY))
    });
}

/// As services have them, in no order that a processor could foretell: half of them under 20 ms, one in a hundred above 200 ms.
fn log_normal_latencies() -> Vec<Duration> {
    let latencies = LogNormal::new(0.02f64.ln(), 1.0).expect("a spread");
    let seconds = latencies.sample_iter(Pcg64Mcg::new(1));
    seconds.take(1 << 14).map(Duration::from_secs_f64).collect()
}

fn alone(criterion: &mut Criterion, group: &str, name: &str, run: impl Fn()) {
    criterion
        .benchmark_group(group)
        .bench_function(name, |bencher| bencher.iter(&run));
}

/// The time of one call while other threads make them, too: each core's time, where there are more threads than cores.
fn together(criterion: &mut Criterion, group: &str, name: &str, threads: usize, run: impl Fn() + Sync) {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(threads);
    criterion.benchmark_group(group).bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let start = Barrier::new(threads + 1);
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        start.wait();
                        (0..iterations).for_each(|_| run());
                        start.wait();
                    });
                }
                start.wait();
                let started = Instant::now();
                start.wait();
                started.elapsed() * cores as u32 / threads as u32
            })
        });
    });
}

fn floor(criterion: &mut Criterion) {
    let [count, sum, bucket] = [const { AtomicU64::new(0) }; 3];
    contender(criterion, "floor", |latency| {
        count.fetch_add(1, Ordering::Relaxed);
        sum.fetch_add(latency.as_nanos() as u64, Ordering::Relaxed);
        bucket.fetch_add(1, Ordering::Relaxed);
    });
}

fn modelwatch(criterion: &mut Criterion) {
    let monitor = Monitor::new();
    let names = (0..20).map(|number| format!("feature_{number}"));
    let features = names.map(|name| Feature::numeric(name).range(0.0..=100.0));
    let model = monitor
        .model(MODEL, VERSION)
        .features(features)
        .register()
        .expect("valid");
    let route = model.route(ROUTE);
    contender(criterion, "modelwatch", |latency| {
        route.record(Status::Success, latency)
    });
    alone(criterion, "in_flight", "start and finish", || {
        route.start().finish(Status::Success)
    });

    let class = model.class("fraud");
    let predict = || model.record_prediction(black_box(0.37)).class(&class);
    alone(criterion, "prediction", "score and class", predict);
    alone(criterion, "prediction", "score and class by name", || {
        model.record_prediction(black_box(0.37)).class("fraud")
    });
    together(criterion, "prediction", "score and class, two threads", 2, predict);
    let row: [Option<f64>; 20] = std::array::from_fn(|number| Some(number as f64));
    alone(criterion, "features", "20 of a row", || {
        model.record_features(black_box(&row))
    });
    let named: Vec<(String, f64)> = (0..20).map(|number| (format!("feature_{number}"), 1.0)).collect();
    alone(criterion, "features", "20 by name", || {
        model.record_named_features(black_box(&named).iter().map(|(name, value)| (name, value)));
    });
    wide_rows(criterion);
}

/// Rows of a thousand features, by name.
fn wide_rows(criterion: &mut Criterion) {
    const FEATURES: usize = 1_000;
    let monitor = Monitor::builder()
        .limits(Limits::new().features_per_model(FEATURES))
        .build()
        .expect("valid");
    let names: Vec<String> = (0..FEATURES).map(|number| format!("feature_{number}")).collect();
    let features = names.iter().map(|name| Feature::numeric(name).range(0.0..=100.0));
    let model = monitor
        .model(MODEL, VERSION)
        .features(features)
        .register()
        .expect("valid");
    let declared: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    // 617 and 1,000 have no common factor: every name once, and none beside its neighbour.
    let shuffled: Vec<_> = (0..FEATURES).map(|number| declared[number * 617 % FEATURES]).collect();
    for (name, row) in [
        ("by name, as declared", &declared),
        ("by name, in another order", &shuffled),
    ] {
        alone(criterion, "features_1000", name, || {
            model.record_named_features(black_box(row).iter().copied());
        });
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    model_name: &'static str,
    model_version: &'static str,
    route: &'static str,
    status: &'static str,
}

/// Labels of both metrics, and how `measured` derives the set they are from.
#[derive(Clone, Copy, PartialEq, LabelGroup)]
#[label(set = MeasuredSet)]
struct MeasuredLabels<'a> {
    #[label(dynamic_with = ThreadedRodeo)]
    model_name: &'a str,
    #[label(dynamic_with = ThreadedRodeo)]
    model_version: &'a str,
    #[label(dynamic_with = ThreadedRodeo)]
    route: &'a str,
    #[label(dynamic_with = ThreadedRodeo)]
    status: &'a str,
}

fn measured(criterion: &mut Criterion) {
    use measured::metric::histogram::Thresholds;
    use measured::{CounterVec, HistogramVec};
    fn set() -> MeasuredSet {
        MeasuredSet {
            model_name: ThreadedRodeo::default(),
            model_version: ThreadedRodeo::default(),
            route: ThreadedRodeo::default(),
            status: ThreadedRodeo::default(),
        }
    }
    let labels = MeasuredLabels {
        model_name: MODEL,
        model_version: VERSION,
        route: ROUTE,
        status: STATUS,
    };
    let counters = CounterVec::with_label_set(set());
    let edges: [f64; 15] = LATENCY_BUCKETS.try_into().expect("fifteen");
    let latencies = HistogramVec::with_label_set_and_metadata(set(), Thresholds::with_buckets(edges));
    let (counter, latency) = (counters.with_labels(labels), latencies.with_labels(labels));
    contender(criterion, "measured, id", |elapsed| {
        counters.get_metric(counter).inc();
        latencies.get_metric(latency).observe(elapsed.as_secs_f64());
    });
    contender(criterion, "measured, dynamic labels", |elapsed| {
        counters.inc(black_box(labels));
        latencies.observe(black_box(labels), elapsed.as_secs_f64());
    });
}

fn prometheus_client(criterion: &mut Criterion) {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::histogram::Histogram;
    fn histogram() -> Histogram {
        Histogram::new(LATENCY_BUCKETS.iter().copied())
    }
    let (counter, latency) = (Counter::<u64>::default(), histogram());
    contender(criterion, "prometheus-client, handle", |elapsed| {
        counter.inc();
        latency.observe(elapsed.as_secs_f64());
    });
    let labels = Labels {
        model_name: MODEL,
        model_version: VERSION,
        route: ROUTE,
        status: STATUS,
    };
    let counters = Family::<Labels, Counter>::default();
    let latencies = Family::<Labels, Histogram>::new_with_constructor(histogram);
    contender(criterion, "prometheus-client, labels", |elapsed| {
        counters.get_or_create(&labels).inc();
        latencies.get_or_create(&labels).observe(elapsed.as_secs_f64());
    });
    let counters = Family::<Vec<(String, String)>, Counter>::default();
    let latencies = Family::<Vec<(String, String)>, Histogram>::new_with_constructor(histogram);
    contender(criterion, "prometheus-client, String labels", |elapsed| {
        let labels = [
            ("model_name", MODEL),
            ("model_version", VERSION),
            ("route", ROUTE),
            ("status", STATUS),
        ];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        counters.get_or_create(&labels).inc();
        latencies.get_or_create(&labels).observe(elapsed.as_secs_f64());
    });
}

fn prometheus(criterion: &mut Criterion) {
    use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};
    let names = ["model_name", "model_version", "route", "status"];
    let values = [MODEL, VERSION, ROUTE, STATUS];
    let counters = IntCounterVec::new(Opts::new("requests", "r"), &names).expect("valid");
    let options = HistogramOpts::new("latency", "l").buckets(LATENCY_BUCKETS.to_vec());
    let latencies = HistogramVec::new(options, &names).expect("valid");
    let (counter, latency) = (
        counters.with_label_values(&values),
        latencies.with_label_values(&values),
    );
    contender(criterion, "prometheus, handle", |elapsed| {
        counter.inc();
        latency.observe(elapsed.as_secs_f64());
    });
    contender(criterion, "prometheus, with_label_values", |elapsed| {
        counters.with_label_values(&values).inc();
        latencies.with_label_values(&values).observe(elapsed.as_secs_f64());
    });
}

fn metrics(criterion: &mut Criterion) {
    let builder = PrometheusBuilder::new();
    let builder = builder
        .set_buckets_for_metric(Matcher::Full("latency".into()), LATENCY_BUCKETS)
        .expect("valid");
    let recorder = builder.build_recorder();
    // The exporter keeps every observation until the next upkeep; a service calls it every few seconds.
    let upkeep = recorder.handle();
    metrics::set_global_recorder(recorder).expect("the first");
    let labels = [
        ("model_name", MODEL),
        ("model_version", VERSION),
        ("route", ROUTE),
        ("status", STATUS),
    ];
    let (counter, latency) = (
        metrics::counter!("requests", &labels),
        metrics::histogram!("latency", &labels),
    );
    contender(criterion, "metrics, handle", |elapsed| {
        counter.increment(1);
        latency.record(elapsed.as_secs_f64());
    });
    upkeep.run_upkeep();
    contender(criterion, "metrics, literal labels", |elapsed| {
        metrics::counter!("requests", "model_name" => MODEL, "model_version" => VERSION, "route" => ROUTE, "status" => STATUS)
            .increment(1);
        metrics::histogram!("latency", "model_name" => MODEL, "model_version" => VERSION, "route" => ROUTE, "status" => STATUS)
            .record(elapsed.as_secs_f64());
    });
    upkeep.run_upkeep();
    contender(criterion, "metrics, String labels", |elapsed| {
        let owned = || labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        metrics::counter!("requests", &owned()).increment(1);
        metrics::histogram!("latency", &owned()).record(elapsed.as_secs_f64());
    });
    upkeep.run_upkeep();
}

fn opentelemetry(criterion: &mut Criterion) {
    // Without a reader it would not record at all.
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(prometheus::Registry::new())
        .build();
    let provider = SdkMeterProvider::builder()
        .with_reader(exporter.expect("valid"))
        .build();
    let meter = provider.meter("bench");
    let counter = meter.u64_counter("requests").build();
    let latency = meter
        .f64_histogram("latency")
        .with_boundaries(LATENCY_BUCKETS.to_vec())
        .build();
    let labels = [
        ("model_name", MODEL),
        ("model_version", VERSION),
        ("route", ROUTE),
        ("status", STATUS),
    ];
    let prebuilt = labels.map(|(name, value)| KeyValue::new(name, value));
    contender(criterion, "opentelemetry, key-values", |elapsed| {
        counter.add(1, &prebuilt);
        latency.record(elapsed.as_secs_f64(), &prebuilt);
    });
    contender(criterion, "opentelemetry, String key-values", |elapsed| {
        let built = labels.map(|(name, value)| KeyValue::new(name, value.to_owned()));
        counter.add(1, &built);
        latency.record(elapsed.as_secs_f64(), &built);
    });
}

criterion_group! {
    name = record;
    config = settings();
    targets = floor, modelwatch, measured, prometheus_client, prometheus, metrics, opentelemetry
}
criterion_main!(record);
