//! What can stop the demo: one line that names the culprit and the mend.

use std::fmt;

/// A failure, told in one line.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// With the line to show.
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
