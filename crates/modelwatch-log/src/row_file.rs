//! One file of the log, made by a program that collects the predictions of others.
//!
//! A service declares its features before its first prediction. Whoever reads a topic learns of them row by row, so a file's columns
//! grow here until its first row group is on storage.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use modelwatch::{AsFeatureValue, FeatureValue};
use modelwatch_log_format::metadata;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;

use crate::batch::Batch;
use crate::error::WriteError;
use crate::shape::Shape;
use crate::slot::{Common, Slot};

/// Rows of a row group, and bytes where the rows are wide.
const GROUP_ROWS: usize = 65_536;
const GROUP_BYTES: usize = 32 << 20;
/// Bytes of a text that are kept, as `PredictionLogBuilder::text_bytes` has it by default.
const TEXT_BYTES: usize = 256;

/// What a row has beside its features.
///
/// ```
/// use modelwatch_log::LoggedRow;
///
/// let row = LoggedRow { time: 1_775_037_600_000_000, version: "1", score: Some(0.82), ..LoggedRow::default() };
/// assert_eq!(row.class, None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LoggedRow<'a> {
    /// Microseconds since the epoch.
    pub time: i64,
    /// The version of the model.
    pub version: &'a str,
    /// The score; NaN is none.
    pub score: Option<f64>,
    /// The class.
    pub class: Option<&'a str>,
    /// The prediction's id.
    pub id: Option<&'a str>,
    /// The trace of the request.
    pub trace_id: Option<&'a str>,
    /// The route of the request.
    pub route: Option<&'a str>,
    /// The version of the feature pipeline.
    pub pipeline_version: Option<&'a str>,
}

/// Writes rows of one model into one file of the log's layout, for a program that collects what others predict.
///
/// The caller chooses the path, puts the file in its place once [`finish`](Self::finish) has made it whole, and hands in rows of one hour.
/// A service that predicts uses [`PredictionLog`](crate::PredictionLog) instead.
///
/// ```
/// use modelwatch::FeatureValue;
/// use modelwatch_log::{LoggedRow, RowFile};
///
/// # let path = std::env::temp_dir().join(format!("modelwatch-row-file-{}", std::process::id()));
/// let mut file = RowFile::new(&path, "claims-risk");
/// let row = LoggedRow { time: 1_775_037_600_000_000, version: "1", score: Some(0.82), ..LoggedRow::default() };
/// assert!(file.push(&row, &[("income", FeatureValue::Number(52_000.0))])?);
/// // A text where this file has numbers belongs into another file.
/// assert!(!file.push(&row, &[("income", FeatureValue::Category("much"))])?);
/// assert_eq!(file.finish(&[("example.source", "orders/0")])?, 1);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RowFile {
    path: PathBuf,
    model: String,
    shape: Shape,
    batch: Batch,
    /// The row at hand.
    slot: Slot,
    /// Where each value of the row at hand goes.
    places: Vec<Option<usize>>,
    version: Bytes,
    /// From the first row group on.
    writer: Option<SerializedFileWriter<File>>,
    rows: u64,
}

impl RowFile {
    /// Begins a file of a model. Nothing is on storage until the first row group, which is 65,536 rows or 32 MiB.
    pub fn new(path: impl Into<PathBuf>, model: impl Into<String>) -> Self {
        Self::of_shape(path, model, Shape::new(&[]))
    }

    /// Begins a file whose first columns are known.
    pub(crate) fn of_shape(path: impl Into<PathBuf>, model: impl Into<String>, shape: Shape) -> Self {
        Self {
            path: path.into(),
            model: model.into(),
            batch: Batch::new(&shape),
            slot: Slot::default(),
            places: Vec::new(),
            version: Bytes::new(),
            writer: None,
            rows: 0,
            shape,
        }
    }

    /// Takes a row, and of a feature that comes twice the first value. Texts longer than 256 bytes are cut at the end of a character.
    ///
    /// Returns false, and takes nothing, where the row does not fit: a feature is of the other kind than in rows before, or is new
    /// when columns can't be added any more.
    ///
    /// # Errors
    ///
    /// A row group was due, and storage failed. The file is to be given up then.
    pub fn push<N, V>(&mut self, row: &LoggedRow<'_>, features: &[(N, V)]) -> Result<bool, WriteError>
    where
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        if !self.find_places(features) {
            return Ok(false);
        }
        self.slot.reset(&self.shape);
        self.slot.time = row.time;
        self.slot.score = row.score.unwrap_or(f64::NAN);
        for ((_, value), place) in features.iter().zip(&self.places) {
            if let Some(place) = place {
                self.slot.set(&self.shape, *place, value.as_feature_value(), TEXT_BYTES);
            }
        }
        for (which, text) in [
            (Common::Class, row.class),
            (Common::Id, row.id),
            (Common::TraceId, row.trace_id),
            (Common::Route, row.route),
            (Common::PipelineVersion, row.pipeline_version),
        ] {
            if let Some(text) = text {
                self.slot.set_common(which, text, TEXT_BYTES);
            }
        }
        if *self.version != *row.version.as_bytes() {
            self.version = Bytes::copy_from_slice(row.version.as_bytes());
        }
        self.push_slot()?;
        Ok(true)
    }

    /// Takes a row of an outcome, into a file of [`Shape::of_outcomes`].
    pub(crate) fn push_outcome(&mut self, time: i64, id: &str, label: &str) -> Result<(), WriteError> {
        self.slot.reset(&self.shape);
        self.slot.time = time;
        self.slot.score = f64::NAN;
        self.slot.set_common(Common::Id, id, TEXT_BYTES);
        self.slot.set_common(Common::Class, label, TEXT_BYTES);
        self.push_slot()
    }

    fn push_slot(&mut self) -> Result<(), WriteError> {
        self.batch.push(&self.version, &self.slot);
        self.rows += 1;
        if self.batch.rows() >= GROUP_ROWS || self.batch.bytes() >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    /// Finds the column of each value, and adds those that are new where all fit.
    fn find_places<N, V>(&mut self, features: &[(N, V)]) -> bool
    where
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        self.places.clear();
        let (mut guess, mut new) = (0, false);
        for (name, value) in features {
            let categorical = match value.as_feature_value() {
                FeatureValue::Number(_) => false,
                FeatureValue::Category(_) => true,
                _ => {
                    self.places.push(None);
                    continue;
                }
            };
            let place = self.shape.position(name.as_ref(), guess);
            match place {
                Some(place) if self.shape.columns()[place].categorical != categorical => return false,
                Some(place) => guess = place + 1,
                None if self.writer.is_some() => return false,
                None => new = true,
            }
            self.places.push(place);
        }
        if new {
            self.add_columns(features);
        }
        true
    }

    fn add_columns<N, V>(&mut self, features: &[(N, V)])
    where
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        for ((name, value), place) in features.iter().zip(&mut self.places) {
            let categorical = match value.as_feature_value() {
                FeatureValue::Number(_) => false,
                FeatureValue::Category(_) => true,
                _ => continue,
            };
            if place.is_none() {
                let name = name.as_ref();
                // Twice in one row it is one column, and the first value's kind.
                *place = self.shape.position(name, 0);
                if place.is_none() {
                    *place = Some(self.shape.columns().len());
                    self.shape.add(name, categorical);
                    self.batch.add(categorical);
                }
            }
        }
    }

    /// Returns the rows that were taken.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns about how many bytes of memory the rows take that are not on storage.
    #[must_use]
    pub fn bytes_in_memory(&self) -> usize {
        self.batch.bytes()
    }

    /// Returns the path that was chosen.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write_group(&mut self) -> Result<(), WriteError> {
        let failed = |error| WriteError::new(&self.path, "write", error);
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let file = File::create(&self.path).map_err(|error| WriteError::new(&self.path, "create", error))?;
                let schema = self.shape.schema();
                let properties = self.shape.properties(&self.model);
                let writer = schema.and_then(|schema| SerializedFileWriter::new(file, schema, properties));
                none.insert(writer.map_err(failed)?)
            }
        };
        self.batch.write_to(writer).map_err(failed)
    }

    /// Makes the file whole, with these notes in its footer, and puts it on storage. Returns its rows.
    ///
    /// # Errors
    ///
    /// Storage fails. What there is of the file is to be removed.
    pub fn finish(mut self, notes: &[(&str, &str)]) -> Result<u64, WriteError> {
        if self.batch.rows() > 0 || self.writer.is_none() {
            self.write_group()?;
        }
        let Some(mut writer) = self.writer.take() else {
            return Ok(0);
        };
        for (key, value) in notes {
            debug_assert!(*key != metadata::MODEL && *key != metadata::FORMAT);
            writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), (*value).to_owned()));
        }
        writer
            .finish()
            .map_err(|error| WriteError::new(&self.path, "write", error))?;
        let synced = writer.inner().sync_all();
        synced.map_err(|error| WriteError::new(&self.path, "sync", error))?;
        Ok(self.rows)
    }
}

impl fmt::Debug for RowFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFile")
            .field("path", &self.path)
            .field("model", &self.model)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
