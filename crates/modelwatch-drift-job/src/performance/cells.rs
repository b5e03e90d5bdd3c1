//! Cuts columns into cells: the values of a category, the tenths of a number.

use modelwatch_drift::sketch::Sample;

use super::rows::Named;

/// A number with at most this many distinct values is split by value.
const FEW_VALUES: usize = 10;
/// The number of parts that the reference's values are cut into, each with about the same number of rows.
const PARTS: usize = 10;
/// The cell of rows without a value.
const MISSING: &str = "(missing)";

/// Says how a column is cut into cells.
#[derive(Clone, Debug)]
pub(super) enum Cut {
    /// Each value is a cell.
    Values,
    /// Each range is a cell. `edges` are the lower bounds of all ranges but the first, `names` the ranges' names.
    Ranges { edges: Vec<f64>, names: Vec<String> },
}

impl Cut {
    /// Cuts a number at the tenths of the reference's values.
    pub(super) fn of_numbers(sample: &Sample) -> Self {
        let sorted = sample.sorted();
        let distinct = sorted.chunk_by(|one, other| one == other).count();
        if distinct <= FEW_VALUES {
            return Self::Values;
        }
        let mut edges: Vec<f64> = (1..PARTS)
            .filter_map(|part| sample.quantile(part as f64 / PARTS as f64))
            .filter(|edge| sorted.first().is_some_and(|least| edge > least))
            .collect();
        edges.dedup();
        let ranges = edges.windows(2).map(|pair| format!("{} to below {}", pair[0], pair[1]));
        let below = edges.first().map(|first| format!("below {first}"));
        let above = edges.last().map(|last| format!("{last} and more"));
        let names = below.into_iter().chain(ranges).chain(above).collect();
        Self::Ranges { edges, names }
    }

    /// Returns the cell of a value.
    pub(super) fn cell<'a>(&'a self, value: Option<&'a str>) -> &'a str {
        match (self, value) {
            (_, None | Some("")) => MISSING,
            (Self::Values, Some(value)) => value,
            (Self::Ranges { edges, names }, Some(value)) => match value.parse::<f64>() {
                Ok(number) if !number.is_nan() => &names[edges.partition_point(|edge| *edge <= number)],
                _ => MISSING,
            },
        }
    }
}

/// Holds the columns to cut, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    pub(super) columns: Vec<Named>,
    pub(super) cuts: Vec<Cut>,
}

impl Cuts {
    pub(super) fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|named| named.column.as_str()).collect()
    }
}
