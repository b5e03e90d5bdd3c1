//! What an engine answers.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::Counts;

use super::left_out::LeftOut;
use super::looked::Looked;

/// What was counted of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnCounts {
    /// Rows on the column's bins. Values of another type are counted as missing.
    pub counts: Counts,
    /// How many of the missing rows have a value, but one that is not of the column's kind: a text that is no number, a date, a list.
    pub other_type: u64,
    /// The type that the first of those values has, in a word: `text`, `Date32`.
    pub found_type: Option<String>,
}

impl ColumnCounts {
    /// Adds what was counted elsewhere on the same bins.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.counts, &other.counts) {
            (Counts::Numeric(mine), Counts::Numeric(others)) => mine.merge(others),
            (Counts::Categorical(mine), Counts::Categorical(others)) => mine.merge(others),
            _ => return,
        }
        self.other_type += other.other_type;
        if self.found_type.is_none() {
            self.found_type.clone_from(&other.found_type);
        }
    }
}

/// The rows of one value of a column, or of all rows together.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCounts {
    /// The value, empty where it is missing; nothing for the rows of all values that have no counts of their own.
    pub value: Option<String>,
    /// Its rows.
    pub rows: u64,
    /// In the order of the query's columns.
    pub columns: Vec<ColumnCounts>,
}

/// What a window holds.
#[derive(Clone, Debug, Default)]
pub struct WindowCounts {
    /// All rows.
    pub rows: u64,
    /// All rows, in the order of the query's columns.
    pub columns: Vec<ColumnCounts>,
    /// For each [`GroupBy`](super::GroupBy) of the query the values that have rows, in the order of their names, all others
    /// last.
    pub groups: Vec<Vec<GroupCounts>>,
    /// Files that were read.
    pub files: usize,
    /// What was left out, and why.
    pub left_out: LeftOut,
    /// Columns that some files, or all, do not have, with the rows of those files: there every value counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// Where rows were looked for.
    pub looked: Looked,
}
