//! Judges a file of the log by its footer.

use arrow_schema::{DataType, Schema, TimeUnit};
use chrono::{DateTime, Utc};
use modelwatch_log_format::columns::TIME;
use modelwatch_log_format::metadata;
use object_store::ObjectMeta;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::object_reader::ObjectReader;
use crate::engine::Reason;
use crate::store::Store;
use crate::time_window::TimeWindow;

/// Describes a readable file by its footer.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    pub(super) object: ObjectMeta,
    pub(super) footer: ArrowReaderMetadata,
    pub(super) rows: u64,
    /// The names of the files in the same folder that were merged into this one.
    pub(super) replaces: Vec<String>,
    /// The row groups that may have rows of the window.
    pub(super) groups: Vec<usize>,
    /// Whether every row of these belongs to the window, so that the rows' times need no check.
    pub(super) whole: bool,
}

/// Describes what is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) problem: String,
    /// The number of its rows, if known.
    pub(super) rows: Option<u64>,
}

/// Says why a file is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotCounted {
    /// It was removed since it was listed, for example by retention.
    Gone,
    /// None of its rows belongs to the window.
    OtherTimes,
    /// It is left out.
    Fault(Fault),
}

impl NotCounted {
    pub(super) fn fault(reason: Reason, problem: impl Into<String>) -> Self {
        Self::Fault(Fault {
            reason,
            problem: problem.into(),
            rows: None,
        })
    }

    /// Classifies an error of the reader. `doing` says what it was doing.
    pub(super) fn of(error: &ParquetError, doing: &str) -> Self {
        match store_error(error) {
            Some(object_store::Error::NotFound { .. }) => Self::Gone,
            Some(error) => Self::fault(Reason::Unreadable, format!("cannot be read: {error}")),
            None => Self::fault(Reason::Broken, format!("{doing}: {error}")),
        }
    }
}

/// Returns the storage error behind an error of the reader, if there is one.
fn store_error(error: &ParquetError) -> Option<&object_store::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = match error {
        ParquetError::External(external) => Some(&**external),
        _ => None,
    };
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<object_store::Error>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Opens a file in a store.
pub(super) fn reader(store: &Store, object: &ObjectMeta) -> ObjectReader {
    ObjectReader {
        objects: store.objects.clone(),
        path: object.location.clone(),
        size: object.size,
    }
}

/// Returns the file if it has rows of the window and can be read.
pub(super) async fn judge(
    store: &Store,
    object: &ObjectMeta,
    model: &str,
    window: Option<TimeWindow>,
) -> Result<LogFile, NotCounted> {
    if object.size == 0 {
        return Err(NotCounted::fault(Reason::Empty, "is empty"));
    }
    let mut reader = reader(store, object);
    let footer = ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await;
    let footer = footer.map_err(|error| NotCounted::of(&error, "is no whole Parquet file"))?;
    let parquet = footer.metadata();
    let about = parquet.file_metadata();
    let rows = parquet
        .row_groups()
        .iter()
        .map(|group| group.num_rows().unsigned_abs())
        .sum();
    let fault = |reason, problem| {
        Err(NotCounted::Fault(Fault {
            reason,
            problem,
            rows: Some(rows),
        }))
    };
    let note = |key: &str| {
        let notes = about.key_value_metadata().into_iter().flatten();
        notes
            .filter(|note| note.key == key)
            .find_map(|note| note.value.as_deref())
    };
    if let Some(format) = note(metadata::FORMAT).filter(|format| *format != metadata::VERSION) {
        let problem = format!(
            "is of format {format}, and this reads format {}; use the release that wrote it",
            metadata::VERSION
        );
        return fault(Reason::OtherFormat, problem);
    }
    if let Some(other) = note(metadata::MODEL).filter(|other| *other != model) {
        let problem = format!("is of the model {other:?}; it lies in the wrong folder");
        return fault(Reason::OtherModel, problem);
    }
    match footer.schema().field_with_name(TIME).map(|field| field.data_type()) {
        Ok(DataType::Timestamp(..)) => {}
        Ok(other) => {
            let problem = format!("has {other} in the column {TIME:?} where times belong");
            return fault(Reason::NoTime, problem);
        }
        Err(_) => {
            let problem = format!("has no column {TIME:?}; it is no prediction log");
            return fault(Reason::NoTime, problem);
        }
    }
    let times = Times::new(parquet, footer.schema());
    let (mut groups, mut whole) = (Vec::new(), true);
    for group in 0..parquet.num_row_groups() {
        let reach = times.as_ref().and_then(|times| times.of_group(group));
        let (within, outside) = match (window, reach) {
            (None, _) => (true, false),
            (Some(_), None) => (false, false),
            (Some(window), Some((first, last))) => (
                window.contains(first) && window.contains(last),
                last < window.start() || window.end() <= first,
            ),
        };
        if !outside {
            groups.push(group);
            whole &= within;
        }
    }
    if groups.is_empty() && parquet.num_row_groups() > 0 {
        return Err(NotCounted::OtherTimes);
    }
    let replaces = note(metadata::REPLACES).map(replaced).unwrap_or_default();
    Ok(LogFile {
        object: object.clone(),
        rows,
        replaces,
        footer,
        groups,
        whole,
    })
}

/// Returns the maximum number of bytes of each column in one of these row groups, as stored and as decoded: a page of
/// both is in memory while it is read, and many writers make a single page per row group.
pub(crate) fn bytes(footer: &ArrowReaderMetadata, groups: &[usize]) -> Vec<u64> {
    let mut most = vec![0_u64; footer.parquet_schema().root_schema().get_fields().len()];
    let all = footer.metadata().row_groups();
    for group in groups.iter().filter_map(|group| all.get(*group)) {
        let mut of_group = vec![0_u64; most.len()];
        for (leaf, column) in group.columns().iter().enumerate() {
            let bytes = column
                .compressed_size()
                .max(0)
                .saturating_add(column.uncompressed_size().max(0));
            if let Some(of_group) = of_group.get_mut(footer.parquet_schema().get_column_root_idx(leaf)) {
                *of_group = of_group.saturating_add(bytes.unsigned_abs());
            }
        }
        most.iter_mut()
            .zip(of_group)
            .for_each(|(most, bytes)| *most = bytes.max(*most));
    }
    most
}

/// Returns the names in a footer's list of merged files.
pub(crate) fn replaced(names: &str) -> Vec<String> {
    let names = names.split('/').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Reads times from a footer's statistics.
struct Times<'a> {
    footer: &'a ParquetMetaData,
    unit: TimeUnit,
    column: usize,
}

impl<'a> Times<'a> {
    fn new(footer: &'a ParquetMetaData, schema: &Schema) -> Option<Self> {
        let DataType::Timestamp(unit, _) = schema.field_with_name(TIME).ok()?.data_type() else {
            return None;
        };
        let columns = footer.file_metadata().schema_descr().columns();
        Some(Self {
            footer,
            unit: *unit,
            column: columns.iter().position(|column| column.path().string() == TIME)?,
        })
    }

    /// Returns the first and the last time of a row group, if its statistics have them and no row lacks a time.
    fn of_group(&self, group: usize) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let group = self.footer.row_groups().get(group)?;
        let Some(Statistics::Int64(statistics)) = group.columns().get(self.column)?.statistics() else {
            return None;
        };
        if statistics.null_count_opt() != Some(0) {
            return None;
        }
        let instant = |value: i64| match self.unit {
            TimeUnit::Second => DateTime::from_timestamp(value, 0),
            TimeUnit::Millisecond => DateTime::from_timestamp_millis(value),
            TimeUnit::Microsecond => DateTime::from_timestamp_micros(value),
            TimeUnit::Nanosecond => Some(DateTime::from_timestamp_nanos(value)),
        };
        instant(*statistics.min_opt()?).zip(instant(*statistics.max_opt()?))
    }
}
