//! The values of columns, read whole.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{NO_VALUE, category_text};

use super::columns::Wanted;
use super::error::TrainingError;
use super::summary::ColumnKind;
use crate::counting::{as_times, is_number, is_text, number, texts};
use crate::engine::EngineError;
use crate::tables::Table;

/// Values of numbers held in memory at the same time, about; more columns than fit are read in several passes.
const VALUES_AT_ONCE: u64 = 1 << 25;

/// One column's values.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) read: Read,
    /// Rows without a value.
    pub(super) missing: u64,
    /// Rows of them whose value is of another type.
    pub(super) other_type: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Read {
    /// In no order.
    Numbers(Vec<f64>),
    /// Rows by category.
    Categories(HashMap<String, u64>),
}

impl Values {
    fn empty(kind: ColumnKind) -> Self {
        Self {
            read: match kind {
                ColumnKind::Numeric => Read::Numbers(Vec::new()),
                ColumnKind::Categorical => Read::Categories(HashMap::new()),
            },
            missing: 0,
            other_type: 0,
        }
    }

    fn add(&mut self, array: &ArrayRef) {
        let (has, rows) = (array.data_type(), array.len() as u64);
        match &mut self.read {
            Read::Numbers(numbers) if is_text(has) => {
                let Some(texts) = texts(array) else { return };
                for text in &texts {
                    let text = text.map(str::trim).filter(|text| !NO_VALUE.contains(text));
                    let number = text.and_then(number).filter(|number| !number.is_nan());
                    match (text, number) {
                        (_, Some(number)) => numbers.push(number),
                        (text, None) => {
                            self.missing += 1;
                            self.other_type += u64::from(text.is_some());
                        }
                    }
                }
            }
            Read::Numbers(numbers) => match cast(array, &DataType::Float64) {
                Ok(values) if is_number(has) => {
                    for value in values.as_primitive::<Float64Type>() {
                        match value.filter(|value| !value.is_nan()) {
                            Some(value) => numbers.push(value),
                            None => self.missing += 1,
                        }
                    }
                }
                _ => {
                    self.missing += rows;
                    self.other_type += rows - array.logical_null_count() as u64;
                }
            },
            Read::Categories(categories) => match texts(array) {
                Some(texts) => {
                    for text in &texts {
                        match text.and_then(category_text) {
                            None => self.missing += 1,
                            Some(text) => match categories.get_mut(text) {
                                Some(rows) => *rows += 1,
                                None => _ = categories.insert(text.to_owned(), 1),
                            },
                        }
                    }
                }
                None => {
                    self.missing += rows;
                    self.other_type += rows - array.logical_null_count() as u64;
                }
            },
        }
    }

    fn merge(&mut self, other: Self) {
        match (&mut self.read, other.read) {
            (Read::Numbers(mine), Read::Numbers(others)) => mine.extend(others),
            (Read::Categories(mine), Read::Categories(others)) => {
                for (category, rows) in others {
                    *mine.entry(category).or_insert(0) += rows;
                }
            }
            _ => return,
        }
        self.missing += other.missing;
        self.other_type += other.other_type;
    }
}

/// How many columns are read in one pass.
pub(super) fn columns_at_once(rows: u64) -> usize {
    (VALUES_AT_ONCE / rows.max(1)).clamp(1, 1_000) as usize
}

/// Reads columns of all files, each with its number of rows, in so many tasks at the same time. `rows` is told of every file's
/// rows once they are read.
pub(super) async fn read(
    files: &[(Table, u64)],
    columns: &[Wanted],
    tasks: usize,
    mut rows: impl FnMut(u64),
) -> Result<Vec<Values>, TrainingError> {
    let mut all: Vec<Values> = columns.iter().map(|column| Values::empty(column.kind)).collect();
    for (table, of_file) in files {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (position, wanted) in columns.iter().enumerate() {
            match table.schema().index_of(&wanted.column) {
                Ok(place) => places.push((place, position)),
                Err(_) => all[position].missing += of_file,
            }
        }
        places.sort_unstable();
        let read: Arc<Vec<usize>> = Arc::new(places.iter().map(|(place, _)| *place).collect());
        let kinds: Arc<Vec<ColumnKind>> =
            Arc::new(places.iter().map(|(_, position)| columns[*position].kind).collect());
        if !read.is_empty() {
            let parts = table.parts(tasks).into_iter().map(|part| {
                let (read, kinds) = (read.clone(), kinds.clone());
                tokio::task::spawn_blocking(move || {
                    let mut values: Vec<Values> = kinds.iter().map(|kind| Values::empty(*kind)).collect();
                    part.scan(&read, |batch| {
                        for (values, array) in values.iter_mut().zip(batch.columns()) {
                            values.add(array);
                        }
                        Ok(())
                    })?;
                    Ok(values)
                })
            });
            let parts: Vec<_> = parts.collect();
            for part in parts {
                let values = table.joined(part).await?;
                for ((_, position), values) in places.iter().zip(values) {
                    all[*position].merge(values);
                }
            }
        }
        rows(*of_file);
    }
    Ok(all)
}

/// The times of a file's first and last row.
pub(super) async fn times(table: &Table, time: &str) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, TrainingError> {
    let Ok(place) = table.schema().index_of(time) else {
        return Ok(None);
    };
    let mut range: Option<(i64, i64)> = None;
    for part in table.parts(1) {
        let read = tokio::task::spawn_blocking(move || {
            let mut range: Option<(i64, i64)> = None;
            part.scan(&[place], |batch| {
                let times = as_times(batch.column(0))?;
                for time in times.as_primitive::<TimestampMicrosecondType>().iter().flatten() {
                    let (first, last) = range.unwrap_or((time, time));
                    range = Some((first.min(time), last.max(time)));
                }
                Ok(())
            })?;
            Ok(range)
        });
        if let Some((first, last)) = table.joined(read).await? {
            let (earliest, latest) = range.unwrap_or((first, last));
            range = Some((first.min(earliest), last.max(latest)));
        }
    }
    if range.is_none() {
        let problem = format!(
            "has no times in the column {time:?}; name a column of timestamps, or of texts such as 2026-04-01T10:00:00Z"
        );
        return Err(EngineError::store(&table.address, problem).into());
    }
    let instants = |(first, last)| {
        Some((
            DateTime::from_timestamp_micros(first)?,
            DateTime::from_timestamp_micros(last)?,
        ))
    };
    Ok(range.and_then(instants))
}
