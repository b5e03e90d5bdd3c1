//! What an engine answers.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::{CategoricalCounts, Counts, NumericBins, NumericCounts, NumericSlot};
use modelwatch_drift::sketch::{RowSample, Sample};

use super::left_out::LeftOut;
use super::looked::Looked;
use super::number_text::NumberText;
use super::query::Bins;

/// What was counted of one column.
/// The example of [`Engine`] has one.
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
    /// Returns no rows yet, on these bins.
    #[must_use]
    pub fn new(bins: &Bins) -> Self {
        Self {
            counts: bins.count(),
            other_type: 0,
            found_type: None,
        }
    }

    /// Counts so many rows of one text, as a `GROUP BY` gives them, on the bins that the counts were made for. Where numbers belong, a
    /// text that is a number counts as one; one that is none counts as missing and of another type.
    pub fn add_text(&mut self, bins: &Bins, text: Option<&str>, rows: u64) {
        match (&mut self.counts, bins) {
            (Counts::Categorical(counts), Bins::Categorical(bins)) => counts.add_rows(bins, text, rows),
            (Counts::Numeric(counts), Bins::Numeric(bins)) => match text.map_or(NumberText::NoValue, NumberText::of) {
                NumberText::NoValue => counts.missing += rows,
                NumberText::NoNumber => self.add_other_type("text", rows),
                NumberText::Number(number) => counts.merge(&of_one_number(bins, number, rows)),
            },
            _ => {}
        }
    }

    /// Counts so many rows without a value.
    pub fn add_missing(&mut self, rows: u64) {
        let (Counts::Numeric(NumericCounts { missing, .. }) | Counts::Categorical(CategoricalCounts { missing, .. })) =
            &mut self.counts;
        *missing += rows;
    }

    /// Counts so many rows as missing whose value is of a type that the column can't be.
    pub fn add_other_type(&mut self, found: &str, rows: u64) {
        if rows == 0 {
            return;
        }
        self.add_missing(rows);
        self.other_type += rows;
        self.found_type.get_or_insert_with(|| found.to_owned());
    }

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

/// So many rows of one number.
fn of_one_number(bins: &NumericBins, number: f64, rows: u64) -> NumericCounts {
    let mut counts = bins.count();
    let place = match bins.slot(Some(number)) {
        NumericSlot::Below => &mut counts.below,
        NumericSlot::Above => &mut counts.above,
        NumericSlot::Missing => &mut counts.missing,
        NumericSlot::Bin(bin) => &mut counts.bins[bin],
    };
    *place += rows;
    if number.is_finite() {
        (counts.least, counts.largest) = (Some(number), Some(number));
        counts.sample = Sample::from_parts(Vec::new(), rows, number * rows as f64);
    }
    counts
}

/// The rows of one value of a column, or of all rows together.
/// The example of [`Engine`] has one.
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
/// The example of [`Engine`] has one.
#[derive(Clone, Debug, Default)]
pub struct WindowCounts {
    /// All rows.
    pub rows: u64,
    /// All rows, in the order of the query's columns.
    pub columns: Vec<ColumnCounts>,
    /// For each [`GroupBy`](super::GroupBy) of the query the values that have rows, in the order of their names, all others
    /// last.
    pub groups: Vec<Vec<GroupCounts>>,
    /// A sample of the rows of the query's joint columns, in their order; nothing where none is asked for, and from an engine that gets
    /// counts and no rows.
    pub joint: Option<RowSample>,
    /// Files that were read.
    pub files: usize,
    /// What was left out, and why.
    pub left_out: LeftOut,
    /// Columns that some files, or all, do not have, with the window's rows in those files: there every value counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// Where rows were looked for.
    pub looked: Looked,
}
