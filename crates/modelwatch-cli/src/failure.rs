//! Why a command could not do what it was asked.

use std::fmt;

/// Why a command failed, for people: a line or several.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(line: impl ToString) -> Self {
        Self(line.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
