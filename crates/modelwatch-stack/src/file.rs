//! The output of a generator.

/// A file of the stack.
/// The example of [`Written`](crate::on_disk::Written) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path below `monitoring/`, with slashes.
    pub path: String,
    /// The whole contents.
    pub contents: String,
}

impl File {
    /// Makes a file.
    #[must_use]
    pub fn new(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            contents: contents.into(),
        }
    }
}
