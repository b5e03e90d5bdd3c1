//! What a prediction belongs to: its id, trace, route and pipeline.

use std::collections::HashSet;

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

use crate::on_storage::{Cell, Row, all_rows};

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
