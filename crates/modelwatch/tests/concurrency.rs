//! Many threads record while scrapes go on: every page is consistent, and at the end nothing is missing.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Feature, Format, Model, Monitor, Stage, Status};
use modelwatch_testkit::{
    MetricsPage, MetricsServer, Page, Prometheus, PrometheusOptions, Sample, Value, openmetrics_strict,
    prometheus_text_strict, protobuf_decode,
};

const RECORDS: u64 = 10_000;
const FORMATS: [Format; 3] = [
    Format::PrometheusText,
    Format::OpenMetricsText,
    Format::PrometheusProtobuf,
];

fn record(model: &Model, number: u64) {
    let route = model.route(if number % 2 == 0 { "predict" } else { "explain" });
    let status = Status::ALL[number as usize % 4];
    if number % 3 == 0 {
        route.start().finish(status);
    } else {
        route.record(status, Duration::from_micros(number));
    }
    // Sums of quarters are exact.
    model
        .record_prediction((number % 5) as f64 * 0.25)
        .class(if number % 2 == 0 { "a" } else { "b" });
    // The third is never there.
    model.record_features([Some(number as f64), (number % 4 != 0).then_some(1.0)]);
    model.record_feature("undeclared", None::<f64>);
    model.record_stage(Stage::Compute, Duration::from_millis(2));
    model.record_outcome("done");
    model.record_batch_size(8);
}

/// Ends the loops of the other threads, and when a test fails too: they would keep it from ending.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A histogram's buckets never shrink along their bounds and end at its count; nothing is below zero; no feature is missing more
/// often than it was looked at.
fn consistent(samples: &[Sample]) {
    let mut buckets: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    let mut counts = HashMap::new();
    let of = |name: &str| {
        let samples = samples.iter().filter(|sample| sample.name == name);
        samples
            .map(|sample| (sample.labels.clone(), sample.value))
            .collect::<HashMap<_, _>>()
    };
    let observed = of("ml_feature_observations_total");
    for (feature, missing) in of("ml_feature_missing_total") {
        assert!(
            missing <= observed[&feature],
            "{feature:?} is missing {missing} times of {}",
            observed[&feature]
        );
    }
    for sample in samples {
        assert!(sample.value >= 0.0, "{sample:?}");
        // Fewer than there are threads; one below zero would be 2⁶⁴ less one.
        assert!(
            sample.name != "ml_inference_in_flight" || sample.value <= 20.0,
            "{sample:?}"
        );
        assert!(
            sample.name != "ml_feature_missing_ratio" || sample.value <= 1.0,
            "{sample:?}"
        );
        let mut labels: BTreeMap<_, _> = sample.labels.clone();
        if let Some(name) = sample.name.strip_suffix("_bucket") {
            let le = labels.remove("le").expect("a bound").parse().expect("a number");
            buckets
                .entry(format!("{name}{labels:?}"))
                .or_default()
                .push((le, sample.value));
        } else if let Some(name) = sample.name.strip_suffix("_count") {
            counts.insert(format!("{name}{labels:?}"), sample.value);
        }
    }
    assert_eq!(buckets.len(), counts.len());
    for (series, buckets) in buckets {
        assert!(
            buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "{series}: {buckets:?}"
        );
        assert_eq!(
            buckets.last().expect("buckets"),
            &(f64::INFINITY, counts[&series]),
            "{series}"
        );
    }
}

/// No counter is lower than it was.
fn grown(samples: &[Sample], before: &mut HashMap<String, f64>) {
    for sample in samples.iter().filter(|sample| {
        ["_total", "_count", "_bucket", "_sum"]
            .iter()
            .any(|suffix| sample.name.ends_with(suffix))
    }) {
        let series = format!("{}{:?}", sample.name, sample.labels);
        let earlier = before.insert(series.clone(), sample.value).unwrap_or_default();
        assert!(
            sample.value >= earlier,
            "{series} went from {earlier} to {}",
            sample.value
        );
    }
}

#[test]
fn judged_records_from_many_threads_are_all_there_and_every_page_is_consistent() {
    let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
    let features = [
        Feature::numeric("a").range(0.0..=1e9),
        Feature::numeric("b"),
        Feature::numeric("c"),
    ];
    let model = monitor.model("m", "1").features(features).register().expect("valid");
    let recording = AtomicBool::new(true);
    // More threads than there are cores or slots, in waves, so that slots are handed on.
    let (waves, threads) = (5, 20);
    let pages = thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut pages = Vec::new();
            while recording.load(Ordering::Relaxed) {
                pages.push(FORMATS.map(|format| monitor.encode(format)));
                thread::sleep(Duration::from_millis(10));
            }
            pages
        });
        let stop = Stop(&recording);
        for wave in 0..waves {
            thread::scope(|scope| {
                for thread in 0..threads {
                    let model = &model;
                    scope.spawn(move || (0..RECORDS).for_each(|number| record(model, number + wave + thread)));
                }
            });
        }
        drop(stop);
        scraper.join().expect("scraped")
    });
    assert!(pages.len() > 5, "scrapes went on meanwhile");
    let mut before = HashMap::new();
    for [text, open, protobuf] in &pages {
        for samples in [prometheus_text_strict(text), openmetrics_strict(open)] {
            let samples = samples.expect("a page");
            consistent(&samples);
            grown(&samples, &mut before);
        }
        for family in protobuf_decode(protobuf).expect("a page") {
            for metric in &family.metrics {
                if let Value::Histogram(histogram) = &metric.value {
                    let native = histogram.native.as_ref().expect("native buckets");
                    let sides = native.positive.values().chain(native.negative.values());
                    assert_eq!(
                        native.zero_count + sides.sum::<u64>(),
                        histogram.count,
                        "{}",
                        family.name
                    );
                }
            }
        }
    }

    // A thread that is gone has left everything behind; the sums are exact.
    let numbers = || {
        (0..waves).flat_map(|wave| (0..threads).flat_map(move |thread| (0..RECORDS).map(move |n| n + wave + thread)))
    };
    let total = numbers().count() as f64;
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    assert_eq!(total, 1e6);
    for name in [
        "ml_inference_requests_total",
        "ml_inference_latency_seconds_count",
        "ml_prediction_score_count",
        "ml_prediction_class_total",
        "ml_inference_stage_seconds_count",
        "ml_business_outcome_total",
        "ml_inference_batch_size_count",
    ] {
        assert_eq!(page.sum(name, &[]), total, "{name}");
    }
    for (position, status) in Status::ALL.into_iter().enumerate() {
        let expected = numbers().filter(|number| *number as usize % 4 == position).count();
        assert_eq!(
            page.sum("ml_inference_requests_total", &[("status", status.as_str())]),
            expected as f64
        );
    }
    let scores: u64 = numbers().map(|number| number % 5).sum();
    assert_eq!(page.sum("ml_prediction_score_sum", &[]), scores as f64 * 0.25);
    assert_eq!(page.sum("ml_inference_batch_size_sum", &[]), total * 8.0);
    assert_eq!(page.sum("ml_inference_stage_seconds_sum", &[]), total * 0.002);
    assert_eq!(
        page.sum("ml_feature_observations_total", &[("feature_name", "b")]),
        total
    );
    let missing = numbers().filter(|number| number % 4 == 0).count() as f64;
    for (feature, missing) in [("a", 0.0), ("b", missing), ("c", total), ("undeclared", total)] {
        let counted = page.sum("ml_feature_missing_total", &[("feature_name", feature)]);
        assert_eq!(counted, missing, "{feature}");
    }
    assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0);
}

/// The sum of a metric's samples, read without a parser: this is asked thousands of times a second.
fn sum_of(page: &str, metric: &str) -> f64 {
    let values = page
        .lines()
        .filter_map(|line| line.strip_prefix(metric)?.rsplit(' ').next());
    values.map(|value| value.parse::<f64>().expect("a number")).sum()
}

#[test]
fn no_page_has_more_ends_than_beginnings() {
    let builder = Monitor::builder()
        .process_metrics(false)
        .window(Duration::from_millis(1));
    let monitor = builder.build().expect("valid");
    let model = monitor
        .model("m", "1")
        .features([Feature::numeric("a")])
        .register()
        .expect("valid");
    let recording = AtomicBool::new(true);
    thread::scope(|scope| {
        let _stop = Stop(&recording);
        let record = |record: fn(&Model)| {
            let (model, recording) = (&model, &recording);
            scope.spawn(move || {
                while recording.load(Ordering::Relaxed) {
                    record(model);
                }
            });
        };
        record(|model| model.route("predict").start().finish(Status::Success));
        record(|model| model.record_features([None::<f64>]));
        record(|model| model.record_feature("b", None::<f64>));
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
            let in_flight = sum_of(&page, "ml_inference_in_flight{");
            assert!(in_flight <= 1.0, "{in_flight} in flight");
            for feature in ["a", "b"] {
                let of = |metric: &str| {
                    sum_of(
                        &page,
                        &format!("{metric}{{model_name=\"m\",feature_name=\"{feature}\"}}"),
                    )
                };
                let (missing, observed) = (of("ml_feature_missing_total"), of("ml_feature_observations_total"));
                assert!(
                    missing <= observed,
                    "{feature} is missing {missing} times of {observed}"
                );
                let ratio = of("ml_feature_missing_ratio");
                assert!(ratio <= 1.0, "{ratio} of {feature} missing");
            }
        }
    });
}

#[test]
fn judged_registering_resolving_retiring_and_scraping_do_not_wait_for_each_other() {
    let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
    thread::scope(|scope| {
        for thread in 0..4 {
            let monitor = &monitor;
            scope.spawn(move || {
                for number in 0..500 {
                    let name = format!("m{}", (number + thread) % 7);
                    let version = (number % 11).to_string();
                    let declared = monitor
                        .model(&name, &version)
                        .features([Feature::numeric("a")])
                        .register();
                    let model = declared.unwrap_or_else(|error| panic!("{error}"));
                    model.route("predict").start().finish(Status::Success);
                    model.record_features([1.0]);
                    if number % 3 == 0 {
                        model.retire();
                    }
                    if number % 50 == 0 {
                        drop(monitor.encode(Format::PrometheusProtobuf));
                    }
                }
            });
        }
    });
    let samples = prometheus_text_strict(&monitor.encode(Format::PrometheusText)).expect("a page");
    consistent(&samples);
}

#[test]
fn judged_a_real_prometheus_sees_consistent_histograms_under_full_load() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    let scraped = monitor.clone();
    let server = MetricsServer::start(move |request| {
        let scrape = scraped.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    });
    let recording = AtomicBool::new(true);
    thread::scope(|scope| {
        let stop = Stop(&recording);
        for _ in 0..2 {
            scope.spawn(|| {
                let route = model.route("predict");
                while recording.load(Ordering::Relaxed) {
                    route.start().finish(Status::Success);
                }
            });
        }
        let prometheus = Prometheus::start(&PrometheusOptions::scraping(server.address())).expect("prometheus");
        let scrapes = "count_over_time(ml_inference_latency_seconds_count[5m])";
        let enough = prometheus.wait_for(
            scrapes,
            |found| found.iter().any(|(_, count)| *count >= 10.0),
            Duration::from_secs(30),
        );
        drop(stop);
        enough.expect("ten scrapes");
        // In every scrape, count and the last bucket are one number: their difference was never anything but 0.
        let difference = r#"max_over_time(abs(
            sum(ml_inference_latency_seconds_count) - sum(ml_inference_latency_seconds_bucket{le="+Inf"})
        )[1m:200ms])"#;
        assert_eq!(prometheus.query(difference).expect("an answer")[0].1, 0.0);
        assert_eq!(prometheus.query("min_over_time(up[1m])").expect("an answer")[0].1, 1.0);
    });
}
