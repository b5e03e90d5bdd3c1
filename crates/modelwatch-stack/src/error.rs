//! Why nothing was generated.

use std::fmt;

/// Something of the stack could not be made; says which part and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateError {
    /// The part, such as the name of a rule.
    part: String,
    why: String,
}

impl GenerateError {
    pub(crate) fn new(part: impl Into<String>, why: impl fmt::Display) -> Self {
        Self {
            part: part.into(),
            why: why.to_string(),
        }
    }
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; this is a fault of modelwatch: please report it with your modelwatch.toml",
            self.part, self.why
        )
    }
}

impl std::error::Error for GenerateError {}
