//! Why a command could not do what it was asked.

use std::fmt;

/// Why a command failed, for people: a line or several.
pub(crate) struct Failure {
    line: String,
    is_usage: bool,
}

impl Failure {
    pub(crate) fn new(line: impl ToString) -> Self {
        Self {
            line: line.to_string(),
            is_usage: false,
        }
    }

    /// The command line is wrong, and nothing was tried.
    pub(crate) fn usage(line: impl ToString) -> Self {
        Self {
            line: line.to_string(),
            is_usage: true,
        }
    }

    /// Whether the command line is wrong.
    pub(crate) fn is_usage(&self) -> bool {
        self.is_usage
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
