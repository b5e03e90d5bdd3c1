//! What may lie in the folder of a prediction log.

use std::fs;

use modelwatch_drift::baseline::{CategoricalProfile, Hygiene};
use modelwatch_drift_job::engine::{Cells, Column, Store, WindowCounts, WindowQuery};

use crate::log::{Log, Row, Value, batch, minutes, random, time, write_file};

const MODEL: &str = "claims";
const START: &str = "2026-04-01T10:00:00Z";

fn rows(from: &str, count: i64) -> Vec<Row> {
    let second = |second| time(from) + chrono::TimeDelta::seconds(second);
    (0..count)
        .map(|row| Row::at(second(row)).with("income", random(row as u64)))
        .collect()
}

fn income() -> Column {
    Column {
        name: "feature.income".into(),
        cells: Cells::Edges(vec![0.0, 0.25, 0.5, 0.75, 1.0]),
    }
}

async fn count(log: &Log, model: &str, columns: Vec<Column>) -> WindowCounts {
    let query = WindowQuery {
        model: model.into(),
        window: minutes(START, 15),
        columns,
        per_version: false,
    };
    let store = Store::open(&log.address()).expect("a folder");
    query.run(&store, 2).await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_rows_of_the_window_are_counted_and_late_files_too() {
    let log = Log::new();
    // From half past nine to half past ten, in two hours' folders; the window is the first quarter.
    log.write(MODEL, &rows("2026-04-01T09:30:00Z", 3_600));
    assert_eq!(count(&log, MODEL, vec![income()]).await.rows(), 900);
    // Another replica's file comes later, and holds a row on each end of the window.
    log.write(
        MODEL,
        &[
            Row::at(time(START)).with("income", 0.1),
            Row::at(time("2026-04-01T10:15:00Z")).with("income", 0.1),
        ],
    );
    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!((counted.rows(), counted.files, counted.skipped.len()), (901, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_counted_where_its_bin_says_and_a_missing_one_apart() {
    let log = Log::new();
    let values = [
        -1.0,
        0.0,
        0.24,
        0.25,
        0.5,
        0.99,
        1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        7.5,
    ];
    let mut rows: Vec<_> = values.map(|value| Row::at(time(START)).with("income", value)).into();
    rows.push(Row::at(time(START)).with("income", Value::Number(None)));
    log.write(MODEL, &rows);
    let counted = count(&log, MODEL, vec![income()]).await.total();
    let column = &counted.columns[0];
    assert_eq!(column.cells, [2, 2, 1, 1, 1, 3, 2]);
    assert_eq!((column.least, column.largest), (Some(-1.0), Some(7.5)));
    assert_eq!((column.sample.offered(), column.sample.values().len()), (8, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_without_a_name_and_a_missing_one_are_counted_apart() {
    let log = Log::new();
    let names = [
        Some("car"),
        Some("car"),
        Some("home"),
        Some("boat"),
        Some(""),
        None,
        Some("True"),
    ];
    let rows = names.map(|name| Row::at(time(START)).with("kind", Value::Name(name.map(str::to_owned))));
    log.write(MODEL, &rows);
    let training = [("home", 900), ("car", 800), ("true", 700)].map(|(name, rows)| (name.to_owned(), rows));
    let profile = CategoricalProfile::new("kind", training, 0, &Hygiene::default()).expect("a profile");
    let kind = Column {
        name: "feature.kind".into(),
        cells: Cells::Names(profile.bins().clone()),
    };
    let counted = count(&log, MODEL, vec![kind]).await.total();
    assert_eq!(counted.columns[0].cells, [1, 2, 1, 1, 2]);
    assert_eq!(counted.columns[0].unnamed.top(10), [("boat", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_and_foreign_files_are_named_and_left_out() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 600));
    let hour = log.hour(MODEL, time(START));
    let whole = fs::read(log.write(MODEL, &rows(START, 5_000)).remove(0)).expect("a file");
    fs::remove_file(hour.join("1.parquet")).expect("it is there");

    fs::write(hour.join("cut.parquet"), &whole[..whole.len() / 2]).expect("a file");
    fs::write(hour.join("empty.parquet"), b"").expect("a file");
    fs::write(hour.join("readme.txt"), b"not for machines").expect("a file");
    // Its footer is whole; its pages are not.
    let mut rotten = whole.clone();
    rotten[4..400].fill(0xA5);
    fs::write(hour.join("rotten.parquet"), rotten).expect("a file");
    // A file that is still being written.
    fs::write(hour.join(".hidden.parquet"), &whole[..9]).expect("a file");
    let of_another = rows(START, 3);
    let of_another: Vec<_> = of_another.iter().collect();
    write_file(&hour.join("stray.parquet"), "pricing", &batch(&of_another));

    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!((counted.rows(), counted.files), (600, 1), "{:?}", counted.skipped);
    let mut skipped: Vec<_> = counted.skipped.iter().map(ToString::to_string).collect();
    skipped.sort();
    let expected = [
        ("cut.parquet", "no whole Parquet"),
        ("empty.parquet", "is empty"),
        ("readme.txt", "no whole Parquet"),
        ("rotten.parquet", "breaks while it is read"),
        ("stray.parquet", "of the model \"pricing\""),
    ];
    assert_eq!(skipped.len(), expected.len(), "{skipped:#?}");
    for (skipped, (file, problem)) in skipped.iter().zip(expected) {
        assert!(
            skipped.starts_with(&log.address()) && skipped.contains(file) && skipped.contains(problem),
            "{skipped}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_files_lack_is_missing_there_and_that_is_said() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 10));
    let with_age = |row: Row| row.with("age", 40.0);
    log.write(MODEL, &rows(START, 4).into_iter().map(with_age).collect::<Vec<_>>());
    let age = Column {
        name: "feature.age".into(),
        cells: Cells::Edges(vec![18.0, 99.0]),
    };
    let counted = count(&log, MODEL, vec![income(), age]).await;
    assert_eq!(counted.total().columns[1].cells, [0, 4, 0, 10]);
    assert_eq!(counted.absent.get("feature.age"), Some(&10));
    assert_eq!(counted.absent.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_column_is_of_the_other_kind_is_left_out() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 10));
    log.write(MODEL, &[Row::at(time(START)).with("income", "much")]);
    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!(counted.rows(), 10);
    assert!(
        counted.skipped[0].problem.contains("feature.income"),
        "{:?}",
        counted.skipped
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_with_an_odd_name_is_found_by_its_encoded_folder() {
    let log = Log::new();
    let model = "claims/risk 50%?é";
    let folder = "claims%2Frisk%2050%25%3F%C3%A9";
    let path = log.hour(folder, time(START)).join("0.parquet");
    let rows = rows(START, 7);
    write_file(&path, model, &batch(&rows.iter().collect::<Vec<_>>()));
    assert_eq!(count(&log, model, vec![income()]).await.rows(), 7);
    assert_eq!(count(&log, "claims", vec![income()]).await.rows(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_counted_apart_and_add_up_to_all() {
    let log = Log::new();
    let mut rows = rows(START, 90);
    rows.iter_mut().step_by(3).for_each(|row| row.version = "2".into());
    log.write(MODEL, &rows);
    let query = WindowQuery {
        model: MODEL.into(),
        window: minutes(START, 15),
        columns: vec![income()],
        per_version: true,
    };
    let counted = query
        .run(&Store::open(&log.address()).expect("a folder"), 2)
        .await
        .expect("counts");
    let versions: Vec<_> = counted
        .versions
        .iter()
        .map(|version| (version.version.as_deref(), version.rows))
        .collect();
    assert_eq!(versions, [(Some("1"), 60), (Some("2"), 30)]);
    let together = count(&log, MODEL, vec![income()]).await;
    assert_eq!(counted.total(), together.total());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Store::open("/no/such/folder").expect_err("there is none");
    assert!(
        error
            .to_string()
            .starts_with("/no/such/folder: there is no such folder"),
        "{error}"
    );
}
