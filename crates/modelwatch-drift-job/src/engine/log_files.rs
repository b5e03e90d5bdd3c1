//! The files of the prediction log that a window needs, found by their folders and judged by their footers.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::statistics::Statistics;
use futures::{StreamExt as _, TryStreamExt as _};
use modelwatch_log_format::columns::TIME;
use modelwatch_log_format::{files, folders, metadata};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::error::{EngineError, Skipped};
use super::store::Store;
use crate::time_window::TimeWindow;

/// Files whose footer is read at the same time.
const FOOTERS_AT_ONCE: usize = 16;

/// A file that can be read, with what its footer says.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    pub(super) object: ObjectMeta,
    pub(super) schema: SchemaRef,
    pub(super) rows: u64,
    /// Whether every row is of the window, so that no row's time need be looked at.
    pub(super) whole: bool,
}

#[derive(Debug, Default)]
pub(super) struct LogFiles {
    pub(super) files: Vec<LogFile>,
    pub(super) skipped: Vec<Skipped>,
}

/// Finds a model's files for a window. `columns` are those to be read, with the type each must have.
pub(super) async fn find(
    store: &Store,
    model: &str,
    window: TimeWindow,
    columns: &BTreeMap<String, DataType>,
) -> Result<LogFiles, EngineError> {
    let mut found = LogFiles::default();
    let Some(folder) = model_folder(store, model).await? else {
        return Ok(found);
    };
    let mut objects = Vec::new();
    for hour in hours(window) {
        let folder = folders::of_hour(hour)
            .into_iter()
            .fold(folder.clone(), |folder, part| folder.join(part));
        let mut listing = store.objects.list(Some(&folder));
        while let Some(object) = listing
            .try_next()
            .await
            .map_err(|error| EngineError::list(store, &error))?
        {
            let name = object.location.filename().unwrap_or_default();
            if !files::is_hidden(name) {
                objects.push(object);
            }
        }
    }
    objects.sort_by(|one, other| one.location.cmp(&other.location));
    let judged = futures::stream::iter(objects).map(|object| async move {
        let verdict = judge(store, &object, model, window, columns).await;
        (object, verdict)
    });
    let mut judged = judged.buffered(FOOTERS_AT_ONCE);
    while let Some((object, verdict)) = judged.next().await {
        match verdict {
            Ok(Some(file)) => found.files.push(file),
            Ok(None) => {}
            Err(problem) => found.skipped.push(Skipped {
                file: store.locate(&object.location),
                problem,
            }),
        }
    }
    Ok(found)
}

/// The folder whose name is that of the model, however its odd characters are encoded.
async fn model_folder(store: &Store, model: &str) -> Result<Option<Path>, EngineError> {
    let listing = store.objects.list_with_delimiter(Some(&store.prefix)).await;
    let listing = listing.map_err(|error| EngineError::list(store, &error))?;
    let is_of_model = |folder: &Path| {
        folder
            .filename()
            .and_then(folders::model_name)
            .is_some_and(|name| name == model)
    };
    Ok(listing.common_prefixes.into_iter().find(is_of_model))
}

/// The hours that a window touches, counted from the epoch.
fn hours(window: TimeWindow) -> impl Iterator<Item = i64> {
    let hour = |time: DateTime<Utc>| folders::hour(time.timestamp_micros());
    hour(window.start())..=hour(window.end() - TimeDelta::microseconds(1))
}

/// The file, or nothing where none of its rows is of the window, or what is wrong with it.
async fn judge(
    store: &Store,
    object: &ObjectMeta,
    model: &str,
    window: TimeWindow,
    columns: &BTreeMap<String, DataType>,
) -> Result<Option<LogFile>, String> {
    if object.size == 0 {
        return Err("is empty".into());
    }
    let footer = DFParquetMetadata::new(&*store.objects, object).fetch_metadata().await;
    let footer = footer.map_err(|error| format!("is no whole Parquet file: {error}"))?;
    let about = footer.file_metadata();
    let schema = parquet_to_arrow_schema(about.schema_descr(), about.key_value_metadata())
        .map_err(|error| format!("has columns that cannot be read: {error}"))?;
    let note = |key: &str| {
        let notes = about.key_value_metadata().into_iter().flatten();
        notes
            .filter(|note| note.key == key)
            .find_map(|note| note.value.as_deref())
    };
    if let Some(format) = note(metadata::FORMAT).filter(|format| *format != metadata::VERSION) {
        return Err(format!(
            "is of format {format}, and this reads format {}; use the release that wrote it",
            metadata::VERSION
        ));
    }
    if let Some(other) = note(metadata::MODEL).filter(|other| *other != model) {
        return Err(format!("is of the model {other:?}; it lies in the wrong folder"));
    }
    for (column, wanted) in columns {
        match schema.field_with_name(column) {
            Ok(field) if !fits(field.data_type(), wanted) => {
                return Err(format!(
                    "has {} in the column {column:?}, and the baseline has {wanted}",
                    field.data_type()
                ));
            }
            Ok(_) => {}
            Err(_) if column == TIME => return Err("has no column \"time\"; it is no prediction log".into()),
            // A feature that was added later, or is gone: its values are missing.
            Err(_) => {}
        }
    }
    let range = times(&footer, &schema);
    if range.is_some_and(|(first, last)| last < window.start() || window.end() <= first) {
        return Ok(None);
    }
    Ok(Some(LogFile {
        object: object.clone(),
        rows: footer
            .row_groups()
            .iter()
            .map(|group| group.num_rows().unsigned_abs())
            .sum(),
        schema: schema.into(),
        whole: range.is_some_and(|(first, last)| window.contains(first) && window.contains(last)),
    }))
}

fn fits(has: &DataType, wanted: &DataType) -> bool {
    match wanted {
        DataType::Float64 => has.is_numeric() || matches!(has, DataType::Boolean),
        DataType::Timestamp(..) => matches!(has, DataType::Timestamp(..)),
        _ => match has {
            DataType::Dictionary(_, values) => values.is_string(),
            has => has.is_string(),
        },
    }
}

/// The times of the first and the last row, where every row group's statistics have them.
fn times(footer: &ParquetMetaData, schema: &Schema) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let DataType::Timestamp(unit, _) = schema.field_with_name(TIME).ok()?.data_type() else {
        return None;
    };
    let instant = |value: i64| match unit {
        TimeUnit::Second => DateTime::from_timestamp(value, 0),
        TimeUnit::Millisecond => DateTime::from_timestamp_millis(value),
        TimeUnit::Microsecond => DateTime::from_timestamp_micros(value),
        TimeUnit::Nanosecond => Some(DateTime::from_timestamp_nanos(value)),
    };
    let columns = footer.file_metadata().schema_descr().columns();
    let column = columns.iter().position(|column| column.path().string() == TIME)?;
    let mut range = None;
    for group in footer.row_groups() {
        let Some(Statistics::Int64(statistics)) = group.column(column).statistics() else {
            return None;
        };
        if statistics.null_count_opt() != Some(0) {
            return None;
        }
        let first = instant(*statistics.min_opt()?)?;
        let last = instant(*statistics.max_opt()?)?;
        let (earliest, latest) = range.unwrap_or((first, last));
        range = Some((first.min(earliest), last.max(latest)));
    }
    range
}
