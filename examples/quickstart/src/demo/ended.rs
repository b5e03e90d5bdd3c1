//! Why the demo ends before its time.

use flights::error::Failure;

/// Why the demo ends before its time.
#[derive(Debug)]
pub enum Ended {
    /// Whoever read its output reads no more, as `head` does after its last line.
    Unread,
    /// Something fails.
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
