//! Why there is no baseline, and what may be wrong with one.

use std::fmt;

use modelwatch_drift::baseline::{BaselineError, HygieneWarning};

use crate::engine::EngineError;

/// A baseline that was made, but may not be what was meant.
/// The example of [`TrainingOptions`] has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingWarning {
    /// A column of times, lists or the like, which was left out.
    NotComparable(String),
    /// A column that can't be a feature, which was left out.
    LeftOut {
        /// Its name.
        column: String,
        /// Why.
        problem: String,
    },
    /// A feature whose name is that of a score, a class, a label, an identifier or a time.
    LooksLike {
        /// Its name.
        column: String,
        /// What it looks like.
        role: Role,
    },
    /// Values that are no numbers, in a column that is taken for numbers; they count as missing.
    NotNumbers {
        /// The column's name.
        column: String,
        /// Rows with such a value.
        rows: u64,
    },
    /// A category of which nearly every row has its own, or whole numbers that are all different and lie evenly, as those that are
    /// given one after the other or at random do.
    Identifies {
        /// The column's name.
        column: String,
        /// How many values there are.
        distinct: u64,
        /// How many rows have one.
        rows: u64,
    },
    /// No column of times is named, so the baseline does not know what is usual for windows of its reference.
    NothingUsual,
    /// The reference itself.
    Hygiene(HygieneWarning),
}

/// What a column may be beside a feature.
/// # Example: a column whose name says that it is no feature
///
/// ```
/// use modelwatch_drift_job::{Role, TrainingWarning};
///
/// let warning = TrainingWarning::LooksLike { column: "customer_id".to_owned(), role: Role::Identifier };
/// assert!(warning.to_string().contains("customer_id"), "{warning}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The model's score.
    Score,
    /// The class that the model predicted.
    Class,
    /// What the model is to predict.
    Label,
    /// What tells rows apart.
    Identifier,
    /// When a row was.
    Time,
}

impl fmt::Display for TrainingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotComparable(column) => write!(
                f,
                "the column {column:?} holds neither numbers nor categories and is left out; say which it is with --numeric or \
                 --categorical if it is a feature"
            ),
            Self::LeftOut { column, problem } => write!(f, "the column {column:?} is left out: {problem}"),
            Self::LooksLike { column, role } => {
                let (what, how) = match role {
                    Role::Score => ("the model's score", format!("--score {column}")),
                    Role::Class => ("the predicted class", format!("--class {column}")),
                    Role::Label => ("the label", format!("--without {column}")),
                    Role::Identifier => ("an identifier", format!("--without {column}")),
                    Role::Time => ("the rows' time", format!("--time {column}")),
                };
                write!(
                    f,
                    "the column {column:?} is taken for a feature and looks like {what}; is it that? Then say {how}, or else \
                     --numeric or --categorical {column}"
                )
            }
            Self::NotNumbers { column, rows } => write!(
                f,
                "the column {column:?} is taken for numbers and has another value in {rows} rows, which count as missing; is it a \
                 category? Then say --categorical {column}"
            ),
            Self::Identifies { column, distinct, rows } => write!(
                f,
                "the column {column:?} has {distinct} values in {rows} rows: it tells rows apart, and every window's will be new; \
                 leave it out with --without {column}, or say --numeric or --categorical {column} if it is a feature"
            ),
            Self::NothingUsual => f.write_str(
                "there is no column of times, so windows of every length have the same threshold, and what differs from day to day \
                 may count as drift; name one with --time",
            ),
            Self::Hygiene(warning) => warning.fmt(f),
        }
    }
}

/// Why there is no baseline.
/// The example of [`TrainingOptions`] has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingError {
    /// A file that is missing or broken.
    Engine(EngineError),
    /// A reference that can be none.
    Baseline(BaselineError),
    /// Columns that can't be what they were asked to be, all of them.
    Columns(Vec<String>),
    /// Columns that were named and are not there.
    NoSuchColumns {
        /// Their names.
        columns: Vec<String>,
        /// Those there are.
        known: Vec<String>,
    },
}

impl From<EngineError> for TrainingError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<BaselineError> for TrainingError {
    fn from(error: BaselineError) -> Self {
        Self::Baseline(error)
    }
}

impl fmt::Display for TrainingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Baseline(error) => error.fmt(f),
            Self::Columns(problems) => f.write_str(&problems.join("\n")),
            Self::NoSuchColumns { columns, known } => {
                let named: Vec<_> = columns.iter().map(|column| format!("{column:?}")).collect();
                write!(
                    f,
                    "the training data has no column {}; it has {}",
                    named.join(" and no column "),
                    known.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for TrainingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Baseline(error) => Some(error),
            Self::Columns(_) | Self::NoSuchColumns { .. } => None,
        }
    }
}
