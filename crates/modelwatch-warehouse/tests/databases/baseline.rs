//! A baseline made of a table beside one that is made of a Parquet file with the same rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use modelwatch_drift::baseline::{Hygiene, Profile};
use modelwatch_drift_job::{Trained, TrainingError, TrainingOptions, TrainingSource};
use parquet::arrow::ArrowWriter;
use proptest::option::weighted as some;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::database::Database;

const TABLE: &str = "training \"of\"; the 'day'";
const CASES: u32 = 12;

fn options(files: &[&str]) -> TrainingOptions {
    let mut options = TrainingOptions::new("claims", files.iter().copied());
    options.hygiene = Hygiene { minimum_rows: 1 };
    options.version = Some("1".into());
    options
}

fn write(path: &Path, rows: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), rows.schema(), None).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a file");
}

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("a batch")
}

/// Everything of a profile but what is known of values alone; numbers that are sums to so many digits.
fn essence(trained: &Trained) -> Vec<String> {
    let feature = |(name, profile): &(String, Profile)| match profile {
        Profile::Numeric(profile) => {
            let counts = profile.counts();
            let end = |value: Option<f64>| value.map(|value| value + 0.0);
            format!(
                "{name:?}: {:?}, {:?}, {:?} to {:?}, coarse {:?}",
                profile.bins(),
                (counts.below, &counts.bins, counts.above, counts.missing),
                end(counts.least),
                end(counts.largest),
                profile.coarse(counts),
            )
        }
        Profile::Categorical(profile) => {
            let counts = profile.counts();
            format!(
                "{name:?}: {:?}, {:?}, {:?}, coarse {:?}",
                profile.bins().names(),
                (&counts.named, &counts.other),
                counts.missing,
                profile.coarse(counts)
            )
        }
    };
    let about = trained.baseline.about();
    let mut said = vec![format!("{} rows of {}", about.rows, about.model)];
    said.extend(trained.baseline.features().iter().map(feature));
    let zero = |text: &str| {
        text.strip_prefix('-')
            .filter(|rest| *rest == "0")
            .unwrap_or(text)
            .to_owned()
    };
    said.extend(trained.columns.iter().map(|column| {
        format!(
            "{} {:?} {} {} {} {} {}",
            column.name,
            column.kind,
            column.rows,
            column.missing,
            column.distinct,
            zero(&column.least),
            zero(&column.largest)
        )
    }));
    said
}

/// The parts of sums that may be rounded otherwise.
fn sums(trained: &Trained) -> Vec<[f64; 3]> {
    let features = trained.baseline.features().iter();
    let numbers = features.filter_map(|(_, profile)| match profile {
        Profile::Numeric(profile) => {
            let magnitude = profile.least().abs().max(profile.largest().abs());
            Some([profile.mean(), profile.deviation(), magnitude])
        }
        _ => None,
    });
    numbers.collect()
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e3..1e3,
        3 => (-5..5i32).prop_map(f64::from),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e-300, -5e-324, 5e-324, 1e12, f64::MIN_POSITIVE]),
    ]
}

fn category() -> impl Strategy<Value = String> {
    let known = [
        "True",
        "TRUE",
        "true",
        "1.0",
        "1",
        "",
        "NA",
        "O'Brien",
        "\"; DROP TABLE x; --",
        "é",
        "E\u{301}",
        "A",
        "a",
        "a ",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => (0..2_000u32).prop_map(|number| format!("k{number}")),
    ]
}

type Row = (
    Option<f64>,
    Option<f32>,
    Option<i64>,
    Option<bool>,
    Option<String>,
    Option<i32>,
);

fn row() -> impl Strategy<Value = Row> {
    (
        some(0.9, number()),
        some(0.9, number().prop_map(|number| number as f32)),
        some(0.9, prop_oneof![-5..5i64, Just(i64::MAX), Just((1 << 53) + 1)]),
        some(0.9, any::<bool>()),
        some(0.9, category()),
        some(0.9, -3..3i32),
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![
        3 => prop::collection::vec(row(), 20..80),
        1 => prop::collection::vec(row(), 300..700),
    ]
}

fn batch(rows: &[Row]) -> RecordBatch {
    table(vec![
        (
            "in'come\\",
            Arc::new(rows.iter().map(|row| row.0).collect::<Float64Array>()) as ArrayRef,
        ),
        ("mw_x", Arc::new(rows.iter().map(|row| row.1).collect::<Float32Array>())),
        (
            "whole \"; --",
            Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        ),
        ("flag", Arc::new(rows.iter().map(|row| row.3).collect::<BooleanArray>())),
        (
            "kind é☃",
            Arc::new(rows.iter().map(|row| row.4.clone()).collect::<StringArray>()),
        ),
        ("day", Arc::new(rows.iter().map(|row| row.5).collect::<Date32Array>())),
        // One column has a value in any case.
        (
            "place",
            Arc::new(
                (0..rows.len())
                    .map(|place| Some(place as f64 / 3.0))
                    .collect::<Float64Array>(),
            ),
        ),
    ])
}

/// Bins, counts and categories to the bit; mean and deviation to the rounding of sums.
fn assert_same(databases: &[Database], cases: u32) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let compared = TestRunner::new(config).run(&rows(), |rows| {
        let rows = batch(&rows);
        write(&path, &rows);
        let of_files = options(&[path.to_str().expect("text")]);
        let expected = runtime.block_on(of_files.build(1, |_| {})).expect("a baseline");
        for database in databases {
            database.fill(TABLE, &rows);
            let made = runtime.block_on(options(&[]).build_from(&database.warehouse(&[TABLE]), |_| {}));
            let made = made.map_err(|error| TestCaseError::fail(format!("{}: {error}", database.dialect)))?;
            prop_assert_eq!(essence(&made), essence(&expected), "{}", database.dialect);
            for ([mean, deviation, _], [other_mean, other, magnitude]) in sums(&made).into_iter().zip(sums(&expected)) {
                let close = |one: f64, other: f64| (one - other).abs() <= 1e-12 * magnitude;
                prop_assert!(
                    close(mean, other_mean),
                    "{}: {} and {}",
                    database.dialect,
                    mean,
                    other_mean
                );
                prop_assert!(
                    close(deviation, other),
                    "{}: {} and {}",
                    database.dialect,
                    deviation,
                    other
                );
            }
            // What was made is a file that is read again.
            let json = made.baseline.to_json().expect("JSON");
            let read = modelwatch_drift::baseline::Baseline::from_json(&json).expect("a baseline");
            prop_assert_eq!(read, made.baseline);
        }
        Ok(())
    });
    if let Err(failed) = compared {
        panic!("{failed}");
    }
}

#[test]
fn judged_makes_baseline_of_parquet_when_rows_are_in_postgresql() {
    assert_same(&[Database::postgresql()], CASES);
}

#[test]
fn judged_makes_baseline_of_parquet_when_rows_are_in_duckdb() {
    assert_same(&[Database::duckdb()], CASES);
}

fn failure(source: &dyn TrainingSource, options: &TrainingOptions) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let failed: Result<Trained, TrainingError> = runtime.block_on(options.build_from(source, |_| {}));
    failed.expect_err("no baseline").to_string()
}

/// One line that names the table or the column, whatever is wrong.
#[test]
fn judged_says_what_is_wrong_when_table_can_be_no_baseline() {
    let some_rows = || {
        table(vec![
            ("income", Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef),
            ("kind", Arc::new(StringArray::from(vec!["a", "b"]))),
        ])
    };
    for database in [Database::postgresql(), Database::duckdb()] {
        database.fill("claims", &some_rows());
        database.run(["CREATE TABLE empty AS SELECT * FROM claims WHERE 1 = 0"]);
        let dialect = database.dialect;
        let said = failure(&database.warehouse(&["nowhere"]), &options(&[]));
        assert!(
            said.contains(&format!("the {dialect} table nowhere: can't be read")),
            "{said}"
        );
        let said = failure(&database.warehouse(&["empty"]), &options(&[]));
        assert!(
            said.contains("no column of the training data can be a feature") && said.contains("\"income\""),
            "{said}"
        );
        let mut other = options(&[]);
        other.features = vec!["age".into()];
        let said = failure(&database.warehouse(&["claims"]), &other);
        assert_eq!(said, "the training data has no column \"age\"; it has income, kind");
        let mut other = options(&[]);
        other.numeric = vec!["kind".into()];
        let said = failure(&database.warehouse(&["claims"]), &other);
        assert!(said.contains("has no numbers in the column \"kind\""), "{said}");
        let mut other = options(&[]);
        other.hygiene = Hygiene { minimum_rows: 100 };
        let said = failure(&database.warehouse(&["claims"]), &other);
        assert!(
            said.contains("\"income\" is left out") && said.contains("100"),
            "{said}"
        );
        // Beyond what any database sums; the other column is a feature all the same.
        database.fill(
            "large",
            &table(vec![
                ("income", Arc::new(Float64Array::from(vec![1e300, 2.0])) as ArrayRef),
                ("kind", Arc::new(StringArray::from(vec!["a", "b"]))),
            ]),
        );
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let large = database.warehouse(&["large"]);
        let made = runtime
            .block_on(options(&[]).build_from(&large, |_| {}))
            .expect("a baseline");
        let warned = made
            .warnings
            .iter()
            .any(|warning| warning.to_string().contains("1e290"));
        assert!(warned && made.baseline.features().len() == 1, "{:?}", made.warnings);
    }
}

#[test]
fn judged_makes_baseline_of_parquet_when_columns_are_decimals_constants_and_heaps() {
    let decimals = Decimal128Array::from_iter_values((0..500).map(|cents| cents % 37 * 25));
    let decimals = decimals.with_precision_and_scale(10, 2).expect("a scale");
    let rows = table(vec![
        ("price", Arc::new(decimals) as ArrayRef),
        ("zero", Arc::new(Float64Array::from(vec![0.0; 500]))),
        (
            "heap",
            Arc::new(
                (0..500)
                    .map(|row| Some(if row < 450 { 0.0 } else { f64::from(row) }))
                    .collect::<Float64Array>(),
            ),
        ),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    write(&path, &rows);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let of_files = options(&[path.to_str().expect("text")]);
    let expected = runtime.block_on(of_files.build(1, |_| {})).expect("a baseline");
    let database = Database::duckdb();
    database.fill("prices", &rows);
    let made = runtime.block_on(options(&[]).build_from(&database.warehouse(&["prices"]), |_| {}));
    assert_eq!(essence(&made.expect("a baseline")), essence(&expected));
}
