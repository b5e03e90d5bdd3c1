//! Prediction logs, written as the service writes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift_job::TimeWindow;
use modelwatch_log_format::{columns, metadata};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use tempfile::TempDir;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Number(Option<f64>),
    Name(Option<String>),
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<&str> for Value {
    fn from(name: &str) -> Self {
        Self::Name(Some(name.to_owned()))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) time: DateTime<Utc>,
    pub(crate) version: String,
    pub(crate) score: Option<f64>,
    pub(crate) class: Option<String>,
    pub(crate) features: Vec<(String, Value)>,
}

impl Row {
    pub(crate) fn at(time: DateTime<Utc>) -> Self {
        Self {
            time,
            version: "1".into(),
            score: None,
            class: None,
            features: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, feature: &str, value: impl Into<Value>) -> Self {
        self.features.push((feature.into(), value.into()));
        self
    }
}

/// A folder that is removed in the end.
pub(crate) struct Log {
    folder: TempDir,
    files: std::cell::Cell<u32>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            files: std::cell::Cell::new(0),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> String {
        self.root().to_str().expect("a path in UTF-8").to_owned()
    }

    pub(crate) fn hour(&self, model: &str, time: DateTime<Utc>) -> PathBuf {
        let hour = time.format("date=%Y-%m-%d/hour=%H").to_string();
        let folder = self.root().join(format!("model={model}")).join(hour);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// One file for each hour; all rows must have the same features.
    pub(crate) fn write(&self, model: &str, rows: &[Row]) -> Vec<PathBuf> {
        let mut hours: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            hours
                .entry(row.time.format("%Y-%m-%d-%H").to_string())
                .or_default()
                .push(row);
        }
        hours.values().map(|rows| self.file(model, rows)).collect()
    }

    fn file(&self, model: &str, rows: &[&Row]) -> PathBuf {
        let number = self.files.get();
        self.files.set(number + 1);
        let path = self.hour(model, rows[0].time).join(format!("{number}.parquet"));
        write_file(&path, model, &batch(rows));
        path
    }
}

pub(crate) fn write_file(path: &Path, model: &str, batch: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None).expect("a writer");
    for (key, value) in [(metadata::MODEL, model), (metadata::FORMAT, metadata::VERSION)] {
        writer.append_key_value_metadata(KeyValue::new(key.into(), value.to_owned()));
    }
    writer.write(batch).expect("rows");
    writer.close().expect("a footer");
}

pub(crate) fn batch(rows: &[&Row]) -> RecordBatch {
    let times = rows.iter().map(|row| row.time.timestamp_micros());
    let mut arrays: Vec<(String, ArrayRef)> = vec![
        (
            columns::TIME.into(),
            Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        ),
        (
            columns::MODEL_VERSION.into(),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.version))),
        ),
        (
            columns::SCORE.into(),
            Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.score))),
        ),
        (
            columns::CLASS.into(),
            Arc::new(StringArray::from_iter(rows.iter().map(|row| row.class.as_deref()))),
        ),
    ];
    for (place, (name, first)) in rows[0].features.iter().enumerate() {
        let values = rows.iter().map(|row| &row.features[place].1);
        let column: ArrayRef = match first {
            Value::Number(_) => Arc::new(Float64Array::from_iter(values.map(|value| match value {
                Value::Number(number) => *number,
                Value::Name(_) => panic!("{name} is a number"),
            }))),
            Value::Name(_) => Arc::new(StringArray::from_iter(values.map(|value| match value {
                Value::Name(name) => name.as_deref(),
                Value::Number(_) => panic!("{name} is a category"),
            }))),
        };
        arrays.push((columns::feature(name), column));
    }
    RecordBatch::try_from_iter(arrays).expect("columns of one length")
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time in RFC 3339")
}

/// From a time on, so many minutes.
pub(crate) fn minutes(start: &str, minutes: i64) -> TimeWindow {
    let start = time(start);
    TimeWindow::new(start, start + TimeDelta::minutes(minutes)).expect("a window")
}

/// A number that looks random, the same for the same seed: splitmix64, to [0, 1).
pub(crate) fn random(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
