//! Holds the answer of an engine.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::{CategoricalCounts, Counts, NumericBins, NumericCounts, NumericSlot};
use modelwatch_drift::sketch::{RowSample, Sample};

use super::left_out::LeftOut;
use super::looked::Looked;
use super::number_text::NumberText;
use super::query::Bins;

/// Holds the counts of one column.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnCounts {
    /// The rows on the column's bins. Values of a different type count as missing.
    pub counts: Counts,
    /// How many of the missing rows have a value of the wrong kind: a text that is not a number, a date, a list.
    pub other_type: u64,
    /// The type of the first of those values, in a word: `text`, `Date32`.
    pub found_type: Option<String>,
}

impl ColumnCounts {
    /// Creates empty counts for these bins.
    #[must_use]
    pub fn new(bins: &Bins) -> Self {
        Self {
            counts: bins.count(),
            other_type: 0,
            found_type: None,
        }
    }

    /// Counts `rows` rows of one text, as a `GROUP BY` returns them. Pass the bins that these counts were made for. On
    /// numeric bins, a text that is a number counts as that number. Any other text counts as missing and as a different
    /// type.
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

    /// Counts rows without a value.
    pub fn add_missing(&mut self, rows: u64) {
        let (Counts::Numeric(NumericCounts { missing, .. }) | Counts::Categorical(CategoricalCounts { missing, .. })) =
            &mut self.counts;
        *missing += rows;
    }

    /// Counts rows as missing whose value has a type that the column can't have.
    pub fn add_other_type(&mut self, found: &str, rows: u64) {
        if rows == 0 {
            return;
        }
        self.add_missing(rows);
        self.other_type += rows;
        self.found_type.get_or_insert_with(|| found.to_owned());
    }

    /// Adds counts made elsewhere on the same bins.
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

/// Counts `rows` rows of one number.
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

/// Holds the counts of one value of a column, or of all other values together.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCounts {
    /// The value, empty if missing; `None` for the rows of all values without their own counts.
    pub value: Option<String>,
    /// The number of its rows.
    pub rows: u64,
    /// The counts, in the order of the query's columns.
    pub columns: Vec<ColumnCounts>,
}

/// Holds the counts of a window.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, Default)]
pub struct WindowCounts {
    /// The number of rows.
    pub rows: u64,
    /// The counts of all rows, in the order of the query's columns.
    pub columns: Vec<ColumnCounts>,
    /// For each [`GroupBy`](super::GroupBy) of the query, the values that have rows, in the order of their names, with
    /// all others last.
    pub groups: Vec<Vec<GroupCounts>>,
    /// A sample of the rows of the query's joint columns, in their order; `None` if the query has none, or the engine
    /// gets counts but no rows.
    pub joint: Option<RowSample>,
    /// The number of files read.
    pub files: usize,
    /// The files and rows that were left out, and why.
    pub left_out: LeftOut,
    /// Columns that some or all files lack, with the window's rows in those files. Every value there counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// The places where the engine looked for rows.
    pub looked: Looked,
}
