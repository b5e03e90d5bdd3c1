//! A `prometheus-client` registry on our page: whatever is in it, the page stays whole.
#![cfg(feature = "prometheus-client")]

use std::sync::Arc;
use std::time::Duration;

use modelwatch::{Format, Monitor, Status};
use modelwatch_testkit::{
    MetricsPage, openmetrics_strict, prometheus_text_strict, promtool_check_metrics, protobuf_decode,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use proptest::prelude::*;

fn monitor() -> Monitor {
    let monitor = Monitor::new();
    let model = monitor.resolve("m", "1");
    model.route("predict").record(Status::Success, Duration::ZERO);
    model.record_prediction(0.5);
    monitor
}

fn gauge(value: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}

fn with(fill: impl FnOnce(&mut Registry)) -> Monitor {
    let (monitor, mut registry) = (monitor(), Registry::default());
    fill(&mut registry);
    monitor.include(Arc::new(registry));
    monitor
}

/// The page, which every parser accepts.
fn accepted(monitor: &Monitor) -> MetricsPage {
    let text = monitor.encode(Format::PrometheusText);
    promtool_check_metrics(&text).expect("promtool");
    openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
    protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf");
    let page = MetricsPage::parse(&text);
    assert_eq!(page.sum("ml_inference_requests_total", &[]), 1.0, "ours is there");
    page
}

#[test]
fn judged_a_name_that_clashes_with_a_sample_of_ours_is_left_out() {
    for name in [
        "ml_inference_requests",
        "ml_inference_requests_total",
        "ml_inference_latency_seconds",
        "ml_inference_latency_seconds_count",
        "ml_prediction_score_bucket",
        "process_threads",
    ] {
        let page = accepted(&with(|registry| {
            registry.register(name, "Clashes", gauge(7));
            registry.register("jobs", "Does not", gauge(7));
        }));
        assert_eq!(page.sum("jobs", &[]), 7.0, "beside {name}");
    }
    // A name is taken by what it exposes, not by what it begins with.
    let page = accepted(&with(|registry| {
        registry.register("ml_inference_latency", "No clash", Histogram::new([1.0]));
    }));
    assert_eq!(page.labels_of("ml_inference_latency_bucket", "le").len(), 2);
}

#[test]
fn process_metrics_are_theirs_where_ours_are_off() {
    let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
    let mut registry = Registry::default();
    registry.register("process_threads", "Theirs", gauge(7));
    monitor.include(Arc::new(registry));
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    assert_eq!(page.sum("process_threads", &[]), 7.0);
}

#[test]
fn judged_families_of_one_name_become_one() {
    let monitor = with(|registry| {
        for shard in ["a", "b"] {
            let shard = registry.sub_registry_with_label(("shard".into(), shard.into()));
            shard.register("jobs", "Of a shard", gauge(1));
            shard.register("wait", "Of a shard", Histogram::new([1.0]));
        }
        registry.register("jobs", "Of none", gauge(5));
        registry.register("jobs", "The same series again", gauge(1000));
        registry.register("jobs", "Of another kind", Counter::<u64>::default());
    });
    let mut second = Registry::default();
    let elsewhere = second.sub_registry_with_label(("shard".into(), "c".into()));
    elsewhere.register("jobs", "In a registry of its own", gauge(1));
    monitor.include(Arc::new(second));
    let page = accepted(&monitor);
    assert_eq!(page.labels_of("jobs", "shard").len(), 3);
    assert_eq!(page.sum("jobs", &[]), 8.0, "each series once, the first of two");
    assert_eq!(page.labels_of("wait_count", "shard").len(), 2);
    let protobuf = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf");
    let wait = protobuf.iter().find(|family| family.name == "wait").expect("wait");
    assert_eq!(wait.metrics.len(), 2);
}

#[test]
fn judged_a_help_text_forges_nothing() {
    for help in [
        "Two\nlines",
        "Begins a line\njobs are many",
        "A sample\njobs 7",
        "Another's\n# HELP others Forged\nothers 7",
        "Its own\n# HELP jobs Forged\n# TYPE jobs gauge\njobs 7",
        "The end\n# EOF\n",
        "\r\n \\ \\n \0 \u{85}\u{2028}",
        "",
    ] {
        let page = accepted(&with(|registry| {
            registry.register("jobs", help, gauge(1));
            registry.register("later", "Comes after it", gauge(1));
        }));
        assert_eq!(page.sum("jobs", &[]), 1.0, "{help:?}");
        assert_eq!(page.sum("later", &[]), 1.0, "{help:?}");
        assert_eq!(page.sum("others", &[]), 0.0, "{help:?}");
    }
}

#[test]
fn judged_hostile_label_values_and_odd_numbers_arrive_as_they_are() {
    let values = ["a\0b", "a\rb", "\"} 1\njobs 7", "\\", "\u{2028}", "", "a # {b=\"c\"} 1"];
    let page = accepted(&with(|registry| {
        let jobs = Family::<Vec<(String, String)>, Gauge>::default();
        for value in values {
            jobs.get_or_create(&vec![("name".to_owned(), value.to_owned())]).set(1);
        }
        registry.register("jobs", "By name", jobs);
        for (name, value) in [
            ("nan", f64::NAN),
            ("high", f64::INFINITY),
            ("low", f64::NEG_INFINITY),
            ("tiny", 5e-324),
        ] {
            let odd = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
            odd.set(value);
            registry.register(name, "Odd", odd);
        }
        registry.register(
            "empty",
            "No series",
            Family::<Vec<(String, String)>, Counter>::default(),
        );
        registry.register("boundless", "No buckets but one", Histogram::new([]));
    }));
    assert_eq!(page.labels_of("jobs", "name"), values.map(str::to_owned).into());
    assert!(page.sum("nan", &[]).is_nan());
    assert_eq!(page.sum("high", &[]), f64::INFINITY);
    assert_eq!(page.sum("low", &[]), f64::NEG_INFINITY);
    assert_eq!(page.sum("tiny", &[]), 5e-324);
}

#[test]
fn judged_a_registry_that_collects_the_monitor_may_be_included_in_it() {
    let monitor = monitor();
    let mut registry = Registry::default();
    registry.register_collector(monitor.collector());
    registry.register("jobs", "Of the registry", gauge(3));
    let registry = Arc::new(registry);
    monitor.include(registry.clone());
    assert_eq!(accepted(&monitor).sum("jobs", &[]), 3.0);
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry).expect("a page");
    openmetrics_strict(page.as_bytes()).expect("OpenMetrics");
}

#[test]
fn judged_a_collector_may_record_and_register_while_it_is_scraped() {
    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::DescriptorEncoder;

    #[derive(Debug)]
    struct Busy(Monitor);

    impl Collector for Busy {
        fn encode(&self, _: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
            self.0.resolve("busy", "1").record_prediction(0.5);
            self.0.model("busy", "2").register().map_err(|_| std::fmt::Error)?;
            self.0.include(Arc::new(Registry::default()));
            Ok(())
        }
    }

    let monitor = monitor();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Busy(monitor.clone())));
    monitor.include(Arc::new(registry));
    accepted(&monitor);
    // What it records is on the next page: ours are read first.
    let next = accepted(&monitor);
    assert!(next.sum("ml_prediction_score_count", &[("model_name", "busy")]) >= 1.0);
}

type Labels = Vec<(String, String)>;

/// Families that no parser takes, each beside one that every parser does.
#[test]
fn judged_leaves_out_the_families_that_would_have_the_page_refused() {
    let family = |pairs: &[(&str, &str)]| {
        let family = Family::<Labels, Gauge>::default();
        let pairs = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        family.get_or_create(&pairs.collect()).set(7);
        family
    };
    let bad_names = [
        "with.dot",
        "with-dash",
        "1digit",
        "",
        "with space",
        "ä",
        "two\nlines",
        "brace{",
        "quote\"",
    ];
    let bad_labels: [&[(&str, &str)]; 9] = [
        &[("with.dot", "v")],
        &[("with-dash", "v")],
        &[("1digit", "v")],
        &[("", "v")],
        &[("twice", "a"), ("twice", "b")],
        &[("two\nlines", "v")],
        &[("quote\"", "v")],
        &[("__name__", "up")],
        &[("co:lon", "v")],
    ];
    for name in bad_names {
        let page = accepted(&with(|registry| {
            registry.register("before", "Fine", gauge(7));
            registry.register(name, "Bad", gauge(7));
            registry.register("after", "Fine", gauge(7));
        }));
        assert_eq!(
            (page.sum("before", &[]), page.sum("after", &[])),
            (7.0, 7.0),
            "beside {name:?}"
        );
    }
    for labels in bad_labels {
        let page = accepted(&with(|registry| {
            registry.register("before", "Fine", gauge(7));
            registry.register("bad", "Bad", family(labels));
            registry.register("after", "Fine", gauge(7));
        }));
        assert_eq!(
            (page.sum("before", &[]), page.sum("after", &[])),
            (7.0, 7.0),
            "beside {labels:?}"
        );
        assert_eq!(page.sum("bad", &[]), 0.0, "{labels:?}");
    }
}

/// Prometheus takes them; strict parsers of OpenMetrics refuse the page.
#[test]
fn judged_leaves_out_the_families_whose_numbers_make_no_sense() {
    let nan = Counter::<f64, std::sync::atomic::AtomicU64>::default();
    nan.inc_by(f64::NAN);
    let page = accepted(&with(|registry| {
        registry.register("before", "Fine", gauge(7));
        registry.register("nan", "Counts NaN", nan.clone());
        registry.register("unsorted", "In no order", Histogram::new([3.0, 1.0]));
        registry.register("twice", "A bound twice", Histogram::new([1.0, 1.0, 2.0]));
        registry.register("after", "Fine", gauge(7));
    }));
    for (name, samples) in [
        ("before", 7.0),
        ("after", 7.0),
        ("nan_total", 0.0),
        ("unsorted_bucket", 0.0),
    ] {
        assert_eq!(page.sum(name, &[]), samples, "{name}");
    }
    assert_eq!(page.labels_of("twice_bucket", "le").len(), 3);
    assert_eq!(page.labels_of("unsorted_bucket", "le").len(), 0);
    assert_eq!(page.labels_of("nan_total", "le").len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever names, labels and helps are in a registry, the page is valid and what is good in it is there.
    #[test]
    fn judged_a_page_stays_whole_whatever_an_included_registry_is_called(
        families in prop::collection::vec(
            ("[a-c1 .:_\\-\\n\"{}é]{0,4}", "[a-z\\n #\\\\\"]{0,12}", prop::collection::vec(("[a-c1.:_\\n\"=,é]{0,3}", "\\PC{0,4}"), 0..3), 0..3u8),
            1..20,
        )
    ) {
        let monitor = with(|registry| {
            registry.register("good_first", "Fine", gauge(7));
            for (name, help, labels, kind) in &families {
                let labels: Labels = labels.clone();
                match kind {
                    0 => {
                        let family = Family::<Labels, Gauge>::default();
                        family.get_or_create(&labels).set(1);
                        registry.register(name, help, family);
                    }
                    1 => {
                        let family = Family::<Labels, Counter>::default();
                        family.get_or_create(&labels).inc();
                        registry.register(name, help, family);
                    }
                    _ => {
                        let family = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new([1.0, 2.0]));
                        family.get_or_create(&labels).observe(1.5);
                        registry.register(name, help, family);
                    }
                }
            }
            registry.register("good_last", "Fine", gauge(7));
        });
        // The strict parsers alone: promtool has opinions about names that Prometheus takes.
        let text = monitor.encode(Format::PrometheusText);
        prometheus_text_strict(&text).map_err(TestCaseError::fail)?;
        openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).map_err(TestCaseError::fail)?;
        protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).map_err(TestCaseError::fail)?;
        let page = MetricsPage::parse(&text);
        prop_assert_eq!(page.sum("good_first", &[]), 7.0);
        prop_assert_eq!(page.sum("good_last", &[]), 7.0);
    }
}
