//! What was read of each column.

use std::fmt;

use modelwatch_drift::baseline::Baseline;

use super::error::TrainingWarning;

/// What a column is taken for.
/// The example of [`TrainingOptions`] has one.
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

/// One column of the reference.
/// The example of [`TrainingOptions`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// Its name, without the prediction log's prefix.
    pub name: String,
    /// What it is taken for.
    pub kind: ColumnKind,
    /// Rows with a value.
    pub rows: u64,
    /// Rows without one.
    pub missing: u64,
    /// How many different values there are.
    pub distinct: u64,
    /// The least value, or the least category by its text.
    pub least: String,
    /// The largest value, or the largest category by its text.
    pub largest: String,
}

/// A baseline, and what to know of it.
/// The example of [`TrainingOptions`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained {
    /// The baseline.
    pub baseline: Baseline,
    /// What was read of each column that is in it, in the order of the files.
    pub columns: Vec<ColumnSummary>,
    /// What may not be meant so.
    pub warnings: Vec<TrainingWarning>,
}

/// The columns as a table: name, kind, rows, missing, distinct, least, largest.
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

/// As much of a text as a table has room for.
fn short(text: &str) -> String {
    const MOST: usize = 24;
    let text = &text.replace(|letter: char| letter.is_control(), " ");
    match text.chars().count() <= MOST {
        true => text.to_owned(),
        false => text.chars().take(MOST - 1).chain(['…']).collect(),
    }
}
