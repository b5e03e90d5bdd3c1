//! What may lie in the folder of a prediction log.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StringDictionaryBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int32Type, Int64Type};
use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericBins, NumericCounts};
use modelwatch_drift_job::PredictionLog;
use modelwatch_drift_job::engine::{
    Bins, Column, ColumnCounts, Engine as _, GroupBy, GroupCounts, Reason, WindowCounts, WindowQuery,
};
use modelwatch_log_format::columns;
use proptest::prelude::*;

use crate::log::{Log, Row, Value, batch, minutes, random, time, write_file};

const MODEL: &str = "claims";
const START: &str = "2026-04-01T10:00:00Z";

fn rows(from: &str, count: i64) -> Vec<Row> {
    let second = |second| time(from) + chrono::TimeDelta::seconds(second);
    (0..count)
        .map(|row| Row::at(second(row)).with("income", random(row as u64)))
        .collect()
}

fn unit_bins() -> NumericBins {
    let even: Vec<f64> = (0..=1_000).map(|step| f64::from(step) / 1_000.0).collect();
    NumericBins::from_sorted("income", &even).expect("bins")
}

fn income() -> Column {
    Column {
        name: columns::feature("income"),
        bins: Bins::Numeric(unit_bins()),
    }
}

fn kinds(names: &[&str]) -> Bins {
    let rows = names.iter().map(|name| ((*name).to_owned(), 1_000));
    let profile = CategoricalProfile::new("kind", rows, 0, &Hygiene::default()).expect("a profile");
    Bins::Categorical(profile.bins().clone())
}

fn query(model: &str, columns: Vec<Column>) -> WindowQuery {
    WindowQuery {
        model: model.into(),
        window: Some(minutes(START, 15)),
        columns,
        groups: Vec::new(),
        joint: Vec::new(),
    }
}

async fn count(log: &Log, model: &str, columns: Vec<Column>) -> WindowCounts {
    let log = PredictionLog::open(&log.address()).expect("a folder");
    log.count(&query(model, columns)).await.expect("counts")
}

/// Counts one column of a file with nothing else but times.
async fn count_array(bins: Bins, array: ArrayRef) -> ColumnCounts {
    let log = Log::new();
    write_array(&log.hour(MODEL, time(START)).join("0.parquet"), array);
    let column = Column {
        name: columns::feature("it"),
        bins,
    };
    let counted = count(&log, MODEL, vec![column]).await;
    assert_eq!(counted.left_out.files, []);
    counted.columns.into_iter().next().expect("one column")
}

fn write_array(path: &Path, array: ArrayRef) {
    let times = vec![time(START).timestamp_micros(); array.len()];
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"));
    let rows = [(columns::TIME.to_owned(), times), (columns::feature("it"), array)];
    write_file(path, MODEL, &RecordBatch::try_from_iter(rows).expect("a batch"));
}

fn numeric(counts: &Counts) -> &NumericCounts {
    match counts {
        Counts::Numeric(counts) => counts,
        Counts::Categorical(_) => panic!("numbers were counted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_rows_of_window_when_files_are_late_or_of_other_times() {
    let log = Log::new();
    // From half past nine to half past ten, in two hours' folders; the window is the first quarter.
    log.write(MODEL, &rows("2026-04-01T09:30:00Z", 3_600));
    assert_eq!(count(&log, MODEL, vec![income()]).await.rows, 900);
    // Another replica's file comes later, and holds a row on each end of the window.
    log.write(
        MODEL,
        &[
            Row::at(time(START)).with("income", 0.1),
            Row::at(time("2026-04-01T10:15:00Z")).with("income", 0.1),
        ],
    );
    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!((counted.rows, counted.files, counted.left_out.files.len()), (901, 2, 0));
}

/// The engine counts a value where the baseline's own rule has it.
#[tokio::test(flavor = "multi_thread")]
async fn counts_number_where_its_bin_is_when_value_is_any() {
    let mut values: Vec<Option<f64>> = [
        -1.0,
        0.0,
        0.25,
        1.0,
        7.5,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MAX,
        f64::MIN,
        -0.0,
    ]
    .map(Some)
    .into();
    values.push(None);
    values.extend((0..20_000).map(|row| Some(random(row) * 1.2 - 0.1)));
    let bins = unit_bins();
    let mut expected = bins.count();
    values.iter().for_each(|value| expected.add(&bins, *value));
    let counted = count_array(Bins::Numeric(bins), Arc::new(Float64Array::from(values))).await;
    let counts = numeric(&counted.counts);
    assert_eq!(
        (&counts.bins, counts.below, counts.above, counts.missing),
        (&expected.bins, expected.below, expected.above, expected.missing)
    );
    assert_eq!((counts.least, counts.largest), (expected.least, expected.largest));
    assert_eq!(
        (counts.sample.offered(), counted.other_type),
        (expected.sample.offered(), 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_category_apart_when_it_has_no_name_or_is_missing() {
    let log = Log::new();
    let names = [Some("car"), Some("car"), Some("home"), Some("boat"), Some(""), None];
    let rows = names.map(|name| Row::at(time(START)).with("kind", Value::Name(name.map(str::to_owned))));
    log.write(MODEL, &rows);
    let kind = Column {
        name: columns::feature("kind"),
        bins: kinds(&["home", "car"]),
    };
    let counted = count(&log, MODEL, vec![kind]).await;
    let Counts::Categorical(counts) = &counted.columns[0].counts else {
        panic!("categories were counted");
    };
    // Named ones in the order of the baseline, which is that of the alphabet where both have as many rows.
    assert_eq!((&counts.named[..], counts.unseen, counts.missing), (&[2, 1][..], 1, 2));
    assert_eq!(counts.unnamed.top(10), [("boat", 1)]);
}

/// What can be read as a number without loss is one, whatever type the file gives it; the rest is of another type.
#[tokio::test(flavor = "multi_thread")]
async fn counts_number_when_column_is_of_another_type() {
    let mut dictionary = StringDictionaryBuilder::<Int32Type>::new();
    ["0.5", "1", "nothing"]
        .iter()
        .for_each(|text| dictionary.append_value(text));
    dictionary.append_null();
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None]);
    for (what, array, present, missing, other_type) in [
        (
            "32-bit floats",
            Arc::new(Float32Array::from(vec![0.5, 0.25])) as ArrayRef,
            2,
            0,
            0,
        ),
        (
            "integers",
            Arc::new(Int64Array::from(vec![Some(0), Some(1), None])),
            2,
            1,
            0,
        ),
        (
            "booleans",
            Arc::new(BooleanArray::from(vec![Some(true), None])),
            1,
            1,
            0,
        ),
        (
            "texts",
            Arc::new(StringArray::from(vec![" 0.5 ", "1e-1", "NA", "", "True", "ten", "1,5"])),
            3,
            4,
            2,
        ),
        ("a dictionary of texts", Arc::new(dictionary.finish()), 2, 2, 1),
        ("dates", Arc::new(Date32Array::from(vec![Some(1), None])), 0, 2, 1),
        ("lists", Arc::new(lists), 0, 2, 1),
    ] {
        let counted = count_array(Bins::Numeric(unit_bins()), array).await;
        let counts = numeric(&counted.counts);
        assert_eq!(
            (counts.present(), counts.missing, counted.other_type),
            (present, missing, other_type),
            "{what}"
        );
    }
}

/// A category has one text, whatever type the file gives it.
#[tokio::test(flavor = "multi_thread")]
async fn counts_category_when_column_is_of_another_type() {
    for (what, names, array, known, other_type) in [
        (
            "integers",
            &["1", "2"][..],
            Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef,
            2,
            0,
        ),
        (
            "floats",
            &["1", "2.5"],
            Arc::new(Float64Array::from(vec![1.0, 2.5, 3.0])),
            2,
            0,
        ),
        (
            "booleans",
            &["true", "false"],
            Arc::new(BooleanArray::from(vec![true, false])),
            2,
            0,
        ),
        (
            "texts",
            &["true", "1"],
            Arc::new(StringArray::from(vec!["True", "1.0", "x"])),
            2,
            0,
        ),
        (
            "dates",
            &["1970-01-02"],
            Arc::new(Date32Array::from(vec![Some(1), None])),
            0,
            1,
        ),
    ] {
        let counted = count_array(kinds(names), array).await;
        let Counts::Categorical(counts) = &counted.counts else {
            panic!("categories were counted");
        };
        assert_eq!(
            (counts.named.iter().sum::<u64>(), counted.other_type),
            (known, other_type),
            "{what}"
        );
    }
}

/// Files of one window may differ in a column's type; each is read as it is, and the other columns are as ever.
#[tokio::test(flavor = "multi_thread")]
async fn counts_other_columns_when_one_changes_its_type() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 10));
    let of_texts = |text: &'static str| Row::at(time(START)).with("income", text).with("age", 0.5);
    log.write(MODEL, &["much", "0.5", "little"].map(of_texts));
    let age = Column {
        name: columns::feature("age"),
        ..income()
    };
    let counted = count(&log, MODEL, vec![income(), age]).await;
    assert_eq!((counted.rows, counted.files, counted.left_out.files.len()), (13, 2, 0));
    assert_eq!(
        (
            numeric(&counted.columns[0].counts).present(),
            counted.columns[0].other_type
        ),
        (11, 2)
    );
    assert_eq!(
        (
            numeric(&counted.columns[1].counts).present(),
            counted.columns[1].other_type
        ),
        (3, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_file_out_when_it_is_broken_or_foreign() {
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
    let timeless: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let timeless = RecordBatch::try_from_iter([("x", timeless)]).expect("a batch");
    write_file(&hour.join("timeless.parquet"), MODEL, &timeless);

    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!((counted.rows, counted.files), (600, 1), "{:?}", counted.left_out);
    let expected = [
        ("cut.parquet", Reason::Broken, "no whole Parquet", None),
        ("empty.parquet", Reason::Empty, "is empty", None),
        ("readme.txt", Reason::Broken, "no whole Parquet", None),
        ("rotten.parquet", Reason::Broken, "breaks while it is read", Some(3_600)),
        ("stray.parquet", Reason::OtherModel, "of the model \"pricing\"", Some(3)),
        ("timeless.parquet", Reason::NoTime, "no column \"time\"", Some(2)),
    ];
    assert_eq!(counted.left_out.files.len(), expected.len(), "{:#?}", counted.left_out);
    for (left_out, (file, reason, problem, rows)) in counted.left_out.files.iter().zip(expected) {
        assert_eq!((left_out.reason, left_out.rows), (reason, rows), "{left_out}");
        let text = left_out.to_string();
        assert!(
            text.starts_with(&log.address()) && text.contains(file) && text.contains(problem),
            "{text}"
        );
    }
    assert_eq!(counted.left_out.rows_by_reason()[&Reason::Broken], 3_600);
    assert_eq!(counted.left_out.files_by_reason()[&Reason::Broken], 3);
}

/// Whatever a file's last bytes are, the other files are counted.
#[test]
fn survives_footer_when_its_bytes_are_any() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    let log = Log::new();
    log.write(MODEL, &rows(START, 600));
    let path = log.write(MODEL, &rows(START, 50)).remove(0);
    let whole = fs::read(&path).expect("a file");
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    });
    let changes = prop::collection::vec((0..whole.len(), any::<u8>()), 1..4);
    runner
        .run(&changes, |changes| {
            let mut bytes = whole.clone();
            for (back, byte) in &changes {
                // Most of them in the footer.
                let place = whole.len() - 1 - back % if back % 4 == 0 { whole.len() } else { 1_500 };
                bytes[place] = *byte;
            }
            fs::write(&path, &bytes).expect("a file");
            let counted = runtime.block_on(count(&log, MODEL, vec![income()]));
            // A footer may say that its rows are of other times, and then they are.
            let told = counted.files + counted.left_out.files.len();
            prop_assert!(counted.rows >= 600 && (1..=2).contains(&told), "{counted:?}");
            Ok(())
        })
        .expect("no bytes hide the other file");
}

/// A footer that makes the decoder panic, found by chance: one byte of the precision in its schema is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn leaves_file_out_when_its_decoder_panics() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 600));
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/arrow-schema-precision-panic.parquet");
    fs::copy(bad, log.hour(MODEL, time(START)).join("bad.parquet")).expect("a file");
    let counted = count(&log, MODEL, vec![income()]).await;
    assert_eq!((counted.rows, counted.files), (600, 1));
    let [left_out] = &counted.left_out.files[..] else {
        panic!("{:?}", counted.left_out);
    };
    assert!(
        left_out.reason == Reason::Broken && left_out.file.ends_with("bad.parquet"),
        "{left_out}"
    );
}

/// Retention removes files while windows are counted; they are gone, and no error.
#[tokio::test(flavor = "multi_thread")]
async fn counts_rest_when_files_vanish_meanwhile() {
    let log = Log::new();
    let path = log.write(MODEL, &rows(START, 50)).remove(0);
    log.write(MODEL, &rows(START, 600));
    let bytes = fs::read(&path).expect("a file");
    let aside = path.with_file_name(".aside");
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let busy = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            fs::write(&aside, &bytes).expect("a file");
            fs::rename(&aside, &path).expect("in its place");
            fs::remove_file(&path).expect("it is there");
        }
    });
    for _ in 0..200 {
        let counted = count(&log, MODEL, vec![income()]).await;
        assert!([600, 650].contains(&counted.rows), "{} rows", counted.rows);
        assert_eq!(counted.left_out.files, []);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    busy.join().expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_missing_when_files_lack_feature() {
    let log = Log::new();
    log.write(MODEL, &rows(START, 10));
    let with_age = |row: Row| row.with("age", 0.4);
    log.write(MODEL, &rows(START, 4).into_iter().map(with_age).collect::<Vec<_>>());
    let age = Column {
        name: columns::feature("age"),
        ..income()
    };
    let counted = count(&log, MODEL, vec![income(), age]).await;
    let counts = numeric(&counted.columns[1].counts);
    assert_eq!((counts.present(), counts.missing), (4, 10));
    assert_eq!(
        counted.absent.into_iter().collect::<Vec<_>>(),
        [(columns::feature("age"), 10)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_model_when_its_name_is_odd() {
    let log = Log::new();
    let model = "claims/risk 50%?é";
    let folder = "claims%2Frisk%2050%25%3F%C3%A9";
    let path = log.hour(folder, time(START)).join("0.parquet");
    let rows = rows(START, 7);
    write_file(&path, model, &batch(&rows.iter().collect::<Vec<_>>()));
    assert_eq!(count(&log, model, vec![income()]).await.rows, 7);
    assert_eq!(count(&log, "claims", vec![income()]).await.rows, 0);
}

/// Where there are no rows, the place, what is there and what is not tell why.
#[tokio::test(flavor = "multi_thread")]
async fn says_where_it_looked_when_there_are_no_rows() {
    let log = Log::new();
    let looked = async |model: &str| count(&log, model, vec![income()]).await.looked.to_string();
    assert!(
        looked(MODEL).await.contains("no model has a folder"),
        "{}",
        looked(MODEL).await
    );
    log.write("pricing", &rows(START, 5));
    let other = looked(MODEL).await;
    assert!(
        other.contains("model=claims") && other.contains("that have a folder are pricing"),
        "{other}"
    );
    log.write(MODEL, &rows("2026-03-01T10:00:00Z", 5));
    log.write(MODEL, &rows("2026-03-02T11:00:00Z", 5));
    let other = looked(MODEL).await;
    for part in [
        "model=claims/date=2026-04-01/hour=10",
        "hours from date=2026-03-01/hour=10 to date=2026-03-02/hour=11",
    ] {
        assert!(other.contains(part), "{other}");
    }
    log.write(MODEL, &rows("2026-04-01T10:30:00Z", 5));
    let other = looked(MODEL).await;
    assert!(other.contains("the file there is empty, was left out"), "{other}");
}

fn by_version() -> GroupBy {
    GroupBy {
        column: columns::MODEL_VERSION.into(),
        values: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_versions_apart_when_asked_to() {
    let log = Log::new();
    let mut rows = rows(START, 90);
    rows.iter_mut().step_by(3).for_each(|row| row.version = "2.0".into());
    log.write(MODEL, &rows);
    let engine = PredictionLog::open(&log.address()).expect("a folder");
    let grouped = WindowQuery {
        groups: vec![by_version()],
        ..query(MODEL, vec![income()])
    };
    let counted = engine.count(&grouped).await.expect("counts");
    let versions: Vec<_> = counted.groups[0]
        .iter()
        .map(|group| (group.value.as_deref(), group.rows))
        .collect();
    assert_eq!(versions, [(Some("1"), 60), (Some("2.0"), 30)]);
    let sum = |of: fn(&NumericCounts) -> u64| -> u64 {
        counted.groups[0]
            .iter()
            .map(|group: &GroupCounts| of(numeric(&group.columns[0].counts)))
            .sum()
    };
    let all = numeric(&counted.columns[0].counts);
    assert_eq!(
        (counted.rows, sum(NumericCounts::present), sum(NumericCounts::rows)),
        (90, all.present(), all.rows())
    );
}

/// Values that have no counts of their own are counted together, and so are more versions than there is room for.
#[tokio::test(flavor = "multi_thread")]
async fn counts_others_together_when_values_are_many() {
    let log = Log::new();
    let mut rows = rows(START, 200);
    for (number, row) in rows.iter_mut().enumerate() {
        row.version = format!("{:03}", number % 100);
        row.features
            .push(("country".into(), Value::from(["NO", "SE", "DK", "FI"][number % 4])));
    }
    // In several files, so that they are merged.
    rows.chunks(70).for_each(|rows| _ = log.write(MODEL, rows));
    let engine = PredictionLog::open(&log.address()).expect("a folder");
    let by_country = GroupBy {
        column: columns::feature("country"),
        values: Some(vec!["NO".into(), "SE".into(), "IS".into()]),
    };
    let grouped = WindowQuery {
        groups: vec![by_version(), by_country],
        ..query(MODEL, vec![income()])
    };
    let counted = engine.count(&grouped).await.expect("counts");
    let [versions, countries] = &counted.groups[..] else {
        panic!("two groups were asked for");
    };
    assert_eq!(versions.iter().map(|group| group.rows).sum::<u64>(), 200);
    assert!(versions.len() <= GroupBy::MOST_GROUPS + 1 && versions.last().is_some_and(|last| last.value.is_none()));
    let countries: Vec<_> = countries
        .iter()
        .map(|group| (group.value.as_deref(), group.rows))
        .collect();
    assert_eq!(countries, [(Some("NO"), 50), (Some("SE"), 50), (None, 100)]);
}

#[test]
fn names_folder_when_it_is_not_there() {
    let error = PredictionLog::open("/no/such/folder").expect_err("there is none");
    assert!(
        error
            .to_string()
            .starts_with("/no/such/folder: there is no such folder"),
        "{error}"
    );
}
