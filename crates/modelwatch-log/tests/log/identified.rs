//! What a prediction belongs to: its id, trace, route and pipeline; and its outcome.

use std::collections::HashSet;

use modelwatch::{Feature, Format, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

use crate::on_storage::{Cell, Row, all_rows};
use crate::{MORNING, morning, until};

/// The texts of a row's columns, empty where there is none.
fn texts(row: &Row, columns: [&str; 5]) -> [String; 5] {
    columns.map(|column| match row.get(column).cloned().flatten() {
        Some(Cell::Text(text)) => text,
        _ => String::new(),
    })
}

const COLUMNS: [&str; 5] = ["prediction_id", "trace_id", "route", "pipeline_version", "class"];

fn sorted(rows: &[Row]) -> Vec<[String; 5]> {
    let mut all: Vec<_> = rows.iter().map(|row| texts(row, COLUMNS)).collect();
    all.sort();
    all
}

/// Whichever is given comes into its own column, the last of each, in whatever order, through either door; a row without any has none.
#[test]
fn keeps_id_trace_route_and_pipeline_when_given() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let features = [Feature::numeric("income"), Feature::categorical("zipcode")];
    let model = monitor
        .model("claims", "1")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let claims = log.model(&model).expect("a handle");
    log.attach(&model).expect("attached");

    let row = || modelwatch::row![1.0, "10001"];
    claims.record(row(), 0.5);
    claims
        .record(row(), 0.5)
        .id("first")
        .class("fraud")
        .id("a")
        .trace_id("4bf92f3577b34da6a3ce929d0e0e4736")
        .route("/predict")
        .class("fine")
        .pipeline_version("7");
    model
        .record(row(), 0.5)
        .route("/score")
        .id("b")
        .class("fraud")
        .pipeline_version("8")
        .trace_id("t");
    claims.record_named([("zipcode", "é")], 0.5).id(&"é".repeat(200));
    log.close().expect("a clean end");

    let rows = all_rows(root.path());
    let expected = [
        ["", "", "", "", ""],
        ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "/predict", "7", "fine"],
        ["b", "t", "/score", "8", "fraud"],
        [&"é".repeat(128), "", "", "", ""],
    ];
    assert_eq!(sorted(&rows), expected);
    for row in &rows {
        let zipcode = row.get("feature.zipcode").cloned().flatten();
        assert!(matches!(zipcode, Some(Cell::Text(text)) if text == "10001" || text == "é"));
    }
}

/// An id that the log makes is in the log and with the caller, and nobody else has it.
#[test]
fn returns_the_id_when_it_is_made() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let model = monitor
        .model("claims", "1")
        .features([Feature::numeric("income")])
        .register()
        .expect("a model");
    let logs = [(); 2].map(|()| PredictionLog::builder(root.path()).start(&monitor).expect("a log"));
    let mut given = HashSet::new();
    for log in &logs {
        let claims = log.model(&model).expect("a handle");
        for _ in 0..500 {
            given.insert(claims.record([1.0], 0.5).class("fine").identified().to_string());
        }
        let own = log.new_id();
        claims.record([1.0], 0.5).id(&own.to_string());
        given.insert(own.to_string());
        assert_eq!(format!("{own:?}"), format!("PredictionId({own})"));
    }
    for log in logs {
        log.close().expect("a clean end");
    }
    assert_eq!(given.len(), 1_002);
    assert!(
        given
            .iter()
            .all(|id| id.len() == 32 && id.bytes().all(|digit| b"0123456789abcdef".contains(&digit)))
    );
    let kept: HashSet<String> = all_rows(root.path())
        .iter()
        .map(|row| texts(row, COLUMNS)[0].clone())
        .collect();
    assert_eq!(kept, given);
}

/// Outcomes lie beside the predictions, by id, with the time at which they were known, whatever their labels are; the page counts
/// them apart, and a model without any has no such series.
#[test]
fn keeps_outcomes_apart_when_labels_come() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let model = monitor
        .model("claims", "1")
        .features([Feature::numeric("income")])
        .register()
        .expect("a model");
    // None of the predictions is kept, and all of the outcomes are.
    let log = PredictionLog::builder(root.path())
        .sample("claims", 0.0)
        .start(&monitor)
        .expect("a log");
    let claims = log.model(&model).expect("a handle");
    let page = || String::from_utf8(monitor.encode(Format::PrometheusText)).expect("UTF-8");
    assert!(!page().contains("ml_outcome_log_records_total{"));
    let id = claims.record([1.0], 0.5).identified();
    claims.record_outcome(id, true).at(morning());
    claims.record_outcome("b", 0.25).at(morning());
    claims.record_outcome("c", "fine");
    log.close().expect("a clean end");
    claims.record_outcome("d", "too late");

    let (mut labels, mut times) = (Vec::new(), 0);
    for row in all_rows(root.path()) {
        assert_eq!(row.len(), 3, "{row:?}");
        times += usize::from(matches!(row["time"], Some(Cell::Time(time)) if time == MORNING as i64));
        labels.push(["prediction_id", "label"].map(|column| match row[column].clone() {
            Some(Cell::Text(text)) => text,
            other => panic!("{other:?}"),
        }));
    }
    labels.sort();
    let mut expected = vec![
        [id.to_string(), "true".into()],
        ["b".into(), "0.25".into()],
        ["c".into(), "fine".into()],
    ];
    expected.sort();
    assert_eq!((labels, times), (expected, 2));
    assert!(
        root.path()
            .join("outcomes/model=claims/date=2026-04-01/hour=10")
            .is_dir()
    );
    assert!(!root.path().join("model=claims").exists());
    for (result, count) in [("written", 3), ("dropped", 1)] {
        let series = format!("ml_outcome_log_records_total{{model_name=\"claims\",result=\"{result}\"}} {count}");
        assert!(page().contains(&series), "{}", page());
    }
}

/// Retention counts and removes outcomes as it does predictions, and the empty folders with them.
#[test]
fn removes_old_outcomes_when_retention_says_so() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let model = monitor.model("claims", "1").register().expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    log.model(&model).expect("a handle").record_outcome("a", 1);
    log.close().expect("a clean end");
    assert_eq!(all_rows(root.path()).len(), 1);
    let log = PredictionLog::builder(root.path())
        .retain_bytes(1)
        .start(&monitor)
        .expect("a log");
    until("the outcome is removed", || !root.path().join("outcomes").exists());
    log.close().expect("a clean end");
}
