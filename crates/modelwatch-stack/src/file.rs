//! What a generator makes.

/// A file of the stack.
/// The example of [`Written`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below `monitoring/`, with slashes.
    pub path: String,
    /// Everything in it.
    pub contents: String,
}

impl File {
    /// A file.
    #[must_use]
    pub fn new(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            contents: contents.into(),
        }
    }
}
