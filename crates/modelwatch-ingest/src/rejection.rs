//! Why a record can't be a row of the log.

use std::fmt;

/// The kind of fault, which a metric counts and a dead letter names.
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
    /// It is not in the format that was declared.
    Malformed,
    /// It has no value, as a tombstone of a compacted topic.
    Empty,
    /// It is longer than is taken.
    TooLarge,
    /// What every row has is not there.
    MissingField,
    /// A field has a value of another type.
    WrongType,
    /// A time outside of the years 1 to 9999.
    Time,
    /// The model's name makes no folder.
    ModelName,
    /// It has more features than a row may have.
    TooManyFeatures,
    /// The registry does not have its schema, or the schema is none.
    Schema,
}

impl Reason {
    /// Every reason, in the order of the metric's page.
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

    /// Returns the name in the label `reason` and in a dead letter.
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

/// A record that is refused: why, and what to do.
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
    /// The field that is at fault, where one is.
    pub field: Option<String>,
    /// What is wrong, in a line.
    pub problem: String,
}

/// Longest name of a field, in bytes, that a line repeats: it comes from whoever sent the record.
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
