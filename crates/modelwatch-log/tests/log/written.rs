//! What a healthy log writes, and where.

use std::thread;
use std::time::Duration;

use modelwatch::{Feature, FeatureValue, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

use crate::on_storage::{Cell, all_rows, counted, files, metadata, numbers, visible};
use crate::{MORNING, morning, numbered, until};

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
        ("pipeline_version", None),
        ("prediction_id", None),
        ("route", None),
        ("score", Some(Cell::Number(0.82))),
        ("time", Some(Cell::Time(MORNING as i64))),
        ("trace_id", None),
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

#[test]
fn what_is_accepted_is_written_and_the_rest_is_counted_as_dropped() {
    const EACH: u64 = 20_000;
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let builder = PredictionLog::builder(root.path())
        .queue(1000)
        .rotate_after(Duration::from_millis(50));
    let log = builder.start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    thread::scope(|scope| {
        for thread in 0..4 {
            let handle = handle.clone();
            scope.spawn(move || {
                for number in thread * EACH..(thread + 1) * EACH {
                    handle.record([number], 0.5);
                }
            });
        }
    });
    log.close().expect("a clean end");
    handle.record([-1.0], 0.5);
    drop(handle);

    let [written, dropped] = counted(&monitor, "claims");
    assert_eq!(written + dropped, 4 * EACH + 1);
    let mut numbers = numbers(&all_rows(root.path()));
    assert_eq!(numbers.len() as u64, written);
    numbers.dedup();
    assert_eq!(numbers.len() as u64, written, "no record is there twice");
    assert!(numbers.iter().all(|number| (0.0..(4 * EACH) as f64).contains(number)));
}

#[test]
fn a_file_is_finished_when_it_is_old_or_large() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let old = PredictionLog::builder(root.path()).rotate_after(Duration::from_millis(1));
    let log = old.start(&monitor).expect("a log");
    log.model(&numbered(&monitor))
        .expect("a handle")
        .record([1.0], 0.5)
        .at(morning());
    until("the old file is finished", || counted(&monitor, "claims") == [1, 0]);
    assert_eq!(visible(root.path()).len(), 1, "with nobody asking for it");
    log.close().expect("a clean end");

    let large = PredictionLog::builder(root.path())
        .queue(70_000)
        .rotate_after(Duration::from_secs(3600))
        .rotate_bytes(1);
    let log = large.start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    // A row group and somewhat more.
    (0..70_000).for_each(|number| _ = handle.record([number], 0.5).at(morning()));
    until("the large file is finished", || counted(&monitor, "claims")[0] > 60_000);
    assert_eq!(visible(root.path()).len(), 2);
    log.close().expect("a clean end");
    assert_eq!(counted(&monitor, "claims"), [70_001, 0]);
    assert_eq!(all_rows(root.path()).len(), 70_001);
}

#[test]
fn a_share_of_a_models_predictions_is_kept_and_it_is_the_same_share_each_time() {
    let kept = |seed| {
        let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
        let builder = PredictionLog::builder(root.path()).sample("claims", 0.25).seed(seed);
        let log = builder.start(&monitor).expect("a log");
        let handle = log.model(&numbered(&monitor)).expect("a handle");
        (0..4000).for_each(|number| _ = handle.record([number], 0.5));
        let other = monitor.model("other", "1").register().expect("a model");
        log.model(&other).expect("a handle").record([1.0], 0.5);
        log.close().expect("a clean end");
        assert_eq!(counted(&monitor, "claims")[1], 0, "what is not kept is not lost");
        assert_eq!(counted(&monitor, "other"), [1, 0], "other models are kept whole");
        let mut rows = all_rows(root.path());
        rows.retain(|row| row.contains_key("feature.number"));
        numbers(&rows)
    };
    let first = kept(7);
    // Four deviations of a binomial count on either side.
    assert!((890..=1110).contains(&first.len()), "{}", first.len());
    assert_eq!(first, kept(7));
    assert_ne!(first, kept(8));
}

#[test]
fn what_does_not_fit_the_declaration_is_missing_and_a_long_text_is_cut_at_a_character() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let features = ["number", "other", "last"]
        .map(Feature::numeric)
        .into_iter()
        .chain([Feature::categorical("text")]);
    let model = monitor
        .model("claims", "1")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path())
        .text_bytes(4)
        .start(&monitor)
        .expect("a log");
    let handle = log.model(&model).expect("a handle");
    let row = [
        "text".into(),
        FeatureValue::Defaulted,
        f64::NAN.into(),
        1.0.into(),
        "surplus".into(),
    ];
    handle.record(row, f64::NAN).class("éëê").class("aéëê").at(morning());
    handle.record([1.0], 0.5).at(morning() + Duration::from_secs(1));
    handle
        .record([None, None, None, Some("日本")], 0.5)
        .at(morning() + Duration::from_secs(2));
    log.close().expect("a clean end");

    let rows = all_rows(root.path());
    let [first, second, third] = &rows[..] else {
        panic!("{rows:?}")
    };
    for column in [
        "feature.number",
        "feature.other",
        "feature.last",
        "feature.text",
        "score",
    ] {
        assert_eq!(first[column], None, "{column}");
    }
    assert_eq!(first["class"], Some(Cell::Text("aé".into())));
    assert_eq!(second["feature.number"], Some(Cell::Number(1.0)));
    assert_eq!(second["feature.text"], None);
    assert_eq!(third["feature.text"], Some(Cell::Text("日".into())));
}

#[test]
fn a_handle_that_is_gone_leaves_its_records_and_thousands_of_them_leave_nothing_else() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let model = numbered(&monitor);
    for number in 0..2000 {
        log.model(&model).expect("a handle").record([number], 0.5).at(morning());
    }
    log.flush().expect("all is written");
    assert_eq!(
        numbers(&all_rows(root.path())),
        (0..2000).map(f64::from).collect::<Vec<_>>()
    );
    assert_eq!(visible(root.path()).len(), 1);
}

#[test]
fn a_row_by_name_is_the_row_by_position() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let features = [
        Feature::categorical("zipcode"),
        Feature::numeric("income"),
        Feature::categorical("channel"),
        Feature::numeric("age"),
    ];
    let model = monitor
        .model("claims", "1")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let handle = log.model(&model).expect("a handle");
    let by_position: [FeatureValue<'_>; 4] = ["10001".into(), 52_000.0.into(), FeatureValue::Missing, 41.into()];
    handle.record(by_position, 0.5).class("a").at(morning());
    let by_name: [(&str, FeatureValue<'_>); 6] = [
        ("age", 41.into()),
        ("unknown", 1.0.into()),
        ("zipcode", "10001".into()),
        ("channel", 7.into()),
        ("income", 52_000.0.into()),
        ("zipcode", "another".into()),
    ];
    handle.record_named(by_name, 0.5).class("b").class("a").at(morning());
    handle.record_named([("channel", "web")], 0.5).at(morning());
    log.close().expect("a clean end");

    let rows = all_rows(root.path());
    let [by_position, by_name, partial] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!(by_position, by_name);
    assert_eq!(by_name["feature.zipcode"], Some(Cell::Text("10001".into())));
    assert_eq!(partial["feature.channel"], Some(Cell::Text("web".into())));
    assert_eq!(
        [
            &partial["feature.income"],
            &partial["feature.zipcode"],
            &partial["class"]
        ],
        [&None; 3]
    );
}

#[test]
fn several_logs_may_write_into_one_folder() {
    let root = tempdir().expect("a folder");
    let logs = [(), ()].map(|()| {
        let monitor = Monitor::new();
        let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
        let handle = log.model(&numbered(&monitor)).expect("a handle");
        (log, handle)
    });
    for number in 0..10 {
        for (log, handle) in &logs {
            handle.record([number], 0.5).at(morning());
            log.flush().expect("a good storage");
        }
    }
    assert_eq!(visible(root.path()).len(), 20);
    assert_eq!(numbers(&all_rows(root.path())).len(), 20);
}

#[test]
fn a_log_that_is_dropped_writes_what_it_was_given() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    handle.record([1.0], 0.5).at(morning());
    drop(log);
    assert_eq!(numbers(&all_rows(root.path())), [1.0]);
    handle.record([2.0], 0.5).at(morning());
    assert_eq!(
        counted(&monitor, "claims"),
        [1, 1],
        "what comes after the end is dropped at once"
    );
}
