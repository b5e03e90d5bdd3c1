//! Summarizes what was read of each column.

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, StringArray};
use modelwatch_drift::baseline::Baseline;

use super::error::TrainingWarning;
use crate::counting::as_times;

/// Says how a column is read.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Numeric,
    /// Categories.
    Categorical,
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
        })
    }
}

/// Summarizes one column of the reference.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// Its name, without the prediction log's prefix.
    pub name: String,
    /// How the column is read.
    pub kind: ColumnKind,
    /// The number of rows with a value.
    pub rows: u64,
    /// The number of rows without a value.
    pub missing: u64,
    /// The number of distinct values.
    pub distinct: u64,
    /// The minimum value, or the first category by its text.
    pub least: String,
    /// The maximum value, or the last category by its text.
    pub largest: String,
}

impl ColumnSummary {
    /// Returns whether the texts of a column are times or dates. Its first and its last text say so.
    pub(super) fn has_times(&self) -> bool {
        let ends: ArrayRef = Arc::new(StringArray::from(vec![&*self.least, &*self.largest]));
        as_times(&ends).is_ok_and(|times| times.null_count() == 0)
    }

    /// Returns whether the texts of a column are numbers in which a comma is, such as `3,5`. Its first and its last text say so.
    pub(super) fn has_numbers_with_commas(&self) -> bool {
        let is_one = |text: &str| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            digits.contains(',')
                && digits
                    .split(',')
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        is_one(&self.least) && is_one(&self.largest)
    }
}

/// Holds a baseline, and what to know about it.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained {
    /// The baseline.
    pub baseline: Baseline,
    /// A summary of each column in the baseline, in the order of the files.
    pub columns: Vec<ColumnSummary>,
    /// Signs that the baseline may not be the intended one.
    pub warnings: Vec<TrainingWarning>,
}

/// Formats the columns as a table: name, kind, rows, missing, distinct, least, largest.
impl fmt::Display for Trained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEAD: [&str; 7] = ["column", "kind", "rows", "missing", "distinct", "least", "largest"];
        let row = |column: &ColumnSummary| {
            [
                column.name.clone(),
                column.kind.to_string(),
                column.rows.to_string(),
                column.missing.to_string(),
                column.distinct.to_string(),
                short(&column.least),
                short(&column.largest),
            ]
        };
        let rows: Vec<_> = [HEAD.map(str::to_owned)]
            .into_iter()
            .chain(self.columns.iter().map(row))
            .collect();
        for row in &rows {
            let mut line = String::new();
            for (place, cell) in row.iter().enumerate() {
                let width = rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0);
                line += &match place {
                    2..=4 => format!("  {cell:>width$}"),
                    _ => format!("  {cell:<width$}"),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Shortens a text to fit into a table.
fn short(text: &str) -> String {
    const MOST: usize = 24;
    let text = &text.replace(|letter: char| letter.is_control(), " ");
    match text.chars().count() <= MOST {
        true => text.to_owned(),
        false => text.chars().take(MOST - 1).chain(['…']).collect(),
    }
}
