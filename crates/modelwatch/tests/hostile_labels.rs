//! Whatever string becomes a label value: the page parses in every format, sums are exact, and no series is forged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use modelwatch::{Format, Monitor, OTHER, Status};
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

/// Values by metric and label that may be on the page: the strings recorded, made safe, and the reserved ones.
fn allowed<'a>(values: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let safe = |value: &String| {
        value.replace(
            |character: char| character.is_control() && character != '\n',
            "\u{fffd}",
        )
    };
    values
        .map(safe)
        .chain([OTHER.to_owned(), modelwatch::UNKNOWN.to_owned()])
        .collect()
}

fn check(samples: &[Sample], recorded: &[Names]) -> Result<(), TestCaseError> {
    let known: BTreeMap<&str, BTreeSet<String>> = [
        ("model_name", allowed(recorded.iter().map(|names| &names.model))),
        ("model_version", allowed(recorded.iter().map(|names| &names.version))),
        ("route", allowed(recorded.iter().map(|names| &names.route))),
        ("class", allowed(recorded.iter().map(|names| &names.class))),
        ("outcome", allowed(recorded.iter().map(|names| &names.outcome))),
        ("feature_name", allowed(recorded.iter().map(|names| &names.feature))),
        (
            "pipeline_version",
            allowed(recorded.iter().map(|names| &names.pipeline)),
        ),
    ]
    .into();
    let mut series = BTreeSet::new();
    for sample in samples {
        prop_assert!(sample.name.starts_with("ml_"), "forged: {:?}", sample);
        prop_assert!(series.insert((&sample.name, &sample.labels)), "twice: {:?}", sample);
        for (label, value) in &sample.labels {
            if let Some(known) = known.get(label.as_str()) {
                prop_assert!(known.contains(value), "forged: {:?}", sample);
            }
        }
    }
    let sum = |name: &str| {
        samples
            .iter()
            .filter(|sample| sample.name == name)
            .map(|sample| sample.value)
            .sum::<f64>()
    };
    for name in [
        "ml_inference_requests_total",
        "ml_inference_latency_seconds_count",
        "ml_prediction_score_count",
        "ml_prediction_class_total",
        "ml_business_outcome_total",
        "ml_feature_observations_total",
    ] {
        prop_assert_eq!(sum(name), recorded.len() as f64, "{}", name);
    }
    Ok(())
}

/// What was recorded, as each format has it.
fn pages(recorded: &[Names]) -> [Vec<u8>; 3] {
    let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
    for names in recorded {
        let model = monitor.resolve(&names.model, &names.version);
        model
            .route(&names.route)
            .record(Status::Success, Duration::from_millis(1));
        model.record_prediction(0.5).class(&names.class);
        model.record_outcome(&names.outcome);
        model.record_feature(&names.feature, 1.0);
        model.set_pipeline_version(&names.pipeline);
    }
    [
        Format::OpenMetricsText,
        Format::PrometheusText,
        Format::PrometheusProtobuf,
    ]
    .map(|format| monitor.encode(format))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_string_breaks_a_page_or_forges_a_series(recorded in prop::collection::vec(names(), 1..5)) {
        let [open, text, protobuf] = pages(&recorded);
        check(&openmetrics_strict(&open).map_err(TestCaseError::fail)?, &recorded)?;
        check(&prometheus_text_strict(&text).map_err(TestCaseError::fail)?, &recorded)?;
        for family in protobuf_decode(&protobuf).map_err(TestCaseError::fail)? {
            prop_assert!(family.name.starts_with("ml_"), "forged: {:?}", family.name);
            if let ("ml_inference_requests_total", metrics) = (family.name.as_str(), &family.metrics) {
                let values = metrics.iter().map(|metric| if let Value::Counter { value, .. } = metric.value { value } else { f64::NAN });
                prop_assert_eq!(values.sum::<f64>(), recorded.len() as f64);
            }
        }
    }
}

proptest! {
    // A process for each.
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parser_of_prometheus_takes_any_string(recorded in prop::collection::vec(names(), 1..5)) {
        let [_, text, _] = pages(&recorded);
        promtool_lint(&text).map_err(TestCaseError::fail)?;
    }
}
