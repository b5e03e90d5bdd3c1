//! Labels in a table of a real database join as the same labels in a Parquet file do.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use modelwatch_drift_job::performance::{
    JoinCounts, OutcomeQuery, Outcomes, PerformanceError, PerformanceOptions, PerformanceReport, json,
};
use modelwatch_warehouse::{Access, Dialect, Warehouse};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::database::Database;

const TABLE: &str = "labels \"of\"; the 'day'";
/// Columns, called as nobody should call them.
const ID: &str = "mw_id";
const LABEL: &str = "la'bel\\ \"é☃\"";
const TIME: &str = "mw_time; --";
/// 2026-04-01 at midnight, in microseconds.
const MIDNIGHT: i64 = 1_775_001_600_000_000;
const DAY: i64 = 86_400_000_000;
const PREDICTIONS: u32 = 300;

/// Predictions with whole numbers as ids, and a reference with these labels.
fn folder(labels: [&str; 2]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut predictions = "id,at,score\n".to_owned();
    let mut reference = "score,label\n".to_owned();
    for row in 0..PREDICTIONS {
        let score = f64::from(row * 7 % PREDICTIONS) / f64::from(PREDICTIONS);
        writeln!(predictions, "{row},2026-04-01T{:02}:00:00Z,{score}", row % 24).expect("written");
        writeln!(reference, "{score},{}", labels[usize::from(score > 0.6)]).expect("written");
    }
    fs::write(folder.path().join("predictions.csv"), predictions).expect("a file");
    fs::write(folder.path().join("reference.csv"), reference).expect("a file");
    folder
}

fn options(folder: &Path) -> PerformanceOptions {
    let file = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    let mut options = PerformanceOptions::new("label", [file("reference.csv")], [file("predictions.csv")]);
    options.score = Some("score".into());
    options.time = Some("at".into());
    options.outcome_id = Some(ID.into());
    options.outcome_label = Some(LABEL.into());
    options.outcome_time = Some(TIME.into());
    options.now = "2026-06-01T00:00:00Z".parse().expect("a time");
    options
}

fn told(options: &PerformanceOptions) -> Result<PerformanceReport, PerformanceError> {
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(options.run(|_| {}))
}

fn joined(report: &PerformanceReport) -> JoinCounts {
    report.joined.expect("labels by id")
}

/// Which prediction each row is of: most of them, out of order, some twice or thrice, some of none, some of nothing.
fn ids() -> Vec<Option<i64>> {
    let order = (0..PREDICTIONS).map(|row| i64::from(row * 11 % PREDICTIONS));
    let some = order.filter(|id| id % 5 > 0);
    let twice = (0..PREDICTIONS).map(i64::from).filter(|id| id % 7 == 0);
    let thrice = (0..PREDICTIONS).map(i64::from).filter(|id| id % 21 == 0);
    let all = some.chain(twice).chain(thrice).chain([9_001, 9_002]);
    all.map(Some).chain([None, None]).collect()
}

/// Known days later, some too late, some before their prediction, some never.
fn times(rows: usize) -> TimestampMicrosecondArray {
    let time = |row: usize| match row % 17 {
        0 => None,
        1 => Some(MIDNIGHT + 50 * DAY),
        2 => Some(MIDNIGHT - 9 * DAY),
        _ => Some(MIDNIGHT + DAY + row as i64 * 60_000_017),
    };
    (0..rows)
        .map(time)
        .collect::<TimestampMicrosecondArray>()
        .with_timezone("UTC")
}

fn batch(label: impl Fn(usize) -> ArrayRef) -> RecordBatch {
    let ids = ids();
    let rows = ids.len();
    let of = |name: &str, array: ArrayRef| (name.to_owned(), array, true);
    RecordBatch::try_from_iter_with_nullable([
        of(ID, Arc::new(Int64Array::from(ids))),
        of(LABEL, label(rows)),
        of(TIME, Arc::new(times(rows))),
    ])
    .expect("columns")
}

fn texts(rows: usize) -> ArrayRef {
    const TEXTS: [Option<&str>; 9] = [
        Some("yes"),
        Some("no"),
        Some(" no "),
        None,
        Some(""),
        Some("yes"),
        Some("NA"),
        Some("é☃\n"),
        Some("no"),
    ];
    let texts = (0..rows).map(|row| TEXTS[row % TEXTS.len()]);
    Arc::new(texts.collect::<StringArray>())
}

fn write(folder: &Path, rows: &RecordBatch) -> String {
    let path = folder.join("labels.parquet");
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a file");
    path.to_str().expect("text").to_owned()
}

fn assert_same(database: &Database, labels: [&str; 2], rows: &RecordBatch) {
    let folder = folder(labels);
    let mut by_file = options(folder.path());
    by_file.outcomes = vec![write(folder.path(), rows)];
    database.fill(TABLE, rows);
    let mut by_table = options(folder.path());
    by_table.outcome_table = Some(Outcomes::new(database.warehouse(&[TABLE])));
    let (of_file, of_table) = (told(&by_file).expect("told"), told(&by_table).expect("told"));
    assert_eq!(
        json(&of_table).expect("JSON"),
        json(&of_file).expect("JSON"),
        "{labels:?}"
    );
    let counts = joined(&of_table);
    for count in [
        counts.matched,
        counts.late,
        counts.early,
        counts.without_label,
        counts.repeated_labels,
        counts.unusable_labels,
        counts.unmatched_labels,
    ] {
        assert!(count > 0, "{counts:?}");
    }
    let all = counts.labels + counts.unusable_labels;
    assert_eq!(all, rows.num_rows() as u64, "each row is in a count: {counts:?}");

    // Earlier labels stay in the database: none of them could count.
    let since = "2026-04-01T12:00:00Z".parse().ok();
    (by_file.since, by_table.since) = (since, since);
    let (of_file, of_table) = (
        joined(&told(&by_file).expect("told")),
        joined(&told(&by_table).expect("told")),
    );
    assert!(of_table.labels < of_file.labels, "{of_table:?}");
    assert_eq!(
        (of_table.matched, of_table.late, of_table.without_label),
        (of_file.matched, of_file.late, of_file.without_label + of_file.early)
    );

    (
        by_table.since,
        by_table.outcome_time,
        by_file.since,
        by_file.outcome_time,
    ) = (None, None, None, None);
    let (of_file, of_table) = (told(&by_file).expect("told"), told(&by_table).expect("told"));
    assert_eq!(
        json(&of_table).expect("JSON"),
        json(&of_file).expect("JSON"),
        "without times"
    );
}

fn numbers(rows: usize) -> ArrayRef {
    let number = |row: usize| match row % 5 {
        0 => None,
        1 => Some(f64::NAN),
        row => Some(f64::from(u8::from(row > 2))),
    };
    Arc::new((0..rows).map(number).collect::<Float64Array>())
}

fn whole(rows: usize) -> ArrayRef {
    let number = |row: usize| (!row.is_multiple_of(6)).then_some((row % 6 > 2).into());
    Arc::new((0..rows).map(number).collect::<Int64Array>())
}

fn truths(rows: usize) -> ArrayRef {
    let truth = |row: usize| (!row.is_multiple_of(6)).then_some(row % 6 > 2);
    Arc::new((0..rows).map(truth).collect::<BooleanArray>())
}

#[test]
fn judged_joins_the_same_when_labels_are_in_postgresql() {
    let database = Database::postgresql();
    assert_same(&database, ["no", "yes"], &batch(texts));
    assert_same(&database, ["0", "1"], &batch(whole));
    assert_same(&database, ["false", "true"], &batch(truths));
    assert_same(&database, ["0", "1"], &batch(numbers));
}

#[test]
fn judged_joins_the_same_when_labels_are_in_duckdb() {
    let database = Database::duckdb();
    assert_same(&database, ["no", "yes"], &batch(texts));
    assert_same(&database, ["false", "true"], &batch(truths));
    let halves = |rows| Arc::new((0..rows).map(|row| Some((row % 3) as f32)).collect::<Float32Array>()) as ArrayRef;
    assert_same(&database, ["0", "1"], &batch(halves));
}

/// Its columns have no types, and no times: they are texts.
#[test]
fn judged_joins_labels_when_they_are_in_sqlite() {
    let database = Database::sqlite();
    let quoted = TABLE.replace('"', "\"\"");
    let columns = [ID, LABEL, TIME].map(|name| name.replace('"', "\"\""));
    database.run([
        format!("CREATE TABLE \"{quoted}\" (\"{}\", \"{}\", \"{}\")", columns[0], columns[1], columns[2]).as_str(),
        &format!(
            "INSERT INTO \"{quoted}\" VALUES (1, 'yes', '2026-04-02 00:00:00'), ('2', 'no', '2026-04-02T00:00:00Z'), \
             (3, 'yes', 'soon'), (NULL, 'no', '2026-04-02'), (4, x'00', '2026-04-02'), (5, 'yes', '2026-05-25 10:00:00+02:00')"
        ),
    ]);
    let folder = folder(["no", "yes"]);
    let mut options = options(folder.path());
    options.outcome_table = Some(Outcomes::new(database.warehouse(&[TABLE])));
    let counts = joined(&told(&options).expect("told"));
    assert_eq!(
        (counts.labels, counts.matched, counts.late, counts.unusable_labels),
        (3, 2, 1, 3),
        "{counts:?}"
    );
}

/// Types that a file has not: exact decimals, enumerations, unique ids.
#[test]
fn judged_reads_labels_when_types_are_postgresqls_own() {
    let database = Database::postgresql();
    database.run([
        "CREATE TYPE verdict AS ENUM ('no', 'yes')",
        "CREATE TABLE own (id numeric(12, 2), label verdict, known date)",
        "INSERT INTO own VALUES (1.00, 'yes', '2026-04-03'), (2, 'no', '2026-04-03'), (3, NULL, '2026-04-03')",
        "CREATE TABLE ids (id uuid, label numeric, known timestamp)",
        "INSERT INTO ids VALUES ('0af76519-16cd-43dd-8448-eb211c80319c', 1.0, '2026-04-03 00:00:00')",
    ]);
    let folder = folder(["no", "yes"]);
    let mut options = options(folder.path());
    (options.outcome_id, options.outcome_label, options.outcome_time) =
        (Some("ID".into()), Some("label".into()), Some("known".into()));
    options.outcome_table = Some(Outcomes::new(database.warehouse(&["own"])));
    let counts = joined(&told(&options).expect("told"));
    assert_eq!(
        (counts.labels, counts.matched, counts.unusable_labels),
        (2, 2, 1),
        "{counts:?}"
    );

    let predictions = "id,at,score\n0af76519-16cd-43dd-8448-eb211c80319c,2026-04-01T00:00:00Z,0.7\n";
    fs::write(folder.path().join("predictions.csv"), predictions).expect("a file");
    fs::write(
        folder.path().join("reference.csv"),
        "score,label\n0.1,0\n0.9,1\n0.4,1\n0.3,0\n",
    )
    .expect("a file");
    options.outcome_table = Some(Outcomes::new(database.warehouse(&["ids"])));
    let report = told(&options).expect("told");
    assert_eq!((joined(&report).matched, report.groups[0].unknown_labels), (1, 0));
}

#[test]
fn judged_says_what_is_wrong_when_table_has_no_labels() {
    let database = Database::postgresql();
    database.run([
        "CREATE TABLE labels (id text, label text, known timestamptz, blob bytea, noted text)",
        "INSERT INTO labels VALUES ('1', 'yes', now(), NULL, 'soon')",
        "CREATE VIEW broken AS SELECT id, known, (1 / (length(id) - length(id)))::text AS label FROM labels",
    ]);
    let folder = folder(["no", "yes"]);
    let mut options = options(folder.path());
    (options.outcome_id, options.outcome_label, options.outcome_time) =
        (Some("id".into()), Some("label".into()), Some("known".into()));
    let says = |table: &str, change: &dyn Fn(&mut PerformanceOptions), parts: &[&str]| {
        let mut options = options.clone();
        options.outcome_table = Some(Outcomes::new(database.warehouse(&[table])));
        change(&mut options);
        let said = told(&options).expect_err("there is something wrong").to_string();
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains('\n'), "{said}");
    };
    says(
        "nowhere",
        &|_| (),
        &[
            "the outcomes: the postgresql table nowhere: can't be read: ",
            "does not exist",
        ],
    );
    says(
        "broken",
        &|_| (),
        &["the postgresql table broken: can't be read: ", "division by zero"],
    );
    says(
        "labels",
        &|options| options.outcome_label = Some("truth".into()),
        &[
            "the postgresql table labels has no column \"truth\"; name another with --outcome-label: it has id, label, known",
        ],
    );
    says(
        "labels",
        &|options| options.outcome_label = Some("blob".into()),
        &["in the column \"blob\", which --outcome-label names; name one of texts, numbers or booleans"],
    );
    says(
        "labels",
        &|options| options.outcome_id = Some("known".into()),
        &["in the column \"known\", which --outcome-id names"],
    );
    says(
        "labels",
        &|options| options.outcome_time = Some("noted".into()),
        &["in the column \"noted\", where times belong; make a view in which it is a timestamp"],
    );
}

/// However many labels there are, one batch of them is in memory; a run that is over reads no more.
#[test]
fn judged_ends_when_time_is_over_while_labels_are_read() {
    let database = Database::postgresql();
    database.run(["CREATE VIEW many AS SELECT id::text AS id, 'yes' AS label, pg_sleep(id * 0 + 0.01)::text AS slow, now() AS known FROM generate_series(1, 100000) AS id"]);
    let folder = folder(["no", "yes"]);
    let mut options = options(folder.path());
    (options.outcome_id, options.outcome_label, options.outcome_time) =
        (Some("id".into()), Some("slow".into()), Some("known".into()));
    options.timeout = Some(std::time::Duration::from_secs(3));
    options.outcome_table = Some(Outcomes::new(database.warehouse(&["many"])));
    let error = told(&options).expect_err("it takes a quarter of an hour");
    assert!(matches!(error, PerformanceError::Timeout(_)), "{error}");
}

/// `UPDATE_GOLDEN=1` writes the files anew; look at what changed.
#[test]
fn writes_statement_of_each_dialect_when_labels_are_read() {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Schema::new(vec![
        Field::new("prediction_id", DataType::Utf8, true),
        Field::new("label", DataType::Float64, true),
        Field::new("known", instant, true),
    ]);
    let mut query = OutcomeQuery::new("prediction_id", "label");
    query.time = Some("known".into());
    query.since = "2026-04-01T00:00:00Z".parse().ok();
    for dialect in Dialect::ALL {
        let access = Access::Variable("WAREHOUSE_URI".into());
        let table = Warehouse::new(dialect, ["analytics", "labels"], access);
        let sql = table.outcomes_statement(&query, &schema).expect("a statement") + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{dialect}-outcomes.sql"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &sql).expect("a file");
        }
        assert_eq!(fs::read_to_string(&path).expect("a file"), sql, "{dialect}");
    }
}
