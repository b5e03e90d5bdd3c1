//! Why generating failed.

use std::fmt;

/// A part of the stack could not be generated. The message says which part, and why.
/// # Example: a change to an alert that does not exist
///
/// ```
/// use modelwatch_stack::{GenerateError, rules::Rules};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml"));
/// let text = format!("{text}\n[alerts.MLInferenceHighErrorRates]\nenabled = false\n");
/// let config = modelwatch_config::Config::parse("modelwatch.toml", &text)?;
/// let error: GenerateError = Rules::new(&config).unwrap_err();
/// assert!(error.to_string().contains("MLInferenceHighErrorRates"), "{error}");
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerateError(Cause);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    /// A part, such as a rule, in which modelwatch has a bug.
    Ours { part: String, why: String },
    /// A mistake in the file that only this crate can find.
    Mistake(String),
}

impl GenerateError {
    pub(crate) fn new(part: impl Into<String>, why: impl fmt::Display) -> Self {
        Self(Cause::Ours {
            part: part.into(),
            why: why.to_string(),
        })
    }

    /// Makes an error from a mistake, with its place and its fix.
    pub(crate) fn mistake(what: String) -> Self {
        Self(Cause::Mistake(what))
    }
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Ours { part, why } => write!(
                f,
                "{part}: {why}; this is a fault of modelwatch: please report it with your modelwatch.toml"
            ),
            Cause::Mistake(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for GenerateError {}
