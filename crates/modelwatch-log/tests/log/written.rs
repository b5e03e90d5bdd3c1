//! What a healthy log writes, and where.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelwatch::{Feature, FeatureValue, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

use crate::on_storage::{Cell, all_rows, counted, files, metadata, visible};

/// Microseconds from the epoch to 2026-04-01T10:15:00Z.
const MORNING: u64 = 1_775_038_500_000_000;

fn morning() -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(MORNING)
}

#[test]
fn a_prediction_is_a_row_in_the_folder_of_its_model_date_and_hour() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let features = [
        Feature::numeric("income"),
        Feature::categorical("zipcode"),
        Feature::numeric("age"),
    ];
    let model = monitor
        .model("claims risk/π", "2026-04-01")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let claims = log.model(&model).expect("a handle");
    let row = [52_000.0.into(), "10001".into(), FeatureValue::Missing];
    claims.record(row, 0.82).class("fraud").at(morning());
    log.close().expect("a clean end");

    let [file] = &files(root.path())[..] else {
        panic!("{:?}", files(root.path()))
    };
    let folder = root.path().join("model=claims%20risk%2F%CF%80/date=2026-04-01/hour=10");
    assert_eq!(file.parent(), Some(&*folder));
    let row = &all_rows(root.path())[0];
    let expected = [
        ("class", Some(Cell::Text("fraud".into()))),
        ("feature.age", None),
        ("feature.income", Some(Cell::Number(52_000.0))),
        ("feature.zipcode", Some(Cell::Text("10001".into()))),
        ("model_version", Some(Cell::Text("2026-04-01".into()))),
        ("score", Some(Cell::Number(0.82))),
        ("time", Some(Cell::Time(MORNING as i64))),
    ];
    assert_eq!(
        row.clone().into_iter().collect::<Vec<_>>(),
        expected.map(|(name, cell)| (name.into(), cell))
    );
    let metadata = metadata(file);
    assert_eq!(metadata["modelwatch.model"].as_deref(), Some("claims risk/π"));
    assert_eq!(metadata["modelwatch.format"].as_deref(), Some("1"));
    assert_eq!(counted(&monitor, "claims risk/π"), [1, 0]);
}

#[test]
fn versions_with_the_same_features_share_a_file_and_others_have_their_own() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let record = |version: &str, features: &[&str]| {
        let features = features.iter().map(|name| Feature::numeric(*name));
        let model = monitor
            .model("claims", version)
            .features(features)
            .register()
            .expect("a model");
        log.model(&model)
            .expect("a handle")
            .record([1.0, 2.0, 3.0], 0.5)
            .at(morning());
    };
    record("1", &["income", "age"]);
    record("2", &["income", "age"]);
    record("3", &["income", "age", "tenure"]);
    record("4", &["income"]);
    log.close().expect("a clean end");

    assert_eq!(visible(root.path()).len(), 3);
    let rows = all_rows(root.path());
    let of_version = |version: &str| {
        let is = |row: &&_| row_version(row) == version;
        rows.iter().find(is).expect("a row")
    };
    assert_eq!(of_version("2")["feature.age"], Some(Cell::Number(2.0)));
    assert_eq!(of_version("3")["feature.tenure"], Some(Cell::Number(3.0)));
    assert_eq!(of_version("4").get("feature.age"), None);
}

fn row_version(row: &crate::on_storage::Row) -> &str {
    match &row["model_version"] {
        Some(Cell::Text(version)) => version,
        other => panic!("a version of {other:?}"),
    }
}
