//! What a run did, for whoever asked for it.

/// What a run did.
/// The example of [`Compaction`] has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Hours of models that were looked at.
    pub hours: usize,
    /// Files that were merged.
    pub merged: usize,
    /// Files that they became.
    pub into: usize,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of the merged files.
    pub bytes_before: u64,
    /// Bytes of what they became.
    pub bytes_after: u64,
    /// Files that a run before had merged, and was ended before it could remove them.
    pub left_behind: usize,
    /// Files that were left as they are, and why: a sentence that begins with the file.
    pub left: Vec<String>,
}
