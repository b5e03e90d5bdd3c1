//! The page: what real parsers make of it, and how it is asked for.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use flate2::read::GzDecoder;
use modelwatch::{Feature, FeatureValue, Format, Limits, Model, Monitor, Stage, Status};
use modelwatch_testkit::{
    Family, Sample, Value, openmetrics_strict, prometheus_text_strict, promtool_check_metrics, protobuf_decode,
};

/// A series by its name and labels.
type Series = (String, BTreeMap<String, String>);

/// Every metric of the serving path in use.
fn everything() -> (Monitor, Model) {
    let limits = Limits::new().classes_per_version(2).outcomes_per_version(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid limits");
    let model = monitor
        .model("claims-risk", "2026-04-01")
        .framework("xgboost")
        .pipeline_version("features-7")
        .features([
            Feature::numeric("income").range(0.0..=1e6),
            Feature::categorical("zipcode"),
        ])
        .register()
        .expect("a valid model");
    for (status, milliseconds) in [(Status::Success, 3), (Status::Success, 90), (Status::Error, 7_000)] {
        model
            .route("predict")
            .record(status, Duration::from_millis(milliseconds));
    }
    for score in [0.0, 0.05, 0.82, 1.0, 7.5, f64::NAN] {
        model.record_prediction(score).class("fraud");
    }
    model.record_prediction(0.5).class("none");
    model.record_prediction(0.5).class("third");
    model.record_features([FeatureValue::Number(-1.0), FeatureValue::Missing]);
    model.record_features([FeatureValue::Defaulted, FeatureValue::Category("10001")]);
    model.record_outcome("approved");
    model.record_batch_size(16);
    model.set_queue_depth(3);
    for stage in Stage::ALL {
        model.record_stage(stage, Duration::from_micros(700));
    }
    (monitor, model)
}

fn without_process(samples: Vec<Sample>) -> BTreeMap<Series, f64> {
    let ours = samples
        .into_iter()
        .filter(|sample| !sample.name.starts_with("process_"));
    ours.map(|sample| ((sample.name, sample.labels), sample.value))
        .collect()
}

/// The samples a text page would have.
fn flatten(families: &[Family]) -> BTreeMap<Series, f64> {
    let mut samples = BTreeMap::new();
    for family in families.iter().filter(|family| !family.name.starts_with("process_")) {
        for metric in &family.metrics {
            let mut put = |suffix: &str, le: Option<f64>, value| {
                let mut labels = metric.labels.clone();
                let spelt = |bound: f64| {
                    if bound == f64::INFINITY {
                        "+Inf".into()
                    } else {
                        format!("{bound:?}")
                    }
                };
                labels.extend(le.map(|le| ("le".to_owned(), spelt(le))));
                samples.insert((format!("{}{suffix}", family.name), labels), value);
            };
            match &metric.value {
                Value::Counter { value, .. } | Value::Gauge(value) | Value::Untyped(value) => put("", None, *value),
                Value::Histogram(histogram) => {
                    put("_sum", None, histogram.sum);
                    put("_count", None, histogram.count as f64);
                    for bucket in &histogram.buckets {
                        put("_bucket", Some(bucket.upper_bound), bucket.cumulative_count as f64);
                    }
                }
            }
        }
    }
    samples
}

#[test]
fn judged_every_format_is_accepted_and_says_the_same() {
    let (monitor, _) = everything();
    let prometheus = monitor.encode(Format::PrometheusText);
    promtool_check_metrics(&prometheus).expect("promtool accepts it without a complaint");
    let prometheus = without_process(prometheus_text_strict(&prometheus).expect("Prometheus text"));
    let open = without_process(openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics"));
    let protobuf = flatten(&protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf"));
    assert_eq!(prometheus, open);
    assert_eq!(prometheus, protobuf);

    let value = |name: &str, labels: &[(&str, &str)]| {
        let labels = labels
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        prometheus.get(&(name.to_owned(), labels)).copied()
    };
    let version = [("model_name", "claims-risk"), ("model_version", "2026-04-01")];
    let with = |name, extra: &[(&'static str, &'static str)]| value(name, &[&version, extra].concat());
    let route = ("route", "predict");
    assert_eq!(
        with("ml_inference_requests_total", &[route, ("status", "success")]),
        Some(2.0)
    );
    assert_eq!(
        with("ml_inference_requests_total", &[route, ("status", "error")]),
        Some(1.0)
    );
    assert_eq!(
        with("ml_inference_requests_total", &[route, ("status", "cancelled")]),
        Some(0.0)
    );
    assert_eq!(
        with("ml_inference_latency_seconds_bucket", &[route, ("le", "0.01")]),
        Some(1.0)
    );
    assert_eq!(
        with("ml_inference_latency_seconds_bucket", &[route, ("le", "0.1")]),
        Some(2.0)
    );
    assert_eq!(
        with("ml_inference_latency_seconds_bucket", &[route, ("le", "5.0")]),
        Some(2.0)
    );
    assert_eq!(
        with("ml_inference_latency_seconds_bucket", &[route, ("le", "+Inf")]),
        Some(3.0)
    );
    assert_eq!(with("ml_inference_latency_seconds_sum", &[route]), Some(7.093));
    assert_eq!(with("ml_prediction_score_bucket", &[("le", "0.0")]), Some(1.0));
    assert_eq!(with("ml_prediction_score_bucket", &[("le", "0.1")]), Some(2.0));
    assert_eq!(with("ml_prediction_score_bucket", &[("le", "1.0")]), Some(6.0));
    assert_eq!(with("ml_prediction_score_count", &[]), Some(7.0));
    assert_eq!(with("ml_prediction_non_finite_total", &[]), Some(1.0));
    assert_eq!(with("ml_prediction_class_total", &[("class", "fraud")]), Some(6.0));
    assert_eq!(with("ml_prediction_class_total", &[("class", "__other__")]), Some(1.0));
    assert_eq!(with("ml_business_outcome_total", &[("outcome", "approved")]), Some(1.0));
    assert_eq!(with("ml_inference_batch_size_bucket", &[("le", "16.0")]), Some(1.0));
    assert_eq!(with("ml_inference_batch_size_bucket", &[("le", "8.0")]), Some(0.0));
    assert_eq!(
        with("ml_inference_stage_seconds_count", &[("stage", "feature_fetch")]),
        Some(1.0)
    );
    assert_eq!(with("ml_model_info", &[("framework", "xgboost")]), Some(1.0));
    let model = ("model_name", "claims-risk");
    assert_eq!(value("ml_inference_queue_depth", &[model]), Some(3.0));
    assert_eq!(
        value("ml_feature_pipeline_info", &[model, ("pipeline_version", "features-7")]),
        Some(1.0)
    );
    assert_eq!(
        with("ml_feature_observations_total", &[("feature_name", "income")]),
        Some(2.0)
    );
    assert_eq!(
        with("ml_feature_out_of_range_total", &[("feature_name", "income")]),
        Some(1.0)
    );
    assert_eq!(
        with("ml_feature_defaulted_total", &[("feature_name", "income")]),
        Some(1.0)
    );
    assert_eq!(
        with("ml_feature_missing_total", &[("feature_name", "zipcode")]),
        Some(1.0)
    );
    assert_eq!(
        value("ml_feature_missing_ratio", &[model, ("feature_name", "zipcode")]),
        Some(0.5)
    );
    assert_eq!(value("ml_label_overflow_total", &[("label", "class")]), Some(1.0));
}

#[test]
fn judged_an_empty_monitor_has_a_page_too() {
    let monitor = Monitor::new();
    promtool_check_metrics(&monitor.encode(Format::PrometheusText)).expect("promtool");
    openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
    protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf");
}

#[test]
fn judged_negative_scores_and_bounds_stay_valid_openmetrics() {
    let monitor = Monitor::new();
    let margin = monitor
        .model("margin", "1")
        .score_buckets([-10.0, -1.0, 0.0, 1.0, 10.0])
        .register()
        .expect("valid");
    margin.record_predictions(&[-50.0, -10.0, -0.5, 0.0, 0.2, 99.0]);
    let negative = monitor.model("log-odds", "1").register().expect("valid");
    negative.record_prediction(-3.0);
    openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
    let page = prometheus_text_strict(&monitor.encode(Format::PrometheusText)).expect("Prometheus text");
    let sum = page
        .iter()
        .find(|sample| sample.name == "ml_prediction_score_sum" && sample.labels["model_name"] == "margin");
    assert!((sum.expect("a sum").value - 38.7).abs() < 1e-12);
    protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf");
}

#[test]
fn judged_the_process_is_on_the_page() {
    let page = prometheus_text_strict(&Monitor::new().encode(Format::PrometheusText)).expect("Prometheus text");
    let value = |name: &str| {
        page.iter()
            .find(|sample| sample.name == name)
            .map(|sample| sample.value)
            .expect(name)
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs_f64();
    assert!((now - 3600.0..=now + 1.0).contains(&value("process_start_time_seconds")));
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
    assert!((3.0..value("process_max_fds")).contains(&value("process_open_fds")));
    assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
    let without = Monitor::builder().process_metrics(false).build().expect("valid");
    assert!(!String::from_utf8_lossy(&without.encode(Format::PrometheusText)).contains("process_"));
}

const PROMETHEUS_2_42: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                               text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_2_42_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                                      encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,\
                                      application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_3_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,\
                                   application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                                   application/openmetrics-text;version=0.0.1;q=0.5,\
                                   text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

#[test]
fn the_format_is_the_one_asked_for_most() {
    use Format::{OpenMetricsText as Open, PrometheusProtobuf as Protobuf, PrometheusText as Text};
    let cases = [
        (PROMETHEUS_2_42, Open),
        (PROMETHEUS_2_42_NATIVE, Protobuf),
        (PROMETHEUS_3, Open),
        (PROMETHEUS_3_NATIVE, Protobuf),
        ("*/*", Text),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            Text,
        ),
        ("", Text),
        ("nonsense;;;=,,q", Text),
        ("application/json", Text),
        ("application/openmetrics-text", Open),
        (
            "Application/OpenMetrics-Text; Version=1.0.0; Q=0.9, text/plain;q=0.1",
            Open,
        ),
        ("application/openmetrics-text; version=\"1.0.0\"", Open),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", Text),
        ("application/openmetrics-text;version=0.0.1", Text),
        ("application/openmetrics-text;q=0,text/plain;q=0.1", Text),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.7", Text),
        ("application/openmetrics-text;q=high", Text),
        ("text/plain,application/openmetrics-text", Text),
        ("application/vnd.google.protobuf", Text),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            Text,
        ),
    ];
    for (accept, format) in cases {
        assert_eq!(Format::negotiate(Some(accept)), format, "{accept:?}");
        assert_eq!(
            Monitor::new().scrape(Some(accept), None).content_type,
            format.content_type()
        );
    }
    assert_eq!(Format::negotiate(None), Text);
}

#[test]
fn judged_a_page_is_zipped_where_that_is_welcome() {
    let (monitor, _) = everything();
    for (header, welcome) in [
        (Some("gzip"), true),
        (Some("deflate, GZip;q=0.5"), true),
        (Some("*"), true),
        (Some("gzip;q=0, *"), false),
        (Some("gzip;q=0"), false),
        (Some("identity"), false),
        (Some(""), false),
        (None, false),
    ] {
        let scrape = monitor.scrape(None, header);
        assert_eq!(scrape.content_encoding, welcome.then_some("gzip"), "{header:?}");
        let mut page = scrape.body.into_vec();
        if welcome {
            let mut unzipped = Vec::new();
            GzDecoder::new(&*page).read_to_end(&mut unzipped).expect("gzip");
            page = unzipped;
        }
        prometheus_text_strict(&page).expect("a whole page");
    }
}

/// Together with `prometheus-client`.
#[cfg(feature = "prometheus-client")]
mod together {
    use std::sync::Arc;

    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::exemplar::CounterWithExemplar;
    use prometheus_client::metrics::family::Family as ClientFamily;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::metrics::info::Info;
    use prometheus_client::registry::{Registry, Unit};

    use super::*;

    /// A registry with every kind of metric, and what is awkward about each.
    fn foreign() -> Registry {
        let mut registry = Registry::default();
        let counter = ClientFamily::<Vec<(String, String)>, Counter>::default();
        counter.get_or_create(&odd_labels()).inc_by(3);
        registry.register("cache_hits", "Hits \\ with a backslash\nand a second line", counter);
        let shards =
            ClientFamily::<Vec<(String, String)>, Histogram>::new_with_constructor(|| Histogram::new([0.1, 1.0]));
        shards.get_or_create(&vec![("shard".into(), "1".into())]).observe(0.05);
        shards.get_or_create(&vec![("shard".into(), "2".into())]).observe(5.0);
        registry.register_with_unit("wait", "By shard", Unit::Seconds, shards);
        let gauge = Gauge::<i64>::default();
        gauge.set(-7);
        registry.register("temperature", "Negative", gauge);
        registry.register(
            "build",
            "Build",
            Info::new(vec![("version".to_owned(), "1.2".to_owned())]),
        );
        let traced = CounterWithExemplar::<Vec<(String, String)>>::default();
        traced.inc_by(2, Some(vec![("trace_id".to_owned(), "abc".to_owned())]), None);
        registry.register("traced", "With exemplars", traced);
        registry.register("ml_model_info", "A name of ours", Gauge::<i64>::default());
        registry
    }

    fn odd_labels() -> Vec<(String, String)> {
        vec![
            ("path".to_owned(), "a\"b\\c\nd} 1".to_owned()),
            ("next".to_owned(), "x=\"y\",z".to_owned()),
        ]
    }

    #[test]
    fn judged_metrics_of_prometheus_client_are_on_the_page_in_every_format() {
        let (monitor, _) = everything();
        monitor.include(Arc::new(foreign()));
        let open_page = monitor.encode(Format::OpenMetricsText);
        let open = openmetrics_strict(&open_page).expect("OpenMetrics");
        let exemplar = open
            .iter()
            .find(|sample| sample.name == "traced_total")
            .expect("traced")
            .exemplar
            .clone();
        assert_eq!(exemplar.expect("an exemplar").labels["trace_id"], "abc");
        let text = monitor.encode(Format::PrometheusText);
        promtool_check_metrics(&text).expect("promtool");
        let text = without_process(prometheus_text_strict(&text).expect("Prometheus text"));
        let protobuf = flatten(&protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf"));
        assert_eq!(without_process(open), text);
        assert_eq!(text, protobuf);
        let value = |name: &str, labels: &[(&str, &str)]| {
            let labels = labels
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            text.get(&(name.to_owned(), labels)).copied()
        };
        let odd = odd_labels();
        let odd: Vec<_> = odd
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(value("cache_hits_total", &odd), Some(3.0));
        assert_eq!(
            value("wait_seconds_bucket", &[("shard", "1"), ("le", "0.1")]),
            Some(1.0)
        );
        assert_eq!(
            value("wait_seconds_bucket", &[("shard", "2"), ("le", "1.0")]),
            Some(0.0)
        );
        assert_eq!(value("wait_seconds_count", &[("shard", "2")]), Some(1.0));
        assert_eq!(value("wait_seconds_sum", &[("shard", "2")]), Some(5.0));
        assert_eq!(value("temperature", &[]), Some(-7.0));
        assert_eq!(value("build_info", &[("version", "1.2")]), Some(1.0));
        // Ours, and not the other one.
        let info = text
            .keys()
            .filter(|(name, _)| name == "ml_model_info")
            .collect::<Vec<_>>();
        assert!(info.len() == 1 && info[0].1["framework"] == "xgboost", "{info:?}");
    }

    #[test]
    fn judged_a_monitor_is_a_collector_in_a_registry_of_prometheus_client() {
        let (monitor, _) = everything();
        let mut registry = Registry::default();
        registry.register_collector(monitor.collector());
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &registry).expect("a page");
        let theirs = without_process(openmetrics_strict(page.as_bytes()).expect("OpenMetrics"));
        let ours = without_process(openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics"));
        assert_eq!(theirs, ours);
    }
}
