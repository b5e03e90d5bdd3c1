//! Records which files and rows a window's counts leave out, and why.

use std::collections::BTreeMap;
use std::fmt;

/// Explains why a file or rows were not counted.
/// The example of [`LeftOut`](crate::engine::LeftOut) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The file is empty: 0 bytes.
    Empty,
    /// The file is not what its reader expects, or fails while it is read.
    Broken,
    /// The file has a format that this release does not read.
    OtherFormat,
    /// The file belongs to another model.
    OtherModel,
    /// The file has none of the query's columns: it belongs to another table.
    OtherColumns,
    /// The file has no column of times, or rows have no time.
    NoTime,
    /// The file can't be read for lack of permission, or its storage fails.
    Unreadable,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Empty,
        Self::Broken,
        Self::OtherFormat,
        Self::OtherModel,
        Self::OtherColumns,
        Self::NoTime,
        Self::Unreadable,
    ];

    /// Returns the name, as in the label `reason`: `empty`, `broken`, `other_format`, `other_model`, `other_columns`,
    /// `no_time`, `unreadable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Broken => "broken",
            Self::OtherFormat => "other_format",
            Self::OtherModel => "other_model",
            Self::OtherColumns => "other_columns",
            Self::NoTime => "no_time",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Describes a file that was left out.
/// The example of [`LeftOut`](crate::engine::LeftOut) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutFile {
    /// The file's address.
    pub file: String,
    /// The reason, in a word.
    pub reason: Reason,
    /// The reason, as a sentence that continues the address.
    pub problem: String,
    /// The number of its rows, if its footer says so.
    pub rows: Option<u64>,
}

impl fmt::Display for LeftOutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.problem)
    }
}

/// Lists the files and rows that were left out.
/// # Example: files and rows by the reason why they are left out
///
/// ```
/// use modelwatch_drift_job::engine::{LeftOut, LeftOutFile, Reason};
///
/// let file = LeftOutFile {
///     file: "part-7.parquet".to_owned(),
///     reason: Reason::Broken,
///     problem: "ends in the middle of a page".to_owned(),
///     rows: None,
/// };
/// assert_eq!(file.to_string(), "part-7.parquet ends in the middle of a page");
/// let left_out = LeftOut { files: vec![file], rows_without_time: 12 };
/// assert_eq!(left_out.files_by_reason()[&Reason::Broken], 1);
/// assert_eq!(left_out.rows_by_reason()[&Reason::NoTime], 12);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The files, in the order of their addresses.
    pub files: Vec<LeftOutFile>,
    /// The number of rows without a time, in files that were read.
    pub rows_without_time: u64,
}

impl LeftOut {
    /// Returns the number of files left out for each reason, including reasons with none.
    #[must_use]
    pub fn files_by_reason(&self) -> BTreeMap<Reason, u64> {
        let mut by_reason = BTreeMap::new();
        for file in &self.files {
            *by_reason.entry(file.reason).or_insert(0) += 1;
        }
        by_reason
    }

    /// Returns the number of rows left out for each reason, as far as it is known.
    #[must_use]
    pub fn rows_by_reason(&self) -> BTreeMap<Reason, u64> {
        let mut by_reason = BTreeMap::new();
        let of_files = self.files.iter().filter_map(|file| Some((file.reason, file.rows?)));
        for (reason, rows) in of_files.chain([(Reason::NoTime, self.rows_without_time)]) {
            if rows > 0 {
                *by_reason.entry(reason).or_insert(0) += rows;
            }
        }
        by_reason
    }
}
