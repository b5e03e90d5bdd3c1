//! The contract, and the pages that name its metrics.

use std::collections::HashSet;
use std::path::Path;

use modelwatch::contract::{METRICS, MetricKind, markdown};

fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_reference_page_lists_the_contract() {
    assert!(
        page("docs/metrics.md").contains(&markdown()),
        "docs/metrics.md and the contract differ: put there what `cargo run -p modelwatch --example metric_reference` prints"
    );
}

#[test]
fn every_metric_the_readme_names_is_one() {
    let readme = page("README.md");
    let named: Vec<_> = readme
        .split('`')
        .filter(|word| word.starts_with("ml_") || word.starts_with("gen_ai_"))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(METRICS.iter().any(|metric| metric.name == name), "{name}");
    }
}

#[test]
fn names_labels_and_buckets_users_depend_on_are_as_they_were_promised() {
    let promised: &[(&str, &[&str], &[f64])] = &[
        (
            "ml_inference_requests_total",
            &["model_name", "model_version", "route", "status"],
            &[],
        ),
        (
            "ml_inference_latency_seconds",
            &["model_name", "model_version", "route"],
            &[
                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0,
            ],
        ),
        (
            "ml_prediction_score",
            &["model_name", "model_version"],
            &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
        ),
        ("ml_feature_missing_ratio", &["model_name", "feature_name"], &[]),
        ("ml_model_info", &["model_name", "model_version", "framework"], &[]),
        ("ml_data_drift_score", &["model_name", "feature_name"], &[]),
        ("ml_data_drift_detected", &["model_name", "feature_name"], &[]),
    ];
    for (name, labels, buckets) in promised {
        let metric = METRICS
            .iter()
            .find(|metric| metric.name == *name)
            .expect("a metric of that name");
        assert_eq!((metric.labels, metric.buckets), (*labels, *buckets), "{name}");
    }
}

#[test]
fn every_metric_is_named_once_and_as_its_kind_demands() {
    let mut families = HashSet::new();
    for metric in METRICS {
        assert!(families.insert(metric.family_name()), "{} is there twice", metric.name);
        assert_eq!(
            metric.kind == MetricKind::Counter,
            metric.name.ends_with("_total"),
            "{}",
            metric.name
        );
        assert_eq!(
            metric.kind == MetricKind::Histogram,
            !metric.buckets.is_empty(),
            "{}",
            metric.name
        );
        assert!(
            metric.help.ends_with('.') && !metric.help.contains('\n'),
            "{}",
            metric.name
        );
    }
}
