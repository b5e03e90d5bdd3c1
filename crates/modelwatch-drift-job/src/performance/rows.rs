//! Columns of tables, row by row.

use arrow::array::{Array as _, AsArray as _, Float64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Schema, TimestampMicrosecondType};
use modelwatch_drift::baseline::{MOST_CATEGORY_BYTES, category_text};
use modelwatch_log_format::columns::feature;

use super::error::PerformanceError;
use crate::counting::{as_times, is_number, is_text, texts};
use crate::engine::NumberText;
use crate::tables::{Table, expand};

/// A column, and the option that names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) column: String,
    pub(super) option: &'static str,
}

impl Named {
    pub(super) fn new(column: &str, option: &'static str) -> Self {
        Self {
            column: column.to_owned(),
            option,
        }
    }

    /// Its place in a table: by its name, or as a feature of the prediction log.
    fn place(&self, schema: &Schema) -> Option<usize> {
        let place = |name: &str| schema.index_of(name).ok();
        place(&self.column).or_else(|| place(&feature(&self.column)))
    }
}

/// The columns that are read, by what their values are taken for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) time: Option<Named>,
    pub(super) numbers: Vec<Named>,
    pub(super) texts: Vec<Named>,
}

/// A row: its time in microseconds, numbers (NaN where there is none) and texts in the order in which they are wanted.
pub(super) struct Row<'a> {
    pub(super) time: Option<i64>,
    pub(super) numbers: &'a [f64],
    pub(super) texts: &'a [Option<&'a str>],
}

/// Opens the files of patterns.
pub(super) async fn open(patterns: &[String]) -> Result<Vec<Table>, PerformanceError> {
    let mut tables = Vec::new();
    for pattern in patterns {
        for address in expand(pattern)? {
            tables.push(Table::open(&address).await?);
        }
    }
    Ok(tables)
}

/// Whether every one of the tables has a column.
pub(super) fn all_have(tables: &[Table], column: &str) -> bool {
    let named = Named::new(column, "");
    tables.iter().all(|table| named.place(table.schema()).is_some())
}

/// Hands every row to `take`, in the order of the tables and their rows, away from the threads that serve other tasks.
pub(super) async fn scan<S: Send + 'static>(
    tables: &[Table],
    wanted: &Wanted,
    mut state: S,
    take: fn(&mut S, &Row<'_>) -> Result<(), PerformanceError>,
) -> Result<S, PerformanceError> {
    for table in tables {
        let plan = Plan::new(table, wanted)?;
        let parts = table.parts(1);
        let read = tokio::task::spawn_blocking(move || {
            let mut failed = None;
            for part in parts {
                part.scan(&plan.read, |batch| {
                    if failed.is_none()
                        && let Err(error) = plan.rows(&batch, |row| take(&mut state, row))?
                    {
                        failed = Some(error);
                    }
                    Ok(())
                })?;
            }
            Ok((state, failed))
        });
        let (given_back, failed) = table.joined(read).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        state = given_back;
    }
    Ok(state)
}

/// Where the wanted columns are among those that are read.
struct Plan {
    read: Vec<usize>,
    time: Option<usize>,
    numbers: Vec<usize>,
    texts: Vec<usize>,
}

impl Plan {
    fn new(table: &Table, wanted: &Wanted) -> Result<Self, PerformanceError> {
        let place = |named: &Named| {
            named.place(table.schema()).ok_or_else(|| PerformanceError::Column {
                file: table.address.clone(),
                column: named.column.clone(),
                option: named.option,
                has: table
                    .schema()
                    .fields()
                    .iter()
                    .map(|field| field.name().clone())
                    .collect(),
            })
        };
        let places = |named: &[Named]| named.iter().map(place).collect::<Result<Vec<_>, _>>();
        let time = wanted.time.as_ref().map(place).transpose()?;
        let (numbers, texts) = (places(&wanted.numbers)?, places(&wanted.texts)?);
        // Readers give the columns in the order of the file, each once.
        let mut read: Vec<usize> = time.iter().chain(&numbers).chain(&texts).copied().collect();
        read.sort_unstable();
        read.dedup();
        let among = |place: &usize| read.partition_point(|earlier| earlier < place);
        Ok(Self {
            time: time.as_ref().map(among),
            numbers: numbers.iter().map(among).collect(),
            texts: texts.iter().map(among).collect(),
            read,
        })
    }

    /// The outer result is of the file, the inner one of whoever takes the rows.
    fn rows(
        &self,
        batch: &RecordBatch,
        mut take: impl FnMut(&Row<'_>) -> Result<(), PerformanceError>,
    ) -> Result<Result<(), PerformanceError>, String> {
        let times = self.time.map(|place| times_of(batch, place)).transpose()?;
        let numbers: Vec<Float64Array> = self.numbers.iter().map(|place| numbers_of(batch, *place)).collect();
        let texts: Vec<Option<StringViewArray>> = self.texts.iter().map(|place| texts_of(batch, *place)).collect();
        let mut row_numbers = vec![f64::NAN; numbers.len()];
        let mut row_texts: Vec<Option<&str>> = vec![None; texts.len()];
        for row in 0..batch.num_rows() {
            for (number, column) in row_numbers.iter_mut().zip(&numbers) {
                *number = if column.is_valid(row) {
                    column.value(row)
                } else {
                    f64::NAN
                };
            }
            for (text, column) in row_texts.iter_mut().zip(&texts) {
                let column = column.as_ref().filter(|column| column.is_valid(row));
                *text = column.and_then(|column| one_text(column.value(row)));
            }
            let time = times
                .as_ref()
                .filter(|times| times.is_valid(row))
                .map(|times| times.value(row));
            let taken = take(&Row {
                time,
                numbers: &row_numbers,
                texts: &row_texts,
            });
            if taken.is_err() {
                return Ok(taken);
            }
        }
        Ok(Ok(()))
    }
}

/// The one text of a value, whatever wrote it; an id that is longer than a category stays whole.
fn one_text(text: &str) -> Option<&str> {
    let text = text.trim();
    if text.len() > MOST_CATEGORY_BYTES {
        Some(text)
    } else {
        category_text(text)
    }
}

fn times_of(batch: &RecordBatch, place: usize) -> Result<TimestampMicrosecondArray, String> {
    let times = as_times(batch.column(place))?;
    Ok(times.as_primitive::<TimestampMicrosecondType>().clone())
}

/// What is no number is missing.
fn numbers_of(batch: &RecordBatch, place: usize) -> Float64Array {
    let array = batch.column(place);
    if is_text(array.data_type())
        && let Some(texts) = texts(array)
    {
        let value = |text: Option<&str>| NumberText::of(text?).number();
        return texts.iter().map(value).collect();
    }
    match cast(array, &DataType::Float64) {
        Ok(numbers) if is_number(array.data_type()) => numbers.as_primitive::<Float64Type>().clone(),
        _ => Float64Array::new_null(array.len()),
    }
}

/// What is neither text nor number is missing.
fn texts_of(batch: &RecordBatch, place: usize) -> Option<StringViewArray> {
    texts(batch.column(place))
}
