//! Counts batches of rows on the bins of all columns, overall and by group.

use std::collections::BTreeMap;

use arrow_array::{Array as _, BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use modelwatch_drift::baseline::category_text;
use modelwatch_drift::sketch::RowSample;

use super::column::{ColumnCounter, numbers_at, texts};
use crate::engine::{ColumnCounts, GroupBy, GroupCounts, WindowCounts, WindowQuery};

/// Counts batches for one query, or for some of its columns.
#[derive(Debug)]
pub(crate) struct RowCounter {
    columns: Vec<(String, ColumnCounter)>,
    groups: Vec<GroupBy>,
    joint: Vec<String>,
    /// An empty sample of the joint columns.
    sample: RowSample,
}

/// Holds the counts of some rows. Two of the same query merge into one.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) rows: u64,
    columns: Vec<ColumnCounts>,
    groups: Vec<ByValue>,
    joint: RowSample,
}

/// Rows and counts by value; `None` for all other values.
type ByValue = BTreeMap<Option<String>, (u64, Vec<ColumnCounts>)>;

impl RowCounter {
    pub(crate) fn new(query: &WindowQuery) -> Self {
        let columns = query.columns.iter();
        Self {
            columns: columns
                .map(|column| (column.name.clone(), ColumnCounter::new(&column.bins)))
                .collect(),
            groups: query.groups.clone(),
            sample: RowSample::new(query.joint.len()),
            joint: query.joint.clone(),
        }
    }

    /// Returns the names of the columns to count, each once.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| &**name)
    }

    /// Returns the number of columns that make groups.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Returns the number of columns sampled together.
    pub(super) fn joint(&self) -> usize {
        self.joint.len()
    }

    /// Returns one counter per slice of columns, with the positions of the joint columns sampled there. `slice_of`
    /// holds the slice of each column, ascending.
    pub(super) fn split(&self, slice_of: &[usize]) -> Vec<(Vec<usize>, Self)> {
        let of_column = |joint: &String| self.columns.iter().position(|(name, _)| name == joint);
        // Columns that are sampled but not counted go with the first slice.
        let slice_of_joint = |joint| of_column(joint).map_or(slice_of[0], |column| slice_of[column]);
        let of_joint: Vec<usize> = self.joint.iter().map(slice_of_joint).collect();
        let slices = slice_of.chunk_by(|one, other| one == other);
        let mut first = 0;
        let counters = slices.map(|slice| {
            let columns = self.columns[first..first + slice.len()].to_vec();
            first += slice.len();
            let joint = of_joint.iter().enumerate();
            let (places, joint): (Vec<usize>, Vec<String>) = joint
                .filter(|(_, of_joint)| **of_joint == slice[0])
                .map(|(place, _)| (place, self.joint[place].clone()))
                .unzip();
            let counter = Self {
                columns,
                groups: self.groups.clone(),
                sample: self.sample.of_columns(joint.len()),
                joint,
            };
            (places, counter)
        });
        counters.collect()
    }

    /// Returns the names of the columns to read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let groups = self.groups.iter().map(|group| &*group.column);
        let columns = self.columns.iter().map(|(name, _)| &**name);
        columns.chain(groups).chain(self.joint.iter().map(String::as_str))
    }

    pub(crate) fn start(&self) -> Rows {
        Rows {
            rows: 0,
            columns: self.start_columns(),
            groups: self.groups.iter().map(|_| BTreeMap::new()).collect(),
            joint: self.sample.clone(),
        }
    }

    /// Creates counts without rows or columns.
    pub(super) fn start_empty(&self) -> Rows {
        Rows {
            columns: Vec::new(),
            ..self.start()
        }
    }

    fn start_columns(&self) -> Vec<ColumnCounts> {
        self.columns.iter().map(|(_, counter)| counter.start()).collect()
    }

    /// Counts a batch whose columns have the query's names. If it lacks a column, the value is missing in every row.
    pub(crate) fn count(&self, batch: &RecordBatch, into: &mut Rows) -> Result<(), ArrowError> {
        into.rows += batch.num_rows() as u64;
        self.count_columns(batch, &mut into.columns);
        if !self.joint.is_empty() {
            into.joint.offer(batch.num_rows(), |rows| self.joint_at(batch, rows));
        }
        for (group, into) in self.groups.iter().zip(&mut into.groups) {
            for (value, rows) in split(group, batch)? {
                let value = match into.len() < GroupBy::MOST_GROUPS || into.contains_key(&value) {
                    true => value,
                    false => None,
                };
                let (total, columns) = into.entry(value).or_insert_with(|| (0, self.start_columns()));
                *total += rows.num_rows() as u64;
                self.count_columns(&rows, columns);
            }
        }
        Ok(())
    }

    fn count_columns(&self, batch: &RecordBatch, into: &mut [ColumnCounts]) {
        for ((name, counter), into) in self.columns.iter().zip(into) {
            match batch.column_by_name(name) {
                Some(array) => counter.count(array, into),
                None => into.add_missing(batch.num_rows() as u64),
            }
        }
    }
}

impl RowCounter {
    /// Returns the joint columns' numbers in some rows.
    fn joint_at(&self, batch: &RecordBatch, rows: &[usize]) -> Vec<Vec<f64>> {
        let places = UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
        let column = |name: &String| {
            let array = batch.column_by_name(name);
            array.map_or_else(|| vec![f64::NAN; rows.len()], |array| numbers_at(array, &places))
        };
        self.joint.iter().map(column).collect()
    }
}

/// Splits a batch into the rows of each value that has its own counts, and the rows of all others.
fn split(group: &GroupBy, batch: &RecordBatch) -> Result<Vec<(Option<String>, RecordBatch)>, ArrowError> {
    let values = batch.column_by_name(&group.column).and_then(texts);
    let Some(values) = values else {
        // If the column is absent or its values have no text, no value is known.
        let value = group.values.is_none().then(String::new);
        return Ok(vec![(value, batch.clone())]);
    };
    let is_known = |value: &str| {
        group
            .values
            .as_ref()
            .is_none_or(|known| known.iter().any(|name| name == value))
    };
    let mut places: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let mut of_row = Vec::with_capacity(values.len());
    let mut last: Option<(&str, usize)> = None;
    for value in &values {
        let value = match group.values {
            // The text that a baseline uses for it.
            Some(_) => value.and_then(category_text),
            None => value,
        };
        let value = value.unwrap_or_default();
        // Consecutive rows usually have the same value.
        let place = match last {
            Some((same, place)) if same == value => place,
            _ => {
                let next = places.len();
                *places.entry(is_known(value).then(|| value.to_owned())).or_insert(next)
            }
        };
        last = Some((value, place));
        of_row.push(place);
    }
    if places.len() == 1 {
        return Ok(places.into_keys().map(|value| (value, batch.clone())).collect());
    }
    places
        .into_iter()
        .map(|(value, place)| {
            let mask: BooleanArray = of_row.iter().map(|of_row| Some(*of_row == place)).collect();
            Ok((value, filter_record_batch(batch, &mask)?))
        })
        .collect()
}

impl Rows {
    /// Appends the columns of a slice and returns its sample. The first slice sets the number of rows.
    pub(super) fn take_columns(&mut self, slice: Self) -> RowSample {
        self.rows = slice.rows;
        self.columns.extend(slice.columns);
        for (mine, others) in self.groups.iter_mut().zip(slice.groups) {
            for (value, (rows, columns)) in others {
                let (total, mine) = mine.entry(value).or_default();
                *total = rows;
                mine.extend(columns);
            }
        }
        slice.joint
    }

    /// Joins the samples of the slices.
    pub(super) fn take_sample(&mut self, slices: &[(Vec<usize>, RowSample)]) {
        self.joint = self.joint.side_by_side(slices);
    }

    /// Adds the rows of another part of the same query.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        merge_columns(&mut self.columns, &other.columns);
        self.joint.merge(&other.joint);
        for (mine, others) in self.groups.iter_mut().zip(other.groups) {
            for (value, (rows, columns)) in others {
                let full = mine.len() >= GroupBy::MOST_GROUPS && !mine.contains_key(&value);
                match mine.get_mut(&value.clone().filter(|_| !full)) {
                    Some((total, into)) => {
                        *total += rows;
                        merge_columns(into, &columns);
                    }
                    None => _ = mine.insert(value.filter(|_| !full), (rows, columns)),
                }
            }
        }
    }

    /// Returns the counts. In each group, named values come first, in the order of their names; all others come last.
    pub(crate) fn into_counts(self) -> WindowCounts {
        let groups = self.groups.into_iter().map(|mut group| {
            let others = group.remove(&None).map(|counts| (None, counts));
            let groups = group.into_iter().chain(others);
            groups
                .map(|(value, (rows, columns))| GroupCounts { value, rows, columns })
                .collect()
        });
        WindowCounts {
            rows: self.rows,
            columns: self.columns,
            groups: groups.collect(),
            joint: (self.joint.columns() > 0).then_some(self.joint),
            ..WindowCounts::default()
        }
    }
}

fn merge_columns(into: &mut [ColumnCounts], from: &[ColumnCounts]) {
    into.iter_mut().zip(from).for_each(|(into, from)| into.merge(from));
}

/// Returns the rows of a batch that the mask selects; `None` if there are none.
pub(crate) fn keep(batch: &RecordBatch, mask: &BooleanArray) -> Result<Option<RecordBatch>, ArrowError> {
    match mask.true_count() {
        0 => Ok(None),
        all if all == batch.num_rows() => Ok(Some(batch.clone())),
        _ => filter_record_batch(batch, mask).map(Some),
    }
}
