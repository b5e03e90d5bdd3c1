//! Reports the result of a run.

/// Reports the result of a run.
/// The example of [`Compaction`](crate::Compaction) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// The number of hours, over all models, that the run checked.
    pub hours: usize,
    /// The number of files merged.
    pub merged: usize,
    /// The number of files that they became.
    pub into: usize,
    /// The number of rows in those.
    pub rows: u64,
    /// The size of the merged files in bytes.
    pub bytes_before: u64,
    /// The size in bytes of the files that they became.
    pub bytes_after: u64,
    /// The number of files that an earlier run had merged but was killed before it could remove.
    pub left_behind: usize,
    /// The files that were left as they are, with the reason: a sentence that begins with the file.
    pub left: Vec<String>,
}
