//! Delta tables: the counts are those of the rows that the newest version has, as if they lay in one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericBins};
use modelwatch_drift_job::engine::{Bins, Column, ColumnCounts, Engine as _, GroupBy, WindowCounts, WindowQuery};
use modelwatch_drift_job::performance::PerformanceOptions;
use modelwatch_drift_job::{TableColumns, Tables, TimeWindow, TrainingOptions};
use modelwatch_log_format::columns;
use modelwatch_testkit::tool;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::log::{Row, batch, minutes, random, time};

const START: &str = "2026-04-01T10:00:00Z";

/// A Delta table that is written by hand, as the protocol says.
struct Lake {
    folder: TempDir,
    commits: u64,
}

impl Lake {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("_delta_log")).expect("a folder");
        Self { folder, commits: 0 }
    }

    /// A table of this schema that has no files yet.
    fn of(schema: &Schema) -> Self {
        let mut lake = Self::new();
        lake.commit(&[protocol(&[]), metadata(&fields(schema), &[], &json!({}))]);
        lake
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn address(&self) -> String {
        self.root().to_str().expect("text").to_owned()
    }

    fn commit_file(&self, version: u64) -> PathBuf {
        self.root().join(format!("_delta_log/{version:020}.json"))
    }

    /// Writes a commit; a reader sees it whole or not at all.
    fn commit(&mut self, actions: &[Value]) {
        let lines: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let hidden = self.root().join("_delta_log/.commit.tmp");
        fs::write(&hidden, lines.join("\n") + "\n").expect("a file");
        fs::rename(hidden, self.commit_file(self.commits)).expect("a commit");
        self.commits += 1;
    }

    /// Writes rows in row groups of 100, and gives the action that adds them.
    fn file(&self, name: &str, rows: &RecordBatch) -> Value {
        write(&self.root().join(name), rows);
        self.add(name)
    }

    fn add(&self, name: &str) -> Value {
        let size = fs::metadata(self.root().join(name)).expect("a file").len();
        json!({"add": {"path": name, "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": true}})
    }
}

fn write(path: &Path, rows: &RecordBatch) {
    let file = fs::File::create(path).expect("a file");
    let groups = WriterProperties::builder()
        .set_max_row_group_row_count(Some(100))
        .build();
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(groups)).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a footer");
}

fn protocol(features: &[&str]) -> Value {
    match features {
        [] => json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
        features => json!({"protocol": {
            "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features
        }}),
    }
}

fn metadata(fields: &Value, partitions: &[&str], configuration: &Value) -> Value {
    let schema = json!({"type": "struct", "fields": fields}).to_string();
    json!({"metaData": {
        "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", "format": {"provider": "parquet", "options": {}},
        "schemaString": schema, "partitionColumns": partitions, "configuration": configuration, "createdTime": 0
    }})
}

fn fields(schema: &Schema) -> Value {
    let field = |field: &Arc<Field>| {
        let holds = match field.data_type() {
            DataType::Timestamp(_, Some(_)) => "timestamp",
            DataType::Float64 => "double",
            DataType::Utf8 => "string",
            other => panic!("{other}"),
        };
        json!({"name": field.name(), "type": holds, "nullable": true, "metadata": {}})
    };
    schema.fields().iter().map(field).collect()
}

/// Rows a second apart.
fn rows(from: DateTime<Utc>, count: i64) -> Vec<Row> {
    let row = |second: i64| {
        let row = Row::at(from + TimeDelta::seconds(second)).with("income", random(second as u64));
        Row {
            version: if second % 5 == 0 { "2".into() } else { "1".into() },
            ..row.with("country", if second % 3 == 0 { "NO" } else { "SE" })
        }
    };
    (0..count).map(row).collect()
}

fn batch_of(rows: &[Row]) -> RecordBatch {
    batch(&rows.iter().collect::<Vec<_>>())
}

fn query(window: Option<TimeWindow>) -> WindowQuery {
    let even: Vec<f64> = (0..=100).map(|step| f64::from(step) / 100.0).collect();
    let bins = NumericBins::from_sorted("income", &even).expect("bins");
    let countries = ["NO", "SE"].map(|name| (name.to_owned(), 1_000));
    let countries = CategoricalProfile::new("country", countries, 0, &Hygiene::default()).expect("a profile");
    let column = |name: &str, bins: Bins| Column {
        name: columns::feature(name),
        bins,
    };
    WindowQuery {
        model: "claims".into(),
        window,
        columns: vec![
            column("income", Bins::Numeric(bins.clone())),
            column("age", Bins::Numeric(bins)),
            column("country", Bins::Categorical(countries.bins().clone())),
        ],
        groups: vec![GroupBy {
            column: columns::MODEL_VERSION.into(),
            values: None,
        }],
        joint: Vec::new(),
    }
}

async fn count(address: &str, window: Option<TimeWindow>) -> WindowCounts {
    let tables = Tables::new([address], TableColumns::default()).threads(2);
    let counts = tables.count(&query(window)).await.expect("counts");
    assert_eq!(counts.left_out.files, [], "{address}");
    counts
}

async fn refused(address: &str) -> String {
    let tables = Tables::new([address], TableColumns::default());
    let error = tables.count(&query(None)).await.expect_err("no table").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

/// What of counts depends neither on the order of the rows nor on their files.
fn essence(counts: &WindowCounts) -> String {
    let columns = |columns: &[ColumnCounts]| -> Vec<String> {
        let told = columns.iter().map(|column| match &column.counts {
            // The least of -0 and 0 is the one that came first.
            Counts::Numeric(counts) => format!(
                "{} {:?} {} {} {:?} {:?} {}",
                counts.below,
                counts.bins,
                counts.above,
                counts.missing,
                counts.least.map(|least| least + 0.0),
                counts.largest.map(|largest| largest + 0.0),
                column.other_type
            ),
            Counts::Categorical(counts) => format!(
                "{:?} {:?} {} {} {}",
                counts.named, counts.other, counts.unseen, counts.missing, column.other_type
            ),
        });
        told.collect()
    };
    let groups: Vec<_> = counts.groups[0]
        .iter()
        .map(|group| (group.value.clone(), group.rows, columns(&group.columns)))
        .collect();
    format!(
        "{} rows, {} without time, {:?}, {groups:?}",
        counts.rows,
        counts.left_out.rows_without_time,
        columns(&counts.columns)
    )
}

/// What the same rows give as one file.
async fn as_file(rows: &RecordBatch, window: Option<TimeWindow>) -> String {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("rows.parquet");
    write(&path, rows);
    essence(&count(path.to_str().expect("text"), window).await)
}

const WINDOWS: [i64; 3] = [5, 15, 1_440];

async fn assert_counts(lake: &Lake, rows: &RecordBatch) {
    let windows = WINDOWS.map(|length| Some(minutes(START, length)));
    for window in windows.into_iter().chain([None]) {
        let counted = essence(&count(&lake.address(), window).await);
        assert_eq!(counted, as_file(rows, window).await, "{window:?}");
    }
}

/// The bitmap of a deletion vector, for rows below 65,536: the portable form of a roaring array with one container.
fn bitmap(rows: &[u16]) -> Vec<u8> {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    bytes.extend(1_u64.to_le_bytes());
    let of_container = [0_u32, 12_346, 1, (rows.len() as u32 - 1) << 16, 16];
    bytes.extend(of_container.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The text that Z85 makes of whole groups of four bytes.
fn z85(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let group = |four: &[u8]| {
        let number = four.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        [4, 3, 2, 1, 0].map(|place| char::from(LETTERS[(number / 85_u32.pow(place) % 85) as usize]))
    };
    bytes.chunks(4).flat_map(group).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => crc >> 1 ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    };
    !bytes.iter().fold(!0, byte)
}

fn with_vector(mut add: Value, vector: Value) -> Value {
    add["add"]["deletionVector"] = vector;
    add
}

fn without(rows: &[Row], deleted: &[u16]) -> Vec<Row> {
    let kept = (0..).zip(rows).filter(|(place, _)| !deleted.contains(place));
    kept.map(|(_, row)| row.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_rows_that_are_left_when_files_have_deletion_vectors() {
    // The first and the last row, whole row groups, neighbours, and every third.
    let all = rows(time(START), 650);
    let inline: Vec<u16> = [0, 1, 2, 99, 100].into_iter().chain(200..300).chain([649]).collect();
    let apart: Vec<u16> = (0..650).step_by(3).collect();
    let (one, two) = (&all[..], &rows(time("2026-04-01T10:07:00Z"), 650));
    let schema = batch_of(one).schema();
    let mut lake = Lake::new();
    lake.commit(&[
        protocol(&["deletionVectors"]),
        metadata(&fields(&schema), &[], &json!({})),
    ]);
    let added = [
        lake.file("one.parquet", &batch_of(one)),
        lake.file("two.parquet", &batch_of(two)),
    ];
    lake.commit(&added);
    let vector = bitmap(&inline);
    let first = json!({"storageType": "i", "pathOrInlineDv": z85(&vector), "sizeInBytes": vector.len(), "cardinality": inline.len()});
    let vector = bitmap(&apart);
    // A file of two vectors, of which the second is meant.
    let mut bytes = vec![1_u8];
    for _ in 0..2 {
        bytes.extend((vector.len() as u32).to_be_bytes());
        bytes.extend(&vector);
        bytes.extend(crc32(&vector).to_be_bytes());
    }
    let offset = 1 + vector.len() + 8;
    let uuid = [7_u8; 16];
    let name = "deletion_vector_07070707-0707-0707-0707-070707070707.bin";
    fs::write(lake.root().join(name), &bytes).expect("a file");
    let second = json!({"storageType": "u", "pathOrInlineDv": z85(&uuid), "offset": offset, "sizeInBytes": vector.len(),
        "cardinality": apart.len()});
    let removed =
        |add: &Value| json!({"remove": {"path": add["add"]["path"], "dataChange": true, "deletionTimestamp": 0}});
    lake.commit(&[
        removed(&added[0]),
        removed(&added[1]),
        with_vector(added[0].clone(), first.clone()),
        with_vector(added[1].clone(), second.clone()),
    ]);
    let left = [without(one, &inline), without(two, &apart)].concat();
    assert_counts(&lake, &batch_of(&left)).await;

    // What is made of a baseline are the same rows.
    let mut options = TrainingOptions::new("claims", [lake.address()]);
    options.without = vec!["score".into(), "class".into()];
    options.hygiene.minimum_rows = 100;
    let trained = options.build(2, |_| {}).await.expect("a baseline");
    assert_eq!(trained.baseline.about().rows, left.len() as u64);

    // A vector that is none, of another file, or not there, leaves its file out and says so.
    let short = json!({"storageType": "i", "pathOrInlineDv": z85(&[1, 2, 3, 4]), "sizeInBytes": 4, "cardinality": 1});
    let vector = bitmap(&[650, 651]);
    let beyond =
        json!({"storageType": "i", "pathOrInlineDv": z85(&vector), "sizeInBytes": vector.len(), "cardinality": 2});
    let mut fewer = first;
    fewer["cardinality"] = json!(3);
    let mut gone = second;
    gone["pathOrInlineDv"] = json!(z85(&[8; 16]));
    let wrong = [
        (short, "deletion vector that cannot be read"),
        (
            beyond,
            "has 650 rows, and the table's log says that one behind them is deleted",
        ),
        (fewer, "it has 106 rows, and 3 by the log"),
        (gone, "deletion_vector_08080808"),
    ];
    let mut before = with_vector(added[0].clone(), json!(null));
    for (vector, says) in wrong {
        let now = with_vector(added[0].clone(), vector);
        let mut removal = removed(&before);
        removal["remove"]["deletionVector"] = before["add"]["deletionVector"].clone();
        lake.commit(&[removal, now.clone()]);
        let tables = Tables::new([lake.address()], TableColumns::default());
        let counts = tables.count(&query(None)).await.expect("counts");
        let left_out = &counts.left_out.files;
        let told = left_out.iter().find(|file| file.problem.contains(says));
        let told = told.unwrap_or_else(|| panic!("{left_out:?} for {says}"));
        assert!(
            told.file.ends_with("one.parquet") && !told.problem.contains('\n'),
            "{told}"
        );
        before = now;
    }
}

/// Files have names and numbers of their own for the table's columns.
#[tokio::test(flavor = "multi_thread")]
async fn counts_columns_by_the_tables_names_when_files_have_others() {
    let all = batch_of(&rows(time(START), 650));
    let schema = all.schema();
    for mode in ["name", "id"] {
        let mut lake = Lake::new();
        let mut named = fields(&schema);
        let mut physical = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            // Another column's name is the one that tempts.
            let other = schema.field((place + 1) % schema.fields().len()).name();
            let id = place + 1;
            let known = if mode == "id" {
                format!("col-{place}")
            } else {
                other.clone()
            };
            named[place]["metadata"] = json!({"delta.columnMapping.id": id, "delta.columnMapping.physicalName": known});
            let number = BTreeMap::from([("PARQUET:field_id".to_owned(), id.to_string())]);
            let in_file = if mode == "id" { other.clone() } else { known };
            physical
                .push(Field::new(in_file, field.data_type().clone(), true).with_metadata(number.into_iter().collect()));
        }
        let configuration = json!({"delta.columnMapping.mode": mode, "delta.columnMapping.maxColumnId": "9"});
        lake.commit(&[protocol(&["columnMapping"]), metadata(&named, &[], &configuration)]);
        let rows = RecordBatch::try_new(Arc::new(Schema::new(physical)), all.columns().to_vec()).expect("a batch");
        let add = lake.file("one.parquet", &rows);
        lake.commit(&[add]);
        assert_counts(&lake, &all).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_column_as_missing_when_file_is_older_than_it() {
    let (old, new) = (rows(time(START), 300), rows(time("2026-04-01T10:05:00Z"), 300));
    let aged: Vec<Row> = new.iter().map(|row| row.clone().with("age", 0.5)).collect();
    let mut lake = Lake::of(&batch_of(&old).schema());
    let first = lake.file("old.parquet", &batch_of(&old));
    lake.commit(&[first]);
    let second = lake.file("new.parquet", &batch_of(&aged));
    lake.commit(&[metadata(&fields(&batch_of(&aged).schema()), &[], &json!({})), second]);
    for window in [None, Some(minutes(START, 4)), Some(minutes(START, 8))] {
        let files =
            ["old.parquet", "new.parquet"].map(|name| lake.root().join(name).to_str().expect("text").to_owned());
        let files = Tables::new(files, TableColumns::default())
            .count(&query(window))
            .await
            .expect("counts");
        let counted = count(&lake.address(), window).await;
        assert_eq!(essence(&counted), essence(&files));
        assert_eq!(counted.absent, files.absent);
        assert_eq!(counted.absent.len(), 1, "{:?}", counted.absent);
    }
}

/// The log has the values, and a folder's name may say anything.
#[tokio::test(flavor = "multi_thread")]
async fn takes_values_of_partitions_from_the_log() {
    let all = rows(time(START), 600);
    let whole = batch_of(&all);
    let mut schema = fields(&whole.schema());
    let country = columns::feature("country");
    let age = json!({"name": columns::feature("age"), "type": "double", "nullable": true, "metadata": {}});
    schema.as_array_mut().expect("a list").push(age);
    let names = [country.as_str(), "feature.age", columns::MODEL_VERSION];
    let mut lake = Lake::new();
    lake.commit(&[protocol(&[]), metadata(&schema, &names, &json!({}))]);
    let kept: Vec<usize> = (0..whole.num_columns())
        .filter(|place| !names.contains(&whole.schema().field(*place).name().as_str()))
        .collect();
    let partitions = [
        (json!("NO"), json!("0.25"), json!("2")),
        (json!("S/E \u{f6} % \"it's\""), json!("NaN"), json!("..")),
        (json!(null), json!(""), json!("")),
    ];
    let mut expected = Vec::new();
    for (place, (part, (land, years, version))) in all.chunks(200).zip(partitions).enumerate() {
        let name = format!("part-{place}.parquet");
        let mut add = lake.file(&name, &batch_of(part).project(&kept).expect("columns"));
        add["add"]["partitionValues"] =
            json!({names[0]: land.clone(), names[1]: years.clone(), names[2]: version.clone()});
        lake.commit(&[add]);
        let number = years.as_str().and_then(|years| years.parse::<f64>().ok());
        let row = |row: &Row| {
            let mut row = Row {
                version: version.as_str().unwrap_or_default().to_owned(),
                ..row.clone()
            };
            row.features.retain(|(name, _)| name != "country");
            row.features.push((
                "country".into(),
                crate::log::Value::Name(land.as_str().map(str::to_owned)),
            ));
            row.features.push(("age".into(), crate::log::Value::Number(number)));
            row
        };
        expected.extend(part.iter().map(row));
    }
    assert_counts(&lake, &batch_of(&expected)).await;
}

fn statistics(rows: u64, from: DateTime<Utc>, to: DateTime<Utc>, without: u64) -> Value {
    let millis = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let stats = json!({"numRecords": rows, "minValues": {columns::TIME: millis(from)}, "maxValues": {columns::TIME: millis(to)},
        "nullCount": {columns::TIME: without}});
    json!(stats.to_string())
}

/// A year of days, of whose files only those of the window are there: no other is opened.
#[tokio::test(flavor = "multi_thread")]
async fn opens_no_file_that_has_no_row_of_the_window() {
    let day = rows(time(START), 600);
    let mut lake = Lake::of(&batch_of(&day).schema());
    let mut added = vec![lake.file("day-100.parquet", &batch_of(&day))];
    let first = time(START) - TimeDelta::days(100);
    let template = added[0].clone();
    added.clear();
    for number in 0..365 {
        let mut add = template.clone();
        let start = first + TimeDelta::days(number);
        add["add"]["path"] = json!(format!("day-{number}.parquet"));
        // Writers cut times to milliseconds: the last row may be up to a millisecond later.
        add["add"]["stats"] = statistics(600, start, start + TimeDelta::seconds(599), 0);
        added.push(add);
    }
    lake.commit(&added);
    let window = Some(minutes(START, 1_440));
    let counted = count(&lake.address(), window).await;
    assert_eq!((counted.rows, counted.files, counted.looked.files), (600, 1, 1));
    assert_eq!(essence(&counted), as_file(&batch_of(&day), window).await);
    let last = time(START) + TimeDelta::seconds(599);
    let within = TimeWindow::new(last + TimeDelta::microseconds(400), last + TimeDelta::minutes(5)).expect("a window");
    assert_eq!(count(&lake.address(), Some(within)).await.looked.files, 1);
    let none = count(&lake.address(), Some(minutes("2020-01-01T00:00:00Z", 60))).await;
    assert_eq!((none.rows, none.files), (0, 0));
    let mut untimed = template;
    untimed["add"]["stats"] = statistics(600, first, first, 1);
    untimed["add"]["path"] = json!("day-100.parquet");
    lake.commit(&[untimed]);
    assert_eq!(count(&lake.address(), window).await.files, 1);
}

/// A month of days, of which the log alone knows the date; of the files only two are there.
#[tokio::test(flavor = "multi_thread")]
async fn opens_no_file_of_another_day_when_days_are_partitions() {
    let whole = batch_of(&rows(time(START), 100));
    let mut schema = fields(&whole.schema());
    schema[0]["type"] = json!("date");
    let mut lake = Lake::new();
    lake.commit(&[protocol(&[]), metadata(&schema, &[columns::TIME], &json!({}))]);
    let rest: Vec<usize> = (1..whole.num_columns()).collect();
    let template = lake.file("day-1.parquet", &whole.project(&rest).expect("columns"));
    lake.file("day-2.parquet", &whole.project(&rest).expect("columns"));
    let added: Vec<Value> = (1..=30)
        .map(|day| {
            let mut add = template.clone();
            add["add"]["path"] = json!(format!("day-{day}.parquet"));
            add["add"]["partitionValues"] = json!({columns::TIME: format!("2026-04-{day:02}")});
            add
        })
        .collect();
    lake.commit(&added);
    // A date is the midnight it begins with, and the window begins at ten.
    let counted = count(&lake.address(), Some(minutes(START, 1_440))).await;
    assert_eq!((counted.rows, counted.files, counted.looked.files), (100, 2, 2));
}

/// Predictions from before `since` are in a file that is not there.
#[tokio::test(flavor = "multi_thread")]
async fn opens_no_file_from_before_since_when_performance_is_told() {
    let scored = |from: DateTime<Utc>| {
        let rows = rows(from, 600).into_iter().map(|row| Row {
            score: Some(random(row.time.timestamp().unsigned_abs())),
            ..row
        });
        batch_of(&rows.collect::<Vec<_>>())
    };
    let mut lake = Lake::of(&scored(time(START)).schema());
    let mut new = lake.file("new.parquet", &scored(time(START)));
    new["add"]["stats"] = statistics(600, time(START), time(START) + TimeDelta::seconds(599), 0);
    let mut old = new.clone();
    let before = time(START) - TimeDelta::days(2);
    old["add"]["path"] = json!("old.parquet");
    old["add"]["stats"] = statistics(600, before, before + TimeDelta::seconds(599), 0);
    lake.commit(&[new, old]);
    let reference = lake.root().join("_reference.parquet");
    write(&reference, &scored(before));
    let reference = reference.to_str().expect("text").to_owned();
    let mut options = PerformanceOptions::new("feature.income", [reference], [lake.address()]);
    options.score = Some("score".into());
    options.regression = true;
    options.time = Some(columns::TIME.into());
    options.now = time("2026-04-02T00:00:00Z");
    let error = options.run(|_| {}).await.expect_err("a file is not there").to_string();
    assert!(error.contains("old.parquet: cannot be read"), "{error}");
    options.since = Some(time(START));
    let report = options.run(|_| {}).await.expect("a report");
    assert_eq!(report.groups[0].rows, 600);
}

/// Each version has the same number of rows, and all of them are new: whoever mixed two would count others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_one_version_when_table_is_written_meanwhile() {
    let rows = batch_of(&rows(time(START), 400));
    let mut lake = Lake::of(&rows.schema());
    let first = [
        lake.file("0-a.parquet", &rows.slice(0, 150)),
        lake.file("0-b.parquet", &rows.slice(150, 250)),
    ];
    lake.commit(&first);
    let (address, done) = (lake.address(), Arc::new(AtomicBool::new(false)));
    let expected = essence(&count(&address, None).await);
    let written = done.clone();
    let writer = std::thread::spawn(move || {
        for version in 1..40 {
            let removed = ["a", "b"].map(|part| {
                let path = format!("{}-{part}.parquet", version - 1);
                json!({"remove": {"path": path, "dataChange": true, "deletionTimestamp": 0}})
            });
            let cut = version * 9;
            let added = [
                lake.file(&format!("{version}-a.parquet"), &rows.slice(0, cut)),
                lake.file(&format!("{version}-b.parquet"), &rows.slice(cut, 400 - cut)),
            ];
            lake.commit(&[removed.as_slice(), added.as_slice()].concat());
        }
        written.store(true, Ordering::Release);
        lake
    });
    let mut last = false;
    while !last {
        last = done.load(Ordering::Acquire);
        let counts = count(&address, None).await;
        assert_eq!((essence(&counts), counts.files), (expected.clone(), 2));
    }
    writer.join().expect("it wrote");
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_log_that_can_not_be_read_and_says_why() {
    let batch = batch_of(&rows(time(START), 10));
    let schema = batch.schema();
    type Spoil = fn(&mut Lake);
    let cases: [(&str, Spoil, &str); 9] = [
        (
            "no commit",
            |lake| fs::remove_file(lake.commit_file(0)).expect("a file"),
            "has a Delta log without a commit",
        ),
        (
            "a feature that nobody knows",
            |lake| lake.commit(&[protocol(&["timeTravelling"])]),
            "is a Delta table that can't be read yet: ",
        ),
        (
            "a version of the protocol that is not there yet",
            |lake| lake.commit(&[json!({"protocol": {"minReaderVersion": 9, "minWriterVersion": 9}})]),
            "can't be read yet: ",
        ),
        (
            "no JSON",
            |lake| fs::write(lake.commit_file(0), "{\"protocol\": {").expect("a file"),
            "is broken: 00000000000000000000.json: Json error",
        ),
        (
            "no text",
            |lake| fs::write(lake.commit_file(0), [0xff, 0xfe, 0, 1]).expect("a file"),
            "is broken: ",
        ),
        (
            "nothing in it",
            |lake| fs::write(lake.commit_file(0), "").expect("a file"),
            "is broken: ",
        ),
        (
            "nothing in its newest commit",
            |lake| {
                lake.commit(&[protocol(&[])]);
                fs::write(lake.commit_file(1), "").expect("a file");
            },
            "is broken: 00000000000000000001.json: is empty; restore it",
        ),
        (
            "a commit that is gone",
            |lake| {
                lake.commits = 3;
                lake.commit(&[protocol(&[])]);
            },
            "is broken: ",
        ),
        (
            "a schema that is none",
            |lake| lake.commit(&[metadata(&json!([{"name": "a"}]), &[], &json!({}))]),
            "is broken: ",
        ),
    ];
    for (what, spoil, says) in cases {
        let mut lake = Lake::of(&schema);
        spoil(&mut lake);
        let error = refused(&lake.address()).await;
        assert!(
            error.starts_with(&lake.address()) && error.contains(says),
            "{what}: {error}"
        );
    }
    // The feature is named.
    let mut lake = Lake::of(&schema);
    lake.commit(&[protocol(&["timeTravelling"])]);
    assert!(refused(&lake.address()).await.contains("timeTravelling"));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_out_file_that_is_gone_or_has_no_such_value_and_counts_the_rest() {
    let batch = batch_of(&rows(time(START), 100));
    let mut lake = Lake::new();
    let age = json!({"name": "age", "type": "double", "nullable": true, "metadata": {}});
    let mut schema = fields(&batch.schema());
    schema.as_array_mut().expect("a list").push(age);
    lake.commit(&[protocol(&[]), metadata(&schema, &["age"], &json!({}))]);
    let kept = lake.file("kept.parquet", &batch);
    let gone = lake.file("gone.parquet", &batch);
    let mut wrong = lake.file("wrong.parquet", &batch);
    wrong["add"]["partitionValues"] = json!({"age": "old"});
    let cut = lake.file("cut.parquet", &batch);
    lake.commit(&[kept, gone, wrong, cut]);
    fs::remove_file(lake.root().join("gone.parquet")).expect("a file");
    fs::write(lake.root().join("cut.parquet"), b"PAR1 and no more").expect("a file");
    let tables = Tables::new([lake.address()], TableColumns::default());
    let counts = tables.count(&query(None)).await.expect("counts");
    assert_eq!((counts.rows, counts.files), (100, 1));
    let left_out: Vec<String> = counts.left_out.files.iter().map(ToString::to_string).collect();
    for (file, says) in [
        ("cut.parquet", "is no whole Parquet file"),
        ("gone.parquet", "cannot be read"),
        (
            "wrong.parquet",
            "has \"old\" for the partition column \"age\" in the table's log",
        ),
    ] {
        let told = |line: &String| line.contains(file) && line.contains(says) && !line.contains('\n');
        assert!(left_out.iter().any(told), "{left_out:#?}");
    }
}

/// Files beside the table's own are no part of it, and a table without a file is none to learn from.
#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_learn_from_a_table_without_a_row_and_to_read_its_files_by_a_pattern() {
    let batch = batch_of(&rows(time(START), 100));
    let lake = Lake::of(&batch.schema());
    write(&lake.root().join("removed.parquet"), &batch);
    assert_eq!(count(&lake.address(), None).await.rows, 0);
    let error = TrainingOptions::new("claims", [lake.address()])
        .build(1, |_| {})
        .await
        .expect_err("no rows")
        .to_string();
    assert!(error.contains("is a table without a row"), "{error}");
    let pattern = format!("{}/*.parquet", lake.address());
    assert!(refused(&pattern).await.contains("name that folder alone"));
    let above = lake.root().parent().expect("a folder");
    let inner = TempDir::new_in(above).expect("a folder");
    fs::create_dir_all(inner.path().join("lake/_delta_log")).expect("a folder");
    assert!(
        refused(inner.path().to_str().expect("text"))
            .await
            .contains("name that folder alone")
    );
}

/// Every commit and checkpoint of a table that `deltalake` wrote, spoilt at random.
#[test]
fn judged_takes_whatever_the_log_has_without_a_panic() {
    let folder = TempDir::new().expect("a folder");
    python(folder.path(), "few", 1);
    let table = folder.path().join("0");
    let log = table.join("_delta_log");
    let files: Vec<PathBuf> = fs::read_dir(&log)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    let files: Vec<(PathBuf, Vec<u8>)> = files
        .into_iter()
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).expect("a file")))
        .collect();
    assert!(
        files
            .iter()
            .any(|(path, _)| path.to_string_lossy().contains("checkpoint.parquet"))
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let address = table.to_str().expect("text").to_owned();
    let spoilt = (
        0..files.len(),
        any::<prop::sample::Index>(),
        any::<u8>(),
        prop::bool::weighted(0.3),
    );
    let settings = ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // The same every time: what the kernel makes of a log is not ours to find by chance.
    let mut runner = TestRunner::new_with_rng(settings, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let ran = runner.run(&spoilt, |(file, place, byte, cut)| {
        let (path, whole) = &files[file];
        let mut bytes = whole.clone();
        let place = place.index(bytes.len().max(1));
        match (cut, bytes.get_mut(place)) {
            (false, Some(at)) => *at = byte,
            _ => bytes.truncate(place),
        }
        fs::write(path, &bytes).expect("a file");
        let tables = Tables::new([address.as_str()], TableColumns::default());
        let counted = runtime.block_on(tables.count(&query(Some(minutes(START, 15)))));
        fs::write(path, whole).expect("a file");
        let said: Vec<String> = match counted {
            Ok(counts) => counts.left_out.files.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        for said in said {
            prop_assert!(!said.contains('\n') && !said.contains("panic"), "{said}");
        }
        Ok(())
    });
    ran.expect("no panic");
}

fn python(folder: &Path, what: &str, seed: u64) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/delta_histories.py");
    let mut python = tool(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"));
    let ran = python
        .arg(script)
        .arg(folder)
        .args([what, &seed.to_string()])
        .output()
        .expect("Python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Appends, deletions, updates, merges, overwrites, new columns, checkpoints, compactions and vacuums by `deltalake`, beside what is left by
/// Python's own lists.
#[test]
fn judged_counts_what_is_left_after_any_history() {
    let folder = TempDir::new().expect("a folder");
    python(folder.path(), "many", 7);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut tables = 0;
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("a table").path();
        if !path.is_dir() {
            continue;
        }
        tables += 1;
        let (table, left) = (path.to_str().expect("text"), format!("{}.parquet", path.display()));
        let windows = WINDOWS.map(|length| Some(minutes(START, length)));
        for window in windows.into_iter().chain([None]) {
            let counted = runtime.block_on(count(table, window));
            let expected = runtime.block_on(count(&left, window));
            let history = fs::read_to_string(format!("{}.txt", path.display())).expect("a history");
            // Which files a column is absent from is the table's affair.
            assert_eq!(essence(&counted), essence(&expected), "{window:?} of {history}");
        }
    }
    assert_eq!(tables, 12);
}
