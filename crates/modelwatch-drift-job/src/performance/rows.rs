//! Reads columns of tables row by row.

use std::collections::BTreeMap;

use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{
    Array as _, Float64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray, cast::AsArray as _,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema};
use chrono::{DateTime, NaiveDate, Utc};
use modelwatch_drift::baseline::{MOST_CATEGORY_BYTES, category_text};
use modelwatch_log_format::columns::feature;
use modelwatch_log_format::folders;

use super::deadline::Deadline;
use super::error::{Files, PerformanceError};
use super::progress::{Place, Teller};
use crate::counting::{as_times, is_number, is_text, texts};
use crate::engine::{EngineError, NumberText, type_in_words};
use crate::tables::{Found, Kind, Sought, Table, expand};
use crate::time_window::TimeWindow;

/// Names a column, and the option that names it.
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

    /// Returns the column's position in a table: by its name, as a feature of the prediction log, or by its
    /// name but for blanks around it.
    fn place(&self, schema: &Schema) -> Option<usize> {
        let place = |name: &str| schema.index_of(name).ok();
        let trimmed = || {
            let mut fields = schema.fields().iter();
            fields.position(|field| field.name().trim() == self.column.trim())
        };
        place(&self.column)
            .or_else(|| place(&feature(&self.column)))
            .or_else(trimmed)
    }
}

/// Lists the columns to read, by the type of their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) time: Option<Named>,
    pub(super) numbers: Vec<Named>,
    pub(super) texts: Vec<Named>,
}

/// Holds a row: its time in microseconds, numbers (NaN if missing) and texts in the order in which they are wanted.
pub(super) struct Row<'a> {
    pub(super) time: Option<i64>,
    pub(super) numbers: &'a [f64],
    pub(super) texts: &'a [Option<&'a str>],
}

/// Holds files that are read together.
pub(super) struct Input {
    of: Files,
    sources: Vec<Source>,
    deadline: Deadline,
    teller: Teller,
}

/// Holds a file. A copy of an object in a bucket exists only while it is read, except for the reference, which is read
/// several times.
struct Source {
    found: Found,
    table: Option<Table>,
}

impl Input {
    /// Opens the files of patterns. Leaves out files in a prediction log's folder of a date before `since`, and those
    /// of a Delta table without a later `time`.
    pub(super) async fn open(
        patterns: &[String],
        of: Files,
        since: Option<DateTime<Utc>>,
        time: Option<&str>,
        deadline: Deadline,
        teller: Teller,
    ) -> Result<Self, PerformanceError> {
        let sought = since.zip(time).and_then(|(since, time)| {
            Some(Sought {
                time: time.to_owned(),
                window: TimeWindow::new(since, DateTime::<Utc>::MAX_UTC)?,
            })
        });
        let failed = |error| PerformanceError::Files { of, error };
        let mut all = Vec::new();
        for pattern in patterns {
            let found = deadline.within(expand(pattern, sought.as_ref())).await?;
            all.extend(found.map_err(failed)?);
        }
        all.retain(|found| since.is_none_or(|since| !is_before(found, since)));
        let mut sources = Vec::with_capacity(all.len());
        let files = all.len();
        for (done, found) in all.into_iter().enumerate() {
            deadline.check()?;
            let kept = of == Files::Reference || !found.address().contains("://");
            let table = match kept {
                true => {
                    teller.looking(place(of, &found, done, files));
                    Some(deadline.within(Table::open(&found)).await?.map_err(failed)?)
                }
                false => None,
            };
            sources.push(Source { found, table });
        }
        Ok(Self {
            of,
            sources,
            deadline,
            teller,
        })
    }

    async fn table(&self, source: &Source) -> Result<Table, PerformanceError> {
        self.deadline.check()?;
        match &source.table {
            Some(table) => Ok(table.clone()),
            None => {
                let opened = self.deadline.within(Table::open(&source.found)).await?;
                opened.map_err(|error| self.failed(error))
            }
        }
    }

    /// Returns whether every file has a column.
    pub(super) async fn all_have(&self, column: &str) -> Result<bool, PerformanceError> {
        let named = Named::new(column, "");
        for source in &self.sources {
            if named.place(self.table(source).await?.schema()).is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the types of columns by name: numeric only if every file says so.
    pub(super) async fn kinds(&self) -> Result<BTreeMap<String, Kind>, PerformanceError> {
        let mut all = BTreeMap::new();
        for source in &self.sources {
            let table = self.table(source).await?;
            let (kinds, _) = table.kinds().await.map_err(|error| self.failed(error))?;
            for (field, kind) in table.schema().fields().iter().zip(kinds) {
                let known = all.entry(field.name().clone()).or_insert(kind);
                if kind == Kind::Categorical {
                    *known = kind;
                }
            }
        }
        Ok(all)
    }

    /// Passes every row to `take`, in the order of the files and their rows, on a thread that serves no other tasks.
    pub(super) async fn scan<S: Send + 'static>(
        &self,
        wanted: &Wanted,
        mut state: S,
        take: fn(&mut S, &Row<'_>) -> Result<(), PerformanceError>,
    ) -> Result<S, PerformanceError> {
        const STOPPED: &str = "was left";
        for (done, source) in self.sources.iter().enumerate() {
            let place = place(self.of, &source.found, done, self.sources.len());
            self.teller.read(&place, 0);
            let table = self.table(source).await?;
            let plan = Plan::new(&table, self.of, wanted)?;
            let parts = table.parts(1);
            let deadline = self.deadline;
            let teller = self.teller.clone();
            let read = tokio::task::spawn_blocking(move || {
                let mut failed = None;
                for part in parts {
                    let scanned = part.scan(&plan.read, |batch| {
                        let taken = match deadline.check() {
                            Ok(()) => plan.rows(&batch, |row| take(&mut state, row))?,
                            Err(late) => Err(late),
                        };
                        teller.read(&place, batch.num_rows());
                        taken.map_err(|error| {
                            failed = Some(error);
                            STOPPED.to_owned()
                        })
                    });
                    if failed.is_some() {
                        break;
                    }
                    scanned?;
                }
                Ok((state, failed))
            });
            let (given_back, failed) = table.joined(read).await.map_err(|error| self.failed(error))?;
            if let Some(error) = failed {
                return Err(error);
            }
            state = given_back;
        }
        Ok(state)
    }

    fn failed(&self, error: EngineError) -> PerformanceError {
        PerformanceError::Files { of: self.of, error }
    }
}

fn place(files: Files, found: &Found, done: usize, of: usize) -> Place {
    let file = found.address().to_owned();
    Place { files, file, done, of }
}

/// Returns whether a file is in a prediction log's folder of a date that ended before `since`.
fn is_before(found: &Found, since: DateTime<Utc>) -> bool {
    // A table's log says what its files contain; their folders don't.
    #[allow(irrefutable_let_patterns, reason = "with Delta tables there are others")]
    let Found::File(address) = found else {
        return false;
    };
    let date = address.split('/').rev().find(|part| folders::is_date(part));
    let date = date.and_then(|date| date.split_once('=')?.1.parse::<NaiveDate>().ok());
    date.is_some_and(|date| date < since.date_naive())
}

/// Options whose columns must have usable values: with a different type, all rows would be left out silently.
const ESSENTIAL: [&str; 5] = ["--id", "--label", "--class", "--outcome-id", "--outcome-label"];

/// Says where the wanted columns are among those that are read.
struct Plan {
    read: Vec<usize>,
    time: Option<usize>,
    numbers: Vec<usize>,
    texts: Vec<usize>,
}

impl Plan {
    fn new(table: &Table, of: Files, wanted: &Wanted) -> Result<Self, PerformanceError> {
        let place = |named: &Named| {
            named.place(table.schema()).ok_or_else(|| PerformanceError::Column {
                of,
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
        for (named, place) in wanted.texts.iter().zip(&texts) {
            let holds = table.schema().field(*place).data_type();
            if ESSENTIAL.contains(&named.option) && !is_text(holds) && !is_number(holds) {
                return Err(PerformanceError::ColumnType {
                    of,
                    file: table.address.clone(),
                    column: named.column.clone(),
                    option: named.option,
                    holds: Some(type_in_words(holds)),
                });
            }
        }
        // Readers return the columns in the order of the file, each once.
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

    /// The outer result is that of the file, the inner one that of `take`.
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

/// Returns the normalised text of a value, no matter which writer produced it. An id longer than a category stays
/// whole.
pub(super) fn one_text(text: &str) -> Option<&str> {
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

/// Values that are not numbers are missing.
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

/// Values that are neither texts nor numbers are missing.
fn texts_of(batch: &RecordBatch, place: usize) -> Option<StringViewArray> {
    texts(batch.column(place))
}
