//! Warns about a window's rows and files.

use std::fmt;

use modelwatch_log_format::columns::feature_name;

use crate::engine::{LeftOutFile, Looked};
use crate::subject::Subject;

/// Warns about a window's rows or files. Displays as one sentence.
///
/// # Example: rows without a time
///
/// ```
/// use modelwatch_drift_job::Warning;
///
/// let warning = Warning::RowsWithoutTime(2);
/// assert_eq!(warning.to_string(), "left out: 2 rows without a time");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Warning<'a> {
    /// The window has no rows. Holds where they were looked for.
    NoRows(&'a Looked),
    /// A file was left out.
    File(&'a LeftOutFile),
    /// So many rows were left out because they have no time.
    RowsWithoutTime(u64),
    /// Some files lack a column.
    Absent {
        /// The column.
        column: &'a str,
        /// The number of their rows.
        rows: u64,
    },
    /// Values have another type than the baseline's.
    OtherType {
        /// The feature, the score or the classes.
        subject: &'a Subject,
        /// The number of rows with such a value.
        rows: u64,
    },
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoRows(looked) => write!(f, "no rows: {looked}"),
            Self::File(file) => write!(f, "left out: {file}"),
            Self::RowsWithoutTime(1) => f.write_str("left out: 1 row without a time"),
            Self::RowsWithoutTime(rows) => write!(f, "left out: {rows} rows without a time"),
            Self::Absent { column, rows } => {
                let column = feature_name(column).unwrap_or(column);
                let rows = in_rows(rows);
                write!(
                    f,
                    "the column {column:?} is not there in {rows} missing; is the baseline of another release?"
                )
            }
            Self::OtherType { subject, rows } => write!(
                f,
                "{subject} has values of another type than the baseline's in {} missing; does the service log it as it was in training?",
                in_rows(rows)
            ),
        }
    }
}

/// Formats a number of rows, followed by the verb for what they count as.
fn in_rows(rows: u64) -> String {
    match rows {
        1 => "1 row, which counts as".to_owned(),
        _ => format!("{rows} rows, which count as"),
    }
}
