//! What a window's counts do not have, and why.

use std::collections::BTreeMap;
use std::fmt;

/// Why a file or rows are not among those that were counted.
/// The example of [`LeftOut`] has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// A file without a byte.
    Empty,
    /// A file that is not what its reader expects, or breaks while it is read.
    Broken,
    /// A file of a format that this release does not read.
    OtherFormat,
    /// A file of another model.
    OtherModel,
    /// A file that has none of the columns that are looked for: it is of another table.
    OtherColumns,
    /// A file without a column of times, or rows without a time.
    NoTime,
    /// A file that may not be read, or whose storage fails.
    Unreadable,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Empty,
        Self::Broken,
        Self::OtherFormat,
        Self::OtherModel,
        Self::OtherColumns,
        Self::NoTime,
        Self::Unreadable,
    ];

    /// Returns its name, as the label `reason` has it: `empty`, `broken`, `other_format`, `other_model`, `other_columns`,
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

/// A file that was left out.
/// The example of [`LeftOut`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutFile {
    /// Its address.
    pub file: String,
    /// Why, in a word.
    pub reason: Reason,
    /// Why, in a sentence: it follows the address.
    pub problem: String,
    /// Its rows, where its footer says.
    pub rows: Option<u64>,
}

impl fmt::Display for LeftOutFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.problem)
    }
}

/// Files and rows that were left out.
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
    /// Files, in the order of their addresses.
    pub files: Vec<LeftOutFile>,
    /// Rows without a time, in files that were read.
    pub rows_without_time: u64,
}

impl LeftOut {
    /// Returns how many files were left out for each reason, none left out.
    #[must_use]
    pub fn files_by_reason(&self) -> BTreeMap<Reason, u64> {
        let mut by_reason = BTreeMap::new();
        for file in &self.files {
            *by_reason.entry(file.reason).or_insert(0) += 1;
        }
        by_reason
    }

    /// Returns how many rows were left out for each reason, as far as that is known.
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
