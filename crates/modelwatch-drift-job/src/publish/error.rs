//! Explains why a page could not be published.

use std::fmt;

/// Names the destination and the problem.
/// The example of [`Textfile`](crate::publish::Textfile) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// The URL or the path.
    pub target: String,
    /// What went wrong and, if known, how to fix it.
    pub problem: String,
}

impl PublishError {
    pub(super) fn new(target: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self {
            target: target.to_string(),
            problem: problem.to_string(),
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.problem)
    }
}

impl std::error::Error for PublishError {}
