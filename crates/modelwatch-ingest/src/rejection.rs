//! Why a record can't be a row of the log.

use std::fmt;

/// The kind of fault. The metric counts it, and the dead letter names it.
/// # Example: the names that metric and dead letters have
///
/// ```
/// use modelwatch_ingest::Reason;
///
/// assert!(Reason::ALL.iter().any(|reason| reason.name() == "malformed"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The record is not in the declared format.
    Malformed,
    /// The record has no value, such as a tombstone of a compacted topic.
    Empty,
    /// The record is longer than the limit.
    TooLarge,
    /// A required field is missing.
    MissingField,
    /// A field's value has another type.
    WrongType,
    /// A time is outside of the years 1 to 9999.
    Time,
    /// The model's name can't be a folder.
    ModelName,
    /// The record has more features than a row may have.
    TooManyFeatures,
    /// The registry does not have its schema, or the schema is invalid.
    Schema,
}

impl Reason {
    /// Every reason, in the order of the metrics page.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::Empty,
        Self::TooLarge,
        Self::MissingField,
        Self::WrongType,
        Self::Time,
        Self::ModelName,
        Self::TooManyFeatures,
        Self::Schema,
    ];

    /// Returns the value of the label `reason`, which is also the name in a dead letter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::Time => "time",
            Self::ModelName => "model_name",
            Self::TooManyFeatures => "too_many_features",
            Self::Schema => "schema",
        }
    }
}

/// Why a record is refused, and what to do about it.
/// # Example: what a dead letter says
///
/// ```
/// use modelwatch_ingest::{Reason, Rejection};
///
/// let rejection = Rejection {
///     reason: Reason::WrongType,
///     field: Some("score".to_owned()),
///     problem: "is a text; send a number".to_owned(),
/// };
/// assert_eq!(rejection.to_string(), r#""score" is a text; send a number"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The kind of fault.
    pub reason: Reason,
    /// The faulty field, if there is one.
    pub field: Option<String>,
    /// What is wrong, in one line.
    pub problem: String,
}

/// The longest field name, in bytes, that a message repeats: it comes from the sender.
const SHOWN_BYTES: usize = 80;

impl Rejection {
    pub(crate) fn new(reason: Reason, problem: impl Into<String>) -> Self {
        Self {
            reason,
            field: None,
            problem: problem.into(),
        }
    }

    pub(crate) fn of_field(reason: Reason, field: &str, problem: impl Into<String>) -> Self {
        let end = (0..=field.len().min(SHOWN_BYTES)).rev();
        let end = end.into_iter().find(|end| field.is_char_boundary(*end));
        Self {
            reason,
            field: Some(field[..end.unwrap_or(0)].to_owned()),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field:?} {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for Rejection {}
