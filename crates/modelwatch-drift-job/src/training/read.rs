//! Reads the values of whole columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, StringViewArray, cast::AsArray as _};
use arrow_cast::cast;
use arrow_schema::DataType;
use modelwatch_drift::baseline::category_text;

use super::columns::Wanted;
use super::error::TrainingError;
use super::summary::ColumnKind;
use crate::counting::{ByView, as_times, is_number, is_text, texts};
use crate::engine::{EngineError, NumberText};
use crate::tables::Table;

/// About how many numeric values are in memory at the same time, if every pass reads the files whole.
const VALUES_OF_TEXT: u64 = 1 << 25;
/// Same, if a column can be read without the others.
const VALUES_OF_COLUMNS: u64 = 1 << 23;
/// The number of passes per thread, if there are enough columns, so that all threads finish at about the same time.
const PASSES: usize = 4;
/// The maximum number of values to reserve memory for at once: the expected number comes from a footer.
const MOST_ROOM: u64 = 1 << 22;

/// Holds one column's values.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) read: Read,
    /// The number of rows whose value has a different type. They count as missing.
    pub(super) other_type: u64,
}

/// Holds a value for each row, in the order of the files and their rows.
#[derive(Clone, Debug)]
pub(super) enum Read {
    /// Numbers, with NaN for missing values.
    Numbers(Vec<f64>),
    /// Positions of categories, or [`Categories::MISSING`].
    Categories(Categories),
}

/// Holds texts by number, each text once.
#[derive(Clone, Debug, Default)]
pub(super) struct Categories {
    places: HashMap<String, u32>,
    by_view: ByView,
    pub(super) rows: Vec<u32>,
}

impl Categories {
    /// Stands for a row without a value.
    pub(super) const MISSING: u32 = u32::MAX;

    fn add(&mut self, texts: &StringViewArray) {
        let mut by_view = std::mem::take(&mut self.by_view);
        self.rows.reserve(texts.len());
        for (view, text) in texts.views().iter().zip(texts) {
            let place = text.map_or(Self::MISSING, |text| {
                by_view.get(*view, || {
                    category_text(text).map_or(Self::MISSING, |text| self.place(text))
                })
            });
            self.rows.push(place);
        }
        self.by_view = by_view;
    }

    fn add_missing(&mut self, rows: u64) {
        self.rows.extend((0..rows).map(|_| Self::MISSING));
    }

    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        // More texts than a `u32` can number would not fit into memory.
        let next = u32::try_from(self.places.len()).unwrap_or(Self::MISSING);
        self.places.insert(text.to_owned(), next);
        next
    }

    /// Returns the categories by position.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = vec![""; self.places.len()];
        for (name, place) in &self.places {
            names[*place as usize] = name;
        }
        names
    }

    fn merge(&mut self, other: &Self) {
        let places: Vec<u32> = other.names().into_iter().map(|name| self.place(name)).collect();
        let rows = other.rows.iter();
        self.rows.extend(rows.map(|row| match *row {
            Self::MISSING => Self::MISSING,
            place => places[place as usize],
        }));
    }
}

impl Values {
    fn empty(kind: ColumnKind, rows: u64) -> Self {
        Self {
            read: match kind {
                ColumnKind::Numeric => Read::Numbers(Vec::with_capacity(rows.min(MOST_ROOM) as usize)),
                ColumnKind::Categorical => Read::Categories(Categories::default()),
            },
            other_type: 0,
        }
    }

    fn add(&mut self, array: &ArrayRef) {
        let (has, rows) = (array.data_type(), array.len() as u64);
        match &mut self.read {
            Read::Numbers(numbers) if is_text(has) => {
                let Some(texts) = texts(array) else { return };
                for text in &texts {
                    let text = text.map_or(NumberText::NoValue, NumberText::of);
                    let number = text.number().unwrap_or(f64::NAN);
                    numbers.push(number);
                    self.other_type += u64::from(number.is_nan() && text != NumberText::NoValue);
                }
            }
            Read::Numbers(numbers) => match cast(array, &DataType::Float64) {
                Ok(values) if is_number(has) => {
                    let values = values.as_primitive::<Float64Type>();
                    match values.null_count() {
                        0 => numbers.extend_from_slice(values.values()),
                        _ => numbers.extend(values.iter().map(|value| value.unwrap_or(f64::NAN))),
                    }
                }
                _ => {
                    numbers.extend(std::iter::repeat_n(f64::NAN, array.len()));
                    self.other_type += rows - array.logical_null_count() as u64;
                }
            },
            Read::Categories(categories) => match texts(array) {
                Some(texts) => categories.add(&texts),
                None => {
                    categories.add_missing(rows);
                    self.other_type += rows - array.logical_null_count() as u64;
                }
            },
        }
    }

    fn add_absent(&mut self, rows: u64) {
        match &mut self.read {
            Read::Numbers(numbers) => numbers.extend((0..rows).map(|_| f64::NAN)),
            Read::Categories(categories) => categories.add_missing(rows),
        }
    }

    fn merge(&mut self, other: Self) {
        match (&mut self.read, other.read) {
            (Read::Numbers(mine), Read::Numbers(others)) if mine.is_empty() => *mine = others,
            (Read::Numbers(mine), Read::Numbers(others)) => mine.extend(others),
            (Read::Categories(mine), Read::Categories(others)) if mine.rows.is_empty() => *mine = others,
            (Read::Categories(mine), Read::Categories(others)) => mine.merge(&others),
            _ => return,
        }
        self.other_type += other.other_type;
    }
}

/// Says how many columns to read together and what to run at the same time, so that all threads have work and memory is
/// bounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passes {
    /// The number of columns per pass over the files.
    pub(super) columns: usize,
    /// The number of passes at the same time.
    pub(super) at_once: usize,
    /// The number of tasks per pass at the same time.
    pub(super) tasks: usize,
}

impl Passes {
    pub(super) fn new(files: &[(Table, u64)], columns: usize, threads: usize) -> Self {
        let rows: u64 = files.iter().map(|(_, rows)| rows).sum();
        let held = |values: u64| (values / rows.max(1)).clamp(1, 1_000) as usize;
        if !files.iter().all(|(table, _)| table.has_columns_apart()) {
            return Self {
                columns: held(VALUES_OF_TEXT),
                at_once: 1,
                tasks: threads,
            };
        }
        let fitting = held(VALUES_OF_COLUMNS / threads as u64);
        let together = fitting.min(columns / (PASSES * threads)).max(1);
        let passes = columns.div_ceil(together).max(1);
        Self {
            columns: together,
            at_once: threads.min(passes),
            tasks: threads.div_ceil(passes),
        }
    }
}

/// Reads columns of all files, each given with its number of rows, in several tasks at the same time. `rows` receives
/// the number of rows of every file once it is read.
pub(super) async fn read(
    files: &[(Table, u64)],
    columns: &[Wanted],
    tasks: usize,
    rows: impl Fn(u64),
) -> Result<Vec<Values>, TrainingError> {
    let mut all: Vec<Values> = columns.iter().map(|column| Values::empty(column.kind, 0)).collect();
    for (table, of_file) in files {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (position, wanted) in columns.iter().enumerate() {
            match table.schema().index_of(&wanted.column) {
                Ok(place) => places.push((place, position)),
                Err(_) => all[position].add_absent(*of_file),
            }
        }
        places.sort_unstable();
        let read: Arc<Vec<usize>> = Arc::new(places.iter().map(|(place, _)| *place).collect());
        let kinds: Arc<Vec<ColumnKind>> =
            Arc::new(places.iter().map(|(_, position)| columns[*position].kind).collect());
        if !read.is_empty() {
            let parts = table.parts(tasks);
            let room = of_file.div_ceil(parts.len().max(1) as u64);
            let parts = parts.into_iter().map(|part| {
                let (read, kinds) = (read.clone(), kinds.clone());
                tokio::task::spawn_blocking(move || {
                    let mut values: Vec<Values> = kinds.iter().map(|kind| Values::empty(*kind, room)).collect();
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

/// Returns the times of a file's rows in microseconds, in order; `None` if the file has no such column.
pub(super) async fn times(table: &Table, time: &str) -> Result<Option<Vec<Option<i64>>>, TrainingError> {
    let Ok(place) = table.schema().index_of(time) else {
        return Ok(None);
    };
    let mut times = Vec::new();
    for part in table.parts(1) {
        let read = tokio::task::spawn_blocking(move || {
            let mut times: Vec<Option<i64>> = Vec::new();
            part.scan(&[place], |batch| {
                let of_batch = as_times(batch.column(0))?;
                times.extend(of_batch.as_primitive::<TimestampMicrosecondType>());
                Ok(())
            })?;
            Ok(times)
        });
        times.extend(table.joined(read).await?);
    }
    if times.iter().all(Option::is_none) {
        let problem = format!(
            "has no times in the column {time:?}; name a column of timestamps, or of texts such as 2026-04-01T10:00:00Z"
        );
        return Err(EngineError::store(&table.address, problem).into());
    }
    Ok(Some(times))
}
