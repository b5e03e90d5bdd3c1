//! What a column of a table holds.

use arrow::datatypes::DataType;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integers, floats, decimals, or texts of a CSV file that are numbers.
    Numeric,
    /// Booleans, which are 0 and 1 where numbers are wanted and `false` and `true` where categories are.
    Boolean,
    /// Texts.
    Categorical,
    /// Times, lists and whatever else is neither.
    Other,
    /// No value in any row.
    Empty,
}

impl Kind {
    /// What a type holds.
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Empty,
            DataType::Boolean => Self::Boolean,
            numeric if numeric.is_numeric() => Self::Numeric,
            string if string.is_string() => Self::Categorical,
            DataType::Dictionary(_, values) => Self::of(values),
            _ => Self::Other,
        }
    }
}
