//! A page of 10,000 counters and 1,000 latency histograms, next to one with everything but the values rendered before; and the same for a
//! page of 1,000 models with one route each.

use std::fmt::Write;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use lasso::ThreadedRodeo;
use measured::{LabelGroup, MetricGroup};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use modelwatch::contract::LATENCY_BUCKETS;
use modelwatch::{Format, Limits, Monitor, Status};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;

const HISTOGRAMS: usize = 1_000;
/// A thousand routes have four statuses each; the rest are classes.
const CLASS_COUNTERS: usize = 6_000;
const COUNTERS: usize = HISTOGRAMS * Status::ALL.len() + CLASS_COUNTERS;

const FORMATS: [(&str, Format); 3] = [
    ("modelwatch, OpenMetrics text", Format::OpenMetricsText),
    ("modelwatch, Prometheus text", Format::PrometheusText),
    ("modelwatch, protobuf", Format::PrometheusProtobuf),
];

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

fn latency(number: usize) -> Duration {
    Duration::from_micros(1_000 + 37 * (number as u64 % 20_000))
}

fn route(number: usize) -> String {
    format!("/models/{number}/predict")
}

/// Samples of the page besides those of the counters and histograms are few: they are left in.
fn modelwatch(criterion: &mut Criterion) {
    let limits = Limits::new()
        .routes_per_version(HISTOGRAMS)
        .classes_per_version(CLASS_COUNTERS);
    let monitor = Monitor::builder()
        .limits(limits)
        .process_metrics(false)
        .build()
        .expect("valid");
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    for number in 0..HISTOGRAMS {
        let route = model.route(&route(number));
        (0..100).for_each(|request| route.record(Status::Success, latency(number * 100 + request)));
    }
    for number in 0..CLASS_COUNTERS {
        model.record_prediction(0.5).class(format!("class_{number}"));
    }
    let mut group = criterion.benchmark_group("scrape");
    for (name, format) in FORMATS {
        group.bench_function(name, |bencher| bencher.iter(|| monitor.encode(format)));
    }
}

/// A thousand models with one route each: 4,000 counters and 1,000 histograms, and the few gauges of each model.
fn many_models(criterion: &mut Criterion) {
    let monitor = Monitor::builder()
        .limits(Limits::new().models(HISTOGRAMS))
        .process_metrics(false)
        .build()
        .expect("valid");
    for number in 0..HISTOGRAMS {
        let model = monitor.model(format!("model-{number}"), "1").register().expect("valid");
        let route = model.route("/predict");
        (0..100).for_each(|request| route.record(Status::Success, latency(number * 100 + request)));
    }
    let mut group = criterion.benchmark_group("scrape_models");
    for (name, format) in FORMATS {
        group.bench_function(name, |bencher| bencher.iter(|| monitor.encode(format)));
    }
    let labels = |number| format!("model_name=\"model-{number}\",model_version=\"1\",route=\"/predict\"");
    let lines = lines(HISTOGRAMS * Status::ALL.len(), HISTOGRAMS, labels);
    group.bench_function("floor", |bencher| bencher.iter(|| rendered(&lines)));
}

/// What no encoder of this page can do without: copying the text and spelling the numbers.
fn floor(criterion: &mut Criterion) {
    let labels = |number| {
        let route = route(number);
        format!("model_name=\"claims-risk\",model_version=\"2026-04-01\",route=\"{route}\"")
    };
    let lines = lines(COUNTERS, HISTOGRAMS, labels);
    criterion
        .benchmark_group("scrape")
        .bench_function("floor", |bencher| bencher.iter(|| rendered(&lines)));
}

/// Lines without their values, and those.
fn lines(counters: usize, histograms: usize, labels: impl Fn(usize) -> String) -> Vec<(String, u64)> {
    let mut lines: Vec<(String, u64)> = Vec::new();
    for number in 0..counters {
        let labels = labels(number % histograms);
        lines.push((
            format!("ml_inference_requests_total{{{labels},status=\"success\"}} "),
            100,
        ));
    }
    for number in 0..histograms {
        let labels = labels(number);
        for bound in LATENCY_BUCKETS {
            lines.push((
                format!("ml_inference_latency_seconds_bucket{{{labels},le=\"{bound:?}\"}} "),
                50,
            ));
        }
        lines.push((
            format!("ml_inference_latency_seconds_bucket{{{labels},le=\"+Inf\"}} "),
            100,
        ));
        lines.push((format!("ml_inference_latency_seconds_sum{{{labels}}} "), 12_345));
        lines.push((format!("ml_inference_latency_seconds_count{{{labels}}} "), 100));
    }
    lines
}

fn rendered(lines: &[(String, u64)]) -> Vec<u8> {
    let mut page = Vec::with_capacity(16 * 1024);
    for (prefix, value) in lines {
        page.extend_from_slice(prefix.as_bytes());
        page.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes());
        page.push(b'\n');
    }
    page
}

fn labels(number: usize) -> [(&'static str, String); 3] {
    [
        ("model_name", "claims-risk".into()),
        ("model_version", "2026-04-01".into()),
        ("route", route(number)),
    ]
}

fn prometheus_client(criterion: &mut Criterion) {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::registry::Registry;
    type Labels = Vec<(&'static str, String)>;
    let mut registry = Registry::default();
    let counters = Family::<Labels, Counter>::default();
    let latencies =
        Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS.iter().copied()));
    registry.register("requests", "Requests", counters.clone());
    registry.register("latency", "Latency", latencies.clone());
    for number in 0..COUNTERS {
        counters.get_or_create(&labels(number).to_vec()).inc();
    }
    for number in 0..HISTOGRAMS {
        latencies.get_or_create(&labels(number).to_vec()).observe(0.05);
    }
    let mut group = criterion.benchmark_group("scrape");
    group.bench_function("prometheus-client, OpenMetrics text", |bencher| {
        bencher.iter(|| {
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).expect("a page");
            page
        });
    });
    group.bench_function("prometheus-client, protobuf", |bencher| {
        bencher.iter(|| prometheus_client::encoding::prometheus_protobuf::encode_to_vec(&registry).expect("a page"));
    });
}

#[derive(Clone, Copy, PartialEq, LabelGroup)]
#[label(set = MeasuredSet)]
struct MeasuredLabels<'a> {
    #[label(dynamic_with = ThreadedRodeo)]
    model_name: &'a str,
    #[label(dynamic_with = ThreadedRodeo)]
    model_version: &'a str,
    #[label(dynamic_with = ThreadedRodeo)]
    route: &'a str,
}

#[derive(MetricGroup)]
struct Measured {
    /// Requests
    requests: measured::CounterVec<MeasuredSet>,
    /// Latency
    latency: measured::HistogramVec<MeasuredSet, 15>,
}

fn measured(criterion: &mut Criterion) {
    use measured::metric::group::MetricGroup;
    use measured::metric::histogram::Thresholds;
    fn set() -> MeasuredSet {
        MeasuredSet {
            model_name: ThreadedRodeo::default(),
            model_version: ThreadedRodeo::default(),
            route: ThreadedRodeo::default(),
        }
    }
    let edges: [f64; 15] = LATENCY_BUCKETS.try_into().expect("fifteen");
    let metrics = Measured {
        requests: measured::CounterVec::with_label_set(set()),
        latency: measured::HistogramVec::with_label_set_and_metadata(set(), Thresholds::with_buckets(edges)),
    };
    for number in 0..COUNTERS {
        let [model_name, model_version, route] = &labels(number).map(|(_, value)| value);
        metrics.requests.inc(MeasuredLabels {
            model_name,
            model_version,
            route,
        });
    }
    for number in 0..HISTOGRAMS {
        let [model_name, model_version, route] = &labels(number).map(|(_, value)| value);
        metrics.latency.observe(
            MeasuredLabels {
                model_name,
                model_version,
                route,
            },
            0.05,
        );
    }
    let mut encoder = measured::text::BufferedTextEncoder::new();
    let mut group = criterion.benchmark_group("scrape");
    group.bench_function("measured, Prometheus text", |bencher| {
        bencher.iter(|| {
            metrics.collect_group_into(&mut encoder).expect("a page");
            encoder.finish()
        });
    });
}

fn prometheus(criterion: &mut Criterion) {
    use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
    let registry = Registry::new();
    let names = ["model_name", "model_version", "route"];
    let counters = IntCounterVec::new(Opts::new("requests", "r"), &names).expect("valid");
    let options = HistogramOpts::new("latency", "l").buckets(LATENCY_BUCKETS.to_vec());
    let latencies = HistogramVec::new(options, &names).expect("valid");
    registry.register(Box::new(counters.clone())).expect("new");
    registry.register(Box::new(latencies.clone())).expect("new");
    for number in 0..COUNTERS {
        counters
            .with_label_values(&labels(number).map(|(_, value)| value))
            .inc();
    }
    for number in 0..HISTOGRAMS {
        latencies
            .with_label_values(&labels(number).map(|(_, value)| value))
            .observe(0.05);
    }
    criterion
        .benchmark_group("scrape")
        .bench_function("prometheus, Prometheus text", |bencher| {
            bencher.iter(|| {
                let mut page = Vec::new();
                TextEncoder::new()
                    .encode(&registry.gather(), &mut page)
                    .expect("a page");
                page
            });
        });
}

fn metrics(criterion: &mut Criterion) {
    let builder = PrometheusBuilder::new();
    let builder = builder
        .set_buckets_for_metric(Matcher::Full("latency".into()), LATENCY_BUCKETS)
        .expect("valid");
    let recorder = builder.build_recorder();
    metrics::with_local_recorder(&recorder, || {
        for number in 0..COUNTERS {
            metrics::counter!("requests", &labels(number)).increment(1);
        }
        for number in 0..HISTOGRAMS {
            metrics::histogram!("latency", &labels(number)).record(0.05);
        }
    });
    let handle = recorder.handle();
    criterion
        .benchmark_group("scrape")
        .bench_function("metrics-exporter-prometheus, Prometheus text", |bencher| {
            bencher.iter(|| handle.render())
        });
}

fn opentelemetry(criterion: &mut Criterion) {
    let registry = prometheus::Registry::new();
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .build()
        .expect("valid");
    // Without a limit of its own it would fold all but 2,000 label sets.
    let stream = |_: &opentelemetry_sdk::metrics::Instrument| {
        opentelemetry_sdk::metrics::Stream::builder()
            .with_cardinality_limit(COUNTERS + 1)
            .build()
            .ok()
    };
    let provider = opentelemetry_sdk::metrics::SdkMeterProvider::builder()
        .with_reader(exporter)
        .with_view(stream)
        .build();
    let meter = provider.meter("bench");
    let counter = meter.u64_counter("requests").build();
    let latency = meter
        .f64_histogram("latency")
        .with_boundaries(LATENCY_BUCKETS.to_vec())
        .build();
    let values = |number| labels(number).map(|(name, value)| KeyValue::new(name, value));
    (0..COUNTERS).for_each(|number| counter.add(1, &values(number)));
    (0..HISTOGRAMS).for_each(|number| latency.record(0.05, &values(number)));
    criterion
        .benchmark_group("scrape")
        .bench_function("opentelemetry-prometheus, Prometheus text", |bencher| {
            bencher.iter(|| {
                let mut page = String::new();
                let text = prometheus::TextEncoder::new()
                    .encode_to_string(&registry.gather())
                    .expect("a page");
                write!(page, "{text}").expect("memory");
                page
            });
        });
}

criterion_group! {
    name = scrape;
    config = settings();
    targets = floor, modelwatch, many_models, measured, prometheus_client, prometheus, metrics, opentelemetry
}
criterion_main!(scrape);
