//! Whatever string becomes a label value: the page parses in every format, sums are exact, and no series is forged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use modelwatch::{Format, Limits, Monitor, OTHER, Status, UNKNOWN};
use modelwatch_testkit::{Sample, Value, openmetrics_strict, prometheus_text_strict, promtool_lint, protobuf_decode};
use proptest::prelude::*;

/// Strings that have broken expositions, and any others.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\"",
        "\\",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\t",
        "} 1",
        "\"} 1\nforged_total{a=\"",
        "# EOF",
        "# EOF\n",
        "{",
        "}",
        ",",
        "=",
        " ",
        "\\n",
        "\\\"",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffd}",
        "\u{202e}",
        "模型",
        "модель",
        "🛫",
        "e\u{301}",
        "a",
        "Ω",
        "__other__",
        "__unknown__",
        "le",
        "+Inf",
        "NaN",
    ]);
    prop_oneof![
        4 => prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()),
        4 => any::<String>(),
        1 => prop::collection::vec(any::<char>(), 0..4).prop_map(|characters| characters.into_iter().collect()),
        // Few, so that they meet: some are the same once they are safe.
        3 => prop::sample::select(vec!["__other__", "__unknown__", "", "a", "a\0", "a\r"]).prop_map(str::to_owned),
        1 => (0..3usize).prop_map(|size| "x\"\n".repeat([86, 1_000, 350_000][size])),
    ]
}

/// A record in each place that takes a string from a request.
#[derive(Clone, Debug)]
struct Names {
    model: String,
    version: String,
    route: String,
    class: String,
    outcome: String,
    feature: String,
    pipeline: String,
}

fn names() -> impl Strategy<Value = Names> {
    (
        hostile(),
        hostile(),
        hostile(),
        hostile(),
        hostile(),
        hostile(),
        hostile(),
    )
        .prop_map(|(model, version, route, class, outcome, feature, pipeline)| Names {
            model,
            version,
            route,
            class,
            outcome,
            feature,
            pipeline,
        })
}

/// What is exposed of a string: control characters are replaced, and nothing is no name.
fn safe(value: &str) -> String {
    let odd = |character: char| character.is_control() && character != '\n';
    if value.is_empty() {
        UNKNOWN.to_owned()
    } else {
        value.replace(odd, "\u{fffd}")
    }
}

impl Names {
    fn safe(&self) -> Self {
        Self {
            model: safe(&self.model),
            version: safe(&self.version),
            route: safe(&self.route),
            class: safe(&self.class),
            outcome: safe(&self.outcome),
            feature: safe(&self.feature),
            pipeline: safe(&self.pipeline),
        }
    }

    /// Whether what was recorded under these names, made safe, accounts for a series, or for what was folded into it.
    fn explain(&self, labels: &BTreeMap<String, String>) -> bool {
        let other_model = labels.get("model_name").is_some_and(|name| name == OTHER);
        labels.iter().all(|(label, value)| {
            let name = match label.as_str() {
                "model_name" => &self.model,
                "model_version" if other_model => return value == OTHER,
                "model_version" => &self.version,
                "route" => &self.route,
                "class" => &self.class,
                "outcome" => &self.outcome,
                "feature_name" => &self.feature,
                "pipeline_version" => &self.pipeline,
                "framework" => return value == "unknown",
                "status" => return Status::ALL.iter().any(|status| status.as_str() == value),
                "le" => return value.parse::<f64>().is_ok(),
                "label" => return LABELS.contains(&value.as_str()),
                _ => return false,
            };
            value == OTHER || value == name
        })
    }
}

const LABELS: [&str; 6] = [
    "model_name",
    "model_version",
    "route",
    "feature_name",
    "class",
    "outcome",
];

/// Name, labels and value of each sample; of a histogram in protobuf, its count.
type Samples = Vec<(String, BTreeMap<String, String>, f64)>;

fn of_text(samples: Result<Vec<Sample>, String>) -> Result<Samples, TestCaseError> {
    let samples = samples.map_err(TestCaseError::fail)?;
    Ok(samples
        .into_iter()
        .map(|sample| (sample.name, sample.labels, sample.value))
        .collect())
}

fn of_protobuf(page: &[u8]) -> Result<Samples, TestCaseError> {
    let mut samples = Vec::new();
    for family in protobuf_decode(page).map_err(TestCaseError::fail)? {
        for metric in family.metrics {
            let (suffix, value) = match metric.value {
                Value::Counter { value, .. } | Value::Gauge(value) | Value::Untyped(value) => ("", value),
                Value::Histogram(histogram) => ("_count", histogram.count as f64),
            };
            samples.push((format!("{}{suffix}", family.name), metric.labels, value));
        }
    }
    Ok(samples)
}

fn check(samples: &Samples, recorded: &[Names]) -> Result<(), TestCaseError> {
    let mut series = BTreeSet::new();
    for (name, labels, value) in samples {
        prop_assert!(ALL.contains(&name.as_str()), "forged: {:?}", name);
        prop_assert!(series.insert((name, labels)), "twice: {:?} {:?}", name, labels);
        let explained = name == "ml_label_overflow_total" || recorded.iter().any(|names| names.explain(labels));
        prop_assert!(explained, "forged: {} {:?} {}", name, labels, value);
    }
    for counted in COUNTED {
        let counts = samples.iter().filter(|(name, ..)| name == counted);
        prop_assert_eq!(
            counts.map(|(.., value)| value).sum::<f64>(),
            recorded.len() as f64,
            "{}",
            counted
        );
    }
    Ok(())
}

/// One for each record.
const COUNTED: [&str; 6] = [
    "ml_inference_requests_total",
    "ml_inference_latency_seconds_count",
    "ml_prediction_score_count",
    "ml_prediction_class_total",
    "ml_business_outcome_total",
    "ml_feature_observations_total",
];

/// Everything that may be on these pages.
const ALL: [&str; 21] = [
    "ml_inference_requests_total",
    "ml_inference_latency_seconds_bucket",
    "ml_inference_latency_seconds_count",
    "ml_inference_latency_seconds_sum",
    "ml_inference_in_flight",
    "ml_prediction_score_bucket",
    "ml_prediction_score_count",
    "ml_prediction_score_sum",
    "ml_prediction_non_finite_total",
    "ml_prediction_class_total",
    "ml_business_outcome_total",
    "ml_model_info",
    "ml_model_registered_timestamp_seconds",
    "ml_feature_missing_ratio",
    "ml_feature_observations_total",
    "ml_feature_missing_total",
    "ml_feature_defaulted_total",
    "ml_feature_out_of_range_total",
    "ml_feature_pipeline_info",
    "ml_label_overflow_total",
    "ml_inference_queue_depth",
];

/// What was recorded, as each format has it, with room for so many values of each label.
fn pages(recorded: &[Names], room: usize) -> [Vec<u8>; 3] {
    let limits = Limits::new()
        .models(room)
        .versions_per_model(room)
        .routes_per_version(room)
        .features_per_model(room)
        .classes_per_version(room)
        .outcomes_per_version(room);
    let builder = Monitor::builder().limits(limits).process_metrics(false);
    let monitor = builder.build().expect("valid");
    for names in recorded {
        let model = monitor.resolve(&names.model, &names.version);
        model
            .route(&names.route)
            .record(Status::Success, Duration::from_millis(1));
        model.record_prediction(0.5).class(&names.class);
        model.record_outcome(&names.outcome);
        model.record_feature(&names.feature, 1.0);
        model.set_pipeline_version(&names.pipeline);
        model.set_queue_depth(1);
    }
    [
        Format::OpenMetricsText,
        Format::PrometheusText,
        Format::PrometheusProtobuf,
    ]
    .map(|format| monitor.encode(format))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judged_no_string_breaks_a_page_or_forges_a_series(recorded in prop::collection::vec(names(), 1..5), room in 1..4usize) {
        let [open, text, protobuf] = pages(&recorded, room);
        let recorded: Vec<_> = recorded.iter().map(Names::safe).collect();
        check(&of_text(openmetrics_strict(&open))?, &recorded)?;
        check(&of_text(prometheus_text_strict(&text))?, &recorded)?;
        check(&of_protobuf(&protobuf)?, &recorded)?;
    }
}

proptest! {
    // A process for each.
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judged_the_parser_of_prometheus_takes_any_string(recorded in prop::collection::vec(names(), 1..5)) {
        let [_, text, _] = pages(&recorded, 2);
        promtool_lint(&text).map_err(TestCaseError::fail)?;
    }
}
