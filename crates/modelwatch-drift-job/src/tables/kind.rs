//! Classifies the values of a table's column.

use arrow_schema::DataType;

/// Classifies the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integers, floats, decimals, or texts of a CSV file that are numbers.
    Numeric,
    /// Booleans: 0 and 1 as numbers, `false` and `true` as categories.
    Boolean,
    /// Texts.
    Categorical,
    /// Times, lists and anything else that is neither.
    Other,
    /// No row has a value.
    Empty,
}

impl Kind {
    /// Returns the kind of a type.
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
