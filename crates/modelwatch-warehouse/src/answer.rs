//! Adds up the answer of a statement.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray as _, Float32Array, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use modelwatch_drift::baseline::{Counts, NumericCounts, category_text};
use modelwatch_drift::sketch::Sample;
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::{Bins, ColumnCounts, GroupBy, GroupCounts, WindowCounts, WindowQuery};

use crate::kind::Kind;
use crate::statement::{Branch, Counted, MOST_SUMMED};
use crate::table::TableShape;

/// How to read a text in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// As it is.
    Text,
    /// The database's text for a double.
    Double,
    /// The database's text for a 32-bit float.
    Float,
    /// Not at all: the value is neither a number nor a category.
    Other,
}

impl TextKind {
    pub(crate) fn of_code(code: i64) -> Self {
        match code {
            1 => Self::Double,
            2 => Self::Float,
            3 => Self::Other,
            _ => Self::Text,
        }
    }

    /// Returns the text that a file's reader gives for the same value: `1.0`, not `1`.
    pub(crate) fn canonical(self, text: &str) -> String {
        let number: Option<ArrayRef> = match self {
            Self::Double => text
                .parse::<f64>()
                .ok()
                .map(|number| std::sync::Arc::new(Float64Array::from(vec![number])) as ArrayRef),
            Self::Float => text
                .parse::<f32>()
                .ok()
                .map(|number| std::sync::Arc::new(Float32Array::from(vec![number])) as ArrayRef),
            Self::Text | Self::Other => None,
        };
        let written = number.and_then(|number| cast(&number, &DataType::Utf8).ok());
        let written = written.as_ref().and_then(|texts| texts.as_string_opt::<i32>());
        written.map_or_else(|| text.to_owned(), |texts| texts.value(0).to_owned())
    }
}

/// Adds up rows as they arrive: from one statement, or from several about tables with different columns.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    query: &'a WindowQuery,
    asked: Asked,
    rows: u64,
    columns: Vec<ColumnCounts>,
    groups: Vec<ByValue>,
    without_time: u64,
    /// Rows of tables that lack a column, by the column's index.
    absent: BTreeMap<usize, u64>,
}

/// How to read the rows of a statement's answer.
#[derive(Debug, Default)]
struct Asked {
    branches: Vec<Branch>,
    /// The kind of each group's key.
    keys: Vec<TextKind>,
    /// The name of the other type, for each column.
    other_types: Vec<String>,
    /// The columns that the table lacks.
    absent: Vec<usize>,
}

/// Rows and counts by value. `None` collects all other values.
type ByValue = BTreeMap<Option<String>, (u64, Vec<ColumnCounts>)>;

/// One row of the answer.
pub(crate) struct Row<'r> {
    pub(crate) key: Option<&'r str>,
    pub(crate) place: i64,
    pub(crate) value: Option<&'r str>,
    pub(crate) rows: u64,
    pub(crate) finite_rows: u64,
    pub(crate) least: Option<f64>,
    pub(crate) largest: Option<f64>,
    pub(crate) total: Option<f64>,
}

/// The error for a database that answers something else.
pub(crate) const NOT_ASKED: &str = "answers what was not asked";

/// Reads a batch of an answer row by row, each with the number of its branch.
pub(crate) fn each_row(
    batch: &RecordBatch,
    mut take: impl FnMut(usize, &Row<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let integers = |name| column(batch, name, &DataType::Int64);
    let doubles = |name| column(batch, name, &DataType::Float64);
    let texts = |name| column(batch, name, &DataType::Utf8);
    let branches = integers("mw_branch")?;
    let (places, rows, finite_rows) = (integers("mw_place")?, integers("mw_rows")?, integers("mw_finite_rows")?);
    let (keys, values) = (texts("mw_key")?, texts("mw_value")?);
    let (least, largest, total) = (doubles("mw_least")?, doubles("mw_largest")?, doubles("mw_total")?);
    for row in 0..batch.num_rows() {
        let branch = usize::try_from(integer(&branches, row)).map_err(|_| NOT_ASKED)?;
        let read = Row {
            key: text(&keys, row),
            place: integer(&places, row),
            value: text(&values, row),
            rows: u64::try_from(integer(&rows, row)).unwrap_or_default(),
            finite_rows: u64::try_from(integer(&finite_rows, row)).unwrap_or_default(),
            least: double(&least, row),
            largest: double(&largest, row),
            total: double(&total, row),
        };
        take(branch, &read)?;
    }
    Ok(())
}

impl<'a> Answer<'a> {
    pub(crate) fn new(query: &'a WindowQuery) -> Self {
        Self {
            query,
            asked: Asked::default(),
            rows: 0,
            columns: start(query),
            groups: query.groups.iter().map(|_| BTreeMap::new()).collect(),
            without_time: 0,
            absent: BTreeMap::new(),
        }
    }

    /// Starts the answer of a statement with these branches about this table.
    pub(crate) fn begin(&mut self, branches: &[Branch], table: &TableShape, columns: &TableColumns) {
        let kind = |name: &str| table.column(columns, name).map(|(_, kind)| kind);
        let key = |group: &GroupBy| match kind(&group.column) {
            Some(Kind::Double) => TextKind::Double,
            Some(Kind::Float) => TextKind::Float,
            _ => TextKind::Text,
        };
        let other_type = |name: &str| match kind(name) {
            Some(Kind::Other(name)) => name.clone(),
            _ => "bytes".to_owned(),
        };
        let names = self.query.columns.iter().map(|column| column.name.as_str());
        let absent = names.clone().enumerate().filter(|(_, name)| kind(name).is_none());
        self.asked = Asked {
            branches: branches.to_vec(),
            keys: self.query.groups.iter().map(key).collect(),
            other_types: names.clone().map(other_type).collect(),
            absent: absent.map(|(place, _)| place).collect(),
        };
    }

    /// Adds a batch of rows.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        each_row(batch, |branch, row| {
            let branch = self.asked.branches.get(branch).copied().ok_or(NOT_ASKED)?;
            self.add_row(branch, row);
            Ok(())
        })
    }

    fn add_row(&mut self, branch: Branch, row: &Row<'_>) {
        if branch.counted == Counted::WithoutTime {
            self.without_time += row.rows;
            return;
        }
        // The rows of one group's values together are all rows.
        if branch.group.is_none_or(|group| group == 0) {
            count(
                self.query,
                &self.asked,
                branch.counted,
                row,
                &mut self.rows,
                &mut self.columns,
            );
            if branch.counted == Counted::Rows {
                for place in &self.asked.absent {
                    *self.absent.entry(*place).or_insert(0) += row.rows;
                }
            }
        }
        if let Some(group) = branch.group {
            let key = self.key(group, row.key);
            let empty = || (0, start(self.query));
            let (rows, columns) = self.groups[group].entry(key).or_insert_with(empty);
            count(self.query, &self.asked, branch.counted, row, rows, columns);
        }
    }

    /// Returns the value under which rows are counted.
    fn key(&self, group: usize, key: Option<&str>) -> Option<String> {
        let text = self.asked.keys[group].canonical(key?);
        match &self.query.groups[group].values {
            None => {
                // One statement has no more values than this, but several tables may have different ones.
                let known = &self.groups[group];
                let is_full = || known.keys().flatten().count() >= GroupBy::MOST_GROUPS;
                let text = Some(text);
                text.filter(|text| !is_full() || known.contains_key(&Some(text.clone())))
            }
            Some(known) => {
                let text = category_text(&text).unwrap_or_default();
                known.iter().any(|name| name == text).then(|| text.to_owned())
            }
        }
    }

    /// Returns the total.
    pub(crate) fn into_counts(self) -> WindowCounts {
        let mut counts = WindowCounts {
            rows: self.rows,
            ..WindowCounts::default()
        };
        let absent = self.absent.into_iter().filter(|(_, rows)| *rows > 0);
        counts.absent = absent
            .map(|(place, rows)| (self.query.columns[place].name.clone(), rows))
            .collect();
        counts.left_out.rows_without_time = self.without_time;
        counts.columns = self.columns;
        let groups = self.groups.into_iter().map(|mut group| {
            let others = group.remove(&None).map(|counts| (None, counts));
            let groups = group.into_iter().chain(others).filter(|(_, (rows, _))| *rows > 0);
            groups
                .map(|(value, (rows, columns))| GroupCounts { value, rows, columns })
                .collect()
        });
        counts.groups = groups.collect();
        counts
    }
}

fn start(query: &WindowQuery) -> Vec<ColumnCounts> {
    query
        .columns
        .iter()
        .map(|column| ColumnCounts::new(&column.bins))
        .collect()
}

fn count(
    query: &WindowQuery,
    asked: &Asked,
    counted: Counted,
    row: &Row<'_>,
    rows: &mut u64,
    columns: &mut [ColumnCounts],
) {
    match counted {
        Counted::WithoutTime => {}
        Counted::Rows => {
            *rows += row.rows;
            let absent = asked.absent.iter();
            absent.for_each(|place| columns[*place].add_missing(row.rows));
        }
        Counted::Texts(place) => match TextKind::of_code(row.place) {
            TextKind::Other => columns[place].add_other_type(&asked.other_types[place], row.rows),
            kind => {
                let value = row.value.map(|value| kind.canonical(value));
                columns[place].add_text(&query.columns[place].bins, value.as_deref(), row.rows);
            }
        },
        Counted::Places(place) => {
            if let (Bins::Numeric(bins), Counts::Numeric(into)) =
                (&query.columns[place].bins, &mut columns[place].counts)
            {
                let mut counts = bins.count();
                add_place(&mut counts, row);
                into.merge(&counts);
            }
        }
    }
}

/// Adds the rows of one place: a number of edges is at or below their values.
pub(crate) fn add_place(counts: &mut NumericCounts, row: &Row<'_>) {
    let bins = counts.bins.len();
    let place = match usize::try_from(row.place) {
        Err(_) => &mut counts.missing,
        Ok(0) => &mut counts.below,
        Ok(place) if place > bins => &mut counts.above,
        Ok(place) => &mut counts.bins[place - 1],
    };
    *place += row.rows;
    add_ends(counts, row);
}

/// Adds the least and the largest value of a row, and their sum.
pub(crate) fn add_ends(counts: &mut NumericCounts, row: &Row<'_>) {
    (counts.least, counts.largest) = (row.least, row.largest);
    // Without a sum when a value is too large for it.
    let is_summed = |value: Option<f64>| value.is_none_or(|value| value.abs() <= MOST_SUMMED);
    let total = match is_summed(row.least) && is_summed(row.largest) {
        true => row.total.unwrap_or_default(),
        false => f64::NAN,
    };
    counts.sample = Sample::from_parts(Vec::new(), row.finite_rows, total);
}

/// A column of the answer, converted from the driver's type.
fn column(batch: &RecordBatch, name: &str, to: &DataType) -> Result<ArrayRef, String> {
    let fields = batch.schema();
    let fields = fields.fields().iter();
    let place = fields.clone().position(|field| field.name().eq_ignore_ascii_case(name));
    let place = place.ok_or_else(|| format!("answers without the column {name}"))?;
    cast(batch.column(place), to).map_err(|error| format!("answers with {error} in the column {name}"))
}

fn integer(array: &ArrayRef, row: usize) -> i64 {
    let array = array.as_primitive::<Int64Type>();
    if array.is_null(row) { 0 } else { array.value(row) }
}

fn double(array: &ArrayRef, row: usize) -> Option<f64> {
    let array = array.as_primitive::<Float64Type>();
    (!array.is_null(row)).then(|| array.value(row))
}

fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    let array = array.as_string::<i32>();
    (!array.is_null(row)).then(|| array.value(row))
}
