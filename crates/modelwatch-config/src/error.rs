//! Mistakes in a configuration, and where they are.

use std::fmt;

/// A place in the file. Line and column start from 1.
/// The example of [`ConfigErrors`](crate::ConfigErrors) has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// One mistake: where it is, what is wrong, and how to fix it.
/// The example of [`ConfigErrors`](crate::ConfigErrors) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The path of the file, as the caller named it.
    pub file: String,
    /// Where in the file. Absent when the file can't be read at all.
    pub location: Option<Location>,
    /// The mistake, with its key or value.
    pub what: String,
    /// How to fix it.
    pub fix: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Location { line, column }) = self.location {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}; {}", self.what, self.fix)
    }
}

impl std::error::Error for Mistake {}

/// Every mistake in a configuration, in the order of the file. Never empty.
/// # Example: each mistake has its place and its fix
///
/// ```
/// use modelwatch_config::{Config, ConfigErrors, Location, Mistake};
///
/// let errors: ConfigErrors = Config::parse("modelwatch.toml", "stack = 7").unwrap_err();
/// let of_stack = |mistake: &&Mistake| mistake.what.starts_with("stack");
/// let mistake: &Mistake = errors.as_slice().iter().find(of_stack).expect("a number is no name");
/// assert!(matches!(mistake.location, Some(Location { line: 1, column: 9, .. })));
/// assert!(mistake.to_string().starts_with("modelwatch.toml:1:9: stack"), "{mistake}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub(crate) Vec<Mistake>);

impl ConfigErrors {
    /// Returns the mistakes.
    #[must_use]
    pub fn as_slice(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
