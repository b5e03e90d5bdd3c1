//! Rows of the contract that another part of the system keeps.

use modelwatch::{Feature, Format, Monitor, OTHER, contract};
use modelwatch_testkit::{MetricsPage, openmetrics_strict, promtool_check_metrics, protobuf_decode};

fn text(monitor: &Monitor) -> Vec<u8> {
    monitor.encode(Format::PrometheusText)
}

#[test]
fn judged_a_source_is_asked_at_every_scrape_and_every_format_has_what_it_says() {
    let monitor = Monitor::new();
    let scrapes = std::sync::atomic::AtomicU32::new(0);
    monitor.add_source(move |readings| {
        let scrape = scrapes.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        readings.push(&contract::DRIFT_WINDOW_ROWS, &["claims"], f64::from(scrape));
        readings.push(&contract::DRIFT_RUNS, &["claims", "success"], 3.0);
    });
    let page = text(&monitor);
    promtool_check_metrics(&page).unwrap();
    assert_eq!(
        MetricsPage::parse(&page).sum("ml_drift_window_rows", &[("model_name", "claims")]),
        1.0
    );
    let samples = openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).unwrap();
    let rows = samples.iter().find(|sample| sample.name == "ml_drift_window_rows");
    assert_eq!(rows.map(|sample| sample.value), Some(2.0));
    let families = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).unwrap();
    assert!(families.iter().any(|family| family.name == "ml_drift_runs_total"));
}

#[test]
fn judged_series_that_come_twice_stay_one() {
    let monitor = Monitor::new();
    for value in [2.0, 5.0] {
        monitor.add_source(move |readings| {
            readings.push(&contract::DRIFT_RUNS, &["claims", "failure"], value);
            readings.push(&contract::DRIFT_WINDOW_ROWS, &["claims"], value);
        });
    }
    let page = text(&monitor);
    promtool_check_metrics(&page).unwrap();
    let page = MetricsPage::parse(&page);
    assert_eq!(page.sum("ml_drift_runs_total", &[]), 7.0);
    assert_eq!(page.sum("ml_drift_window_rows", &[]), 2.0);
}

#[test]
fn judged_the_missing_ratio_of_the_drift_job_stands_where_no_model_has_its_own() {
    let monitor = Monitor::new();
    let model = monitor.model("claims", "1").features([Feature::numeric("income")]);
    model.register().unwrap().record_features([Some(1.0)]);
    monitor.add_source(|readings| {
        for feature in ["income", "zipcode"] {
            readings.push(&contract::FEATURE_MISSING_RATIO, &["claims", feature], 0.5);
        }
    });
    let page = text(&monitor);
    promtool_check_metrics(&page).unwrap();
    let page = MetricsPage::parse(&page);
    let ratio = |feature| page.sum("ml_feature_missing_ratio", &[("feature_name", feature)]);
    assert_eq!((ratio("income"), ratio("zipcode")), (0.0, 0.5));
}

#[test]
fn judged_hostile_and_missing_label_values_forge_nothing() {
    let monitor = Monitor::new();
    let long = "x".repeat(100_000);
    monitor.add_source(move |readings| {
        readings.push(&contract::DRIFT_WINDOW_ROWS, &["a\"} 1\nup 0\u{0}"], 1.0);
        readings.push(&contract::DRIFT_WINDOW_ROWS, &[&long], 1.0);
        readings.push(&contract::DATA_DRIFT_SCORE, &["claims"], 1.0);
    });
    let page = text(&monitor);
    promtool_check_metrics(&page).unwrap();
    let page = MetricsPage::parse(&page);
    let models = page.labels_of("ml_drift_window_rows", "model_name");
    assert!(
        models.contains("a\"} 1\nup 0\u{fffd}") && models.contains(OTHER),
        "{models:?}"
    );
    assert!(
        page.labels_of("ml_data_drift_score", "feature_name")
            .contains("__unknown__")
    );
}
