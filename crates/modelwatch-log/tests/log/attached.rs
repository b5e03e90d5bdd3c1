//! A log attached to a model: one call records a prediction for the metrics and for the log.

use modelwatch::{Feature, FeatureValue, Model, Monitor, NoScore, row};
use modelwatch_log::{ModelError, PredictionLog};
use tempfile::{TempDir, tempdir};

use crate::on_storage::{Cell, Row, all_rows, counted};
use crate::{MORNING, morning};

fn watched() -> (TempDir, Monitor, Model, PredictionLog) {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let features = [
        Feature::numeric("income").range(0.0..=1e6),
        Feature::categorical("zipcode"),
        Feature::numeric("age"),
    ];
    let model = monitor
        .model("claims", "1")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    log.attach(&model).expect("attached");
    (root, monitor, model, log)
}

/// Income, zipcode, age, score and class of each row, in the order of their scores.
fn kept(rows: &[Row]) -> Vec<[Option<Cell>; 5]> {
    let columns = ["feature.income", "feature.zipcode", "feature.age", "score", "class"];
    rows.iter()
        .map(|row| columns.map(|column| row.get(column).cloned().flatten()))
        .collect()
}

fn number(value: f64) -> Option<Cell> {
    Some(Cell::Number(value))
}

fn text(value: &str) -> Option<Cell> {
    Some(Cell::Text(value.into()))
}

#[test]
fn one_call_counts_and_keeps_row_score_and_class() {
    let (root, monitor, model, log) = watched();
    model
        .record(row![52_000.0, "10001", None], 0.1)
        .class("fraud")
        .at(morning());
    // Resolved again, it is the same version with the same log.
    let same = monitor.resolve("claims", "1");
    same.record([FeatureValue::Number(-1.0)], 0.2).class(None::<&str>);
    same.record(row![1, 2, 3, 4, 5], 0.3)
        .class(same.class("fine"))
        .at(morning());
    same.record_named([("age", 41.0), ("stranger", 1.0), ("income", 7.0), ("age", 42.0)], 0.4)
        .at(morning());
    same.record_named([("zipcode", String::from("é"))], f32::NAN)
        .class(Some("fraud"));
    log.close().expect("a clean end");
    assert_eq!(counted(&monitor, "claims"), [5, 0]);

    let mut rows = kept(&all_rows(root.path()));
    rows.sort_by_key(|row| format!("{:?}", row[3]));
    let expected = [
        [None, text("é"), None, None, text("fraud")],
        [number(52_000.0), text("10001"), None, number(0.1), text("fraud")],
        [number(-1.0), None, None, number(0.2), None],
        [number(1.0), None, number(3.0), number(0.3), text("fine")],
        [number(7.0), None, number(41.0), number(0.4), None],
    ];
    let mut expected = expected.to_vec();
    expected.sort_by_key(|row| format!("{:?}", row[3]));
    assert_eq!(rows, expected);
    let times = all_rows(root.path())
        .iter()
        .filter(|row| row["time"] == Some(Cell::Time(MORNING as i64)))
        .count();
    assert_eq!(times, 3, "the others were made now");

    let value = |name: &str, labels: &[(&str, &str)]| monitor.value(name, labels).expect("a metric");
    assert_eq!(value("ml_prediction_score_count", &[]), 4.0);
    assert_eq!(value("ml_prediction_non_finite_total", &[]), 1.0);
    assert_eq!(value("ml_prediction_class_total", &[("class", "fraud")]), 2.0);
    assert_eq!(value("ml_prediction_class_total", &[("class", "fine")]), 1.0);
    let missing = |feature| value("ml_feature_missing_total", &[("feature_name", feature)]);
    assert_eq!(["income", "zipcode", "age"].map(missing), [1.0, 2.0, 3.0]);
    let out_of_range = |feature| value("ml_feature_out_of_range_total", &[("feature_name", feature)]);
    assert_eq!(["income", "zipcode", "age"].map(out_of_range), [1.0, 1.0, 0.0]);
    assert_eq!(
        value("ml_feature_observations_total", &[("feature_name", "stranger")]),
        1.0
    );
}

#[test]
fn a_prediction_without_a_score_is_counted_and_kept() {
    let (root, monitor, model, log) = watched();
    model.record(row![1.0, "10001", 2.0], NoScore).class("embedding");
    model.record(row![1.0, "10001", 2.0], None::<f64>);
    let other = monitor.model("embedder", "1").register().expect("a model");
    let handle = log.model(&other).expect("a handle");
    handle.record([0.0; 0], NoScore).class("text");
    other.record_prediction(NoScore).class("text");
    log.close().expect("a clean end");
    let rows = kept(&all_rows(root.path()));
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row[3].is_none()), "{rows:?}");
    let value = |name, model| monitor.value(name, &[("model_name", model)]).expect("a metric");
    assert_eq!(value("ml_prediction_unscored_total", "claims"), 2.0);
    assert_eq!(value("ml_prediction_unscored_total", "embedder"), 1.0);
    assert_eq!(
        value("ml_prediction_score_count", "claims") + value("ml_prediction_score_count", "embedder"),
        0.0
    );
    assert_eq!(value("ml_prediction_non_finite_total", "claims"), 0.0);
    assert_eq!(value("ml_prediction_class_total", "embedder"), 1.0);
}

#[test]
fn a_second_log_is_refused_and_the_first_keeps_everything() {
    let (root, monitor, model, log) = watched();
    let error = log.attach(&model).expect_err("attached already");
    assert!(matches!(error, ModelError::Attached { .. }));
    let says = "a log is attached to model \"claims\" version \"1\" already";
    assert!(error.to_string().starts_with(says), "{error}");
    let other_root = tempdir().expect("a folder");
    let other = PredictionLog::builder(other_root.path())
        .start(&monitor)
        .expect("a log");
    other.attach(&model).expect_err("attached already");
    // Another version has a log of its own.
    other.attach(&monitor.resolve("claims", "2")).expect("attached");
    model.record([1.0], 0.5);
    monitor.resolve("claims", "2").record([0.0; 0], 0.5);
    log.close().expect("a clean end");
    other.close().expect("a clean end");
    assert_eq!((all_rows(root.path()).len(), all_rows(other_root.path()).len()), (1, 1));
}

#[test]
fn what_is_recorded_after_the_end_of_the_log_is_counted_as_dropped() {
    let (root, monitor, model, log) = watched();
    model.record([1.0], 0.5);
    log.close().expect("a clean end");
    model.record([1.0], 0.5).class("late");
    assert_eq!(counted(&monitor, "claims"), [1, 1]);
    assert_eq!(all_rows(root.path()).len(), 1);
    assert_eq!(
        monitor.value("ml_prediction_score_count", &[]),
        Ok(2.0),
        "the metrics go on"
    );
}

#[test]
fn a_sampled_model_keeps_its_share_and_counts_everything() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let model = monitor
        .model("claims", "1")
        .features([Feature::numeric("income")])
        .register()
        .expect("a model");
    let builder = PredictionLog::builder(root.path()).sample("claims", 0.25).seed(7);
    let log = builder.start(&monitor).expect("a log");
    log.attach(&model).expect("attached");
    for _ in 0..1000 {
        model.record([1.0], 0.5).class("fraud");
    }
    log.close().expect("a clean end");
    let kept = all_rows(root.path()).len();
    assert!((150..350).contains(&kept), "{kept}");
    assert_eq!(monitor.value("ml_prediction_class_total", &[]), Ok(1000.0));
    assert_eq!(monitor.value("ml_feature_observations_total", &[]), Ok(1000.0));
}
