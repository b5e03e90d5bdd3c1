//! A prediction log with everything in it that a folder of files can have.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampMicrosecondType};
use modelwatch_log_format::{columns, files, folders, metadata};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::rows::{TIME, VALUES, VERSION};

/// A model whose name no folder can have as it is.
pub(crate) const MODEL: &str = "claims/risk 100%";
/// An hour's folder below the model's.
const HOUR: &str = "date=2026-04-01/hour=10";

/// A log in a folder whose name a pattern would not find.
pub(crate) struct Log {
    folder: TempDir,
}

impl Log {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("log [a-z]{1,2} ?*").tempdir();
        let log = Self {
            folder: folder.expect("a folder"),
        };
        fs::create_dir_all(log.hour(HOUR)).expect("a folder");
        log
    }

    pub(crate) fn address(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn hour(&self, hour: &str) -> PathBuf {
        self.folder.path().join(folders::model(MODEL)).join(hour)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.hour(HOUR).join(name)
    }

    /// Writes a file of the window's hour.
    pub(crate) fn put(&self, name: &str, rows: &RecordBatch, notes: &[(&str, &str)]) {
        put(&self.path(name), rows, notes);
    }

    /// Writes a file of another folder.
    pub(crate) fn put_into(&self, hour: &str, name: &str, rows: &RecordBatch) {
        let folder = self.hour(hour);
        fs::create_dir_all(&folder).expect("a folder");
        put(&folder.join(name), rows, &[]);
    }
}

pub(crate) fn put(path: &Path, rows: &RecordBatch, notes: &[(&str, &str)]) {
    let ours = [(metadata::MODEL, MODEL), (metadata::FORMAT, metadata::VERSION)];
    let given = |key: &str| notes.iter().any(|(note, _)| *note == key);
    let notes = ours.iter().filter(|(key, _)| !given(key)).chain(notes);
    let notes = notes.map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(64))
        .set_key_value_metadata(Some(notes.collect()))
        .build();
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a file");
}

/// The name of a file that a service writes.
pub(crate) fn name(sequence: u64) -> String {
    files::name(std::time::UNIX_EPOCH, 7, sequence)
}

/// A feature's column.
pub(crate) fn feature(place: usize) -> String {
    columns::feature(VALUES[place])
}

/// The rows with the log's names for the columns, and names beside them that a partition, or another letter, would take for its own.
pub(crate) fn named(rows: &RecordBatch) -> RecordBatch {
    let schema = rows.schema();
    let names = schema.fields().iter().map(|field| match field.name().as_str() {
        TIME => columns::TIME.to_owned(),
        VERSION => columns::MODEL_VERSION.to_owned(),
        other => columns::feature(other),
    });
    let mut named: Vec<(String, ArrayRef)> = names.zip(rows.columns().iter().cloned()).collect();
    let texts = |text: &str| Arc::new(StringArray::from(vec![text; rows.num_rows()])) as ArrayRef;
    for (name, text) in [
        ("model", "a"),
        ("date", "b"),
        ("hour", "c"),
        ("MODEL_VERSION", "d"),
        ("score", "0.5"),
    ] {
        named.push((name.into(), texts(text)));
    }
    named.push((
        columns::feature("huge"),
        Arc::new(UInt64Array::from_iter_values(
            (0..rows.num_rows() as u64).map(|row| u64::MAX - row),
        )),
    ));
    of(named)
}

fn of(columns: Vec<(String, ArrayRef)>) -> RecordBatch {
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).expect("a batch")
}

/// The same rows, with one column of another type, or without it.
pub(crate) fn changed(rows: &RecordBatch, column: &str, to: Option<&DataType>) -> RecordBatch {
    let schema = rows.schema();
    let columns =
        schema
            .fields()
            .iter()
            .zip(rows.columns())
            .filter_map(|(field, array)| match (field.name() == column, to) {
                (false, _) => Some((field.name().clone(), array.clone())),
                (true, None) => None,
                (true, Some(to)) => Some((field.name().clone(), cast(array, to).expect("a cast"))),
            });
    of(columns.collect())
}

pub(crate) fn with_time(rows: &RecordBatch, unit: TimeUnit, zone: Option<&str>) -> RecordBatch {
    // What has no zone is UTC.
    let plain = rows.column_by_name(columns::TIME).expect("times");
    let plain = plain
        .as_primitive::<TimestampMicrosecondType>()
        .clone()
        .with_timezone_opt(None::<String>);
    let plain = cast(&plain, &DataType::Timestamp(unit, None)).expect("a cast");
    let time = match zone {
        None => plain,
        Some(zone) => cast(&plain, &DataType::Timestamp(unit, Some(zone.into()))).expect("a cast"),
    };
    let columns = rows.schema();
    let columns = columns
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, array)| match field.name().as_str() {
            columns::TIME => (columns::TIME.to_owned(), time.clone()),
            other => (other.to_owned(), array.clone()),
        });
    of(columns.collect())
}
