//! Explains why there is no baseline, and what may be wrong with one.

use std::fmt;

use modelwatch_drift::baseline::{BaselineError, HygieneWarning};
use modelwatch_drift::names::nearest;

use crate::engine::EngineError;

/// Warns about a baseline that was built but may not be the intended one.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingWarning {
    /// A column of times, lists or the like was left out.
    NotComparable(String),
    /// A column of texts that are all times was left out: every window's times are new.
    Times(String),
    /// A column of texts has numbers with commas, such as `3,5`. They count as categories.
    NumbersWithCommas(String),
    /// A column that can't be a feature was left out.
    LeftOut {
        /// The column's name.
        column: String,
        /// The reason.
        problem: String,
    },
    /// A feature has the name of a score, a class, a label, an identifier or a time.
    LooksLike {
        /// The feature's name.
        column: String,
        /// What it looks like.
        role: Role,
    },
    /// A numeric column has values that are not numbers. They count as missing.
    NotNumbers {
        /// The column's name.
        column: String,
        /// The number of rows with such a value.
        rows: u64,
    },
    /// A column of at least 1,000 rows looks like an identifier: it has at least half as many categories as rows, or whole
    /// numbers of which at most one in a thousand repeats, evenly spread, like serial or random numbers.
    Identifies {
        /// The column's name.
        column: String,
        /// The number of distinct values.
        distinct: u64,
        /// The number of rows with a value.
        rows: u64,
    },
    /// No column of times is named, so the baseline does not know how far windows of its reference usually stray.
    NothingUsual,
    /// The reference itself may be wrong.
    Hygiene(HygieneWarning),
}

/// Says what a column may be other than a feature.
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
    /// What the model should predict.
    Label,
    /// An identifier of rows.
    Identifier,
    /// The time of a row.
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
            Self::Times(column) => write!(
                f,
                "the column {column:?} holds times and is left out; say --time {column} if each row happened then, or \
                 --categorical {column} if it is a feature"
            ),
            Self::NumbersWithCommas(column) => write!(
                f,
                "the column {column:?} has numbers with commas, which count as categories; write 3.5 for 3,5, or say \
                 --categorical {column} if they are categories"
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
                    "the column {column:?} counts as a feature and has the name of {what}; say {how} if it is that, or --numeric \
                     or --categorical {column} if it is a feature"
                )
            }
            Self::NotNumbers { column, rows } => write!(
                f,
                "the column {column:?} counts as numbers and has another value in {rows} rows, which count as missing; say \
                 --categorical {column} if it holds categories"
            ),
            Self::Identifies { column, distinct, rows } => write!(
                f,
                "the column {column:?} has {distinct} different values in {rows} rows, as an identifier has, and most values of \
                 every window will be new; leave it out with --without {column}, or say --numeric or --categorical {column} if \
                 it is a feature"
            ),
            Self::NothingUsual => f.write_str(
                "no column of times is named, so what usually differs from day to day may count as drift; name one with --time \
                 if there is one",
            ),
            Self::Hygiene(warning) => warning.fmt(f),
        }
    }
}

/// Explains why there is no baseline.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingError {
    /// A file is missing or broken.
    Engine(EngineError),
    /// The reference is unusable.
    Baseline(BaselineError),
    /// Columns can't be what you asked for. Lists all of them.
    Columns(Vec<String>),
    /// Columns that you named do not exist.
    NoSuchColumns {
        /// Their names.
        columns: Vec<String>,
        /// The columns that exist.
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
                write!(f, "the training data has no column {}; ", named.join(" and no column "))?;
                let nearest = |column: &String| nearest(column, known.iter().map(String::as_str), 0);
                let meant: Option<Vec<_>> = columns.iter().map(nearest).collect();
                match meant {
                    Some(meant) => write!(f, "did you mean {}?", meant.join(" and ")),
                    None => write!(f, "it has {}", known.join(", ")),
                }
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
