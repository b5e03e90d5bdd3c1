//! Why performance can't be told.

use std::fmt;
use std::time::Duration;

use modelwatch_performance::{CannotEstimate, ClassesError, Unmergeable};

use crate::engine::EngineError;

/// Which files.
/// The example of [`PerformanceOptions`] has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Files {
    /// The labelled predictions to learn from.
    Reference,
    /// The predictions.
    Predictions,
    /// The labels that lie elsewhere.
    Outcomes,
}

impl Files {
    /// Returns their name in metrics and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Predictions => "predictions",
            Self::Outcomes => "outcomes",
        }
    }
}

/// Why performance can't be told.
/// The example of [`PerformanceOptions`] has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum PerformanceError {
    /// Files that cannot be found or read.
    Files {
        /// Which.
        of: Files,
        /// What is wrong with them.
        error: EngineError,
    },
    /// It took longer than it may.
    Timeout(Duration),
    /// A column that is not in a file.
    Column {
        /// Which files.
        of: Files,
        /// The file.
        file: String,
        /// The column that is asked for.
        column: String,
        /// What to say in its place.
        option: &'static str,
        /// The columns there are.
        has: Vec<String>,
    },
    /// A column whose values are neither texts nor numbers nor booleans.
    ColumnType {
        /// Which files.
        of: Files,
        /// The file or table.
        file: String,
        /// The column that is asked for.
        column: String,
        /// What to say in its place.
        option: &'static str,
        /// What it holds, where that is known.
        holds: Option<String>,
    },
    /// Rows could not be laid aside on disk.
    Spool(std::io::Error),
    /// The reference has no labels.
    NoLabels,
    /// Two classes, and no word which of them is the positive one.
    Positive {
        /// The classes of the labels.
        classes: Vec<String>,
        /// What was named in their place.
        named: Option<String>,
    },
    /// More than two classes, and a score of one.
    ManyClasses {
        /// Some of the classes of the labels.
        classes: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The labels make no classification.
    Classes(ClassesError),
    /// What is needed for this kind of model.
    Missing {
        /// What.
        what: &'static str,
        /// The option that names it.
        option: &'static str,
    },
    /// Nothing can be learned from the reference.
    Reference(CannotEstimate),
    /// Counts of other classes, which one reader never makes.
    Unmergeable(Unmergeable),
}

impl fmt::Display for PerformanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { of, error } => write!(f, "the {}: {error}", of.name()),
            Self::Timeout(timeout) => write!(
                f,
                "performance took longer than {timeout:?}; raise the timeout, or look at a shorter period"
            ),
            Self::Column {
                of: _,
                file,
                column,
                option,
                has,
            } => write!(
                f,
                "{file} has no column {column:?}; name another with {option}: it has {}",
                has.join(", ")
            ),
            Self::ColumnType {
                of: _,
                file,
                column,
                option,
                holds,
            } => write!(
                f,
                "{file} has {} in the column {column:?}, which {option} names; name one of texts, numbers or booleans, or write it as texts",
                holds.as_deref().unwrap_or("times, lists or bytes"),
            ),
            Self::Spool(error) => write!(
                f,
                "rows cannot be laid aside in {}: {error}; make room there, or set TMPDIR to a folder that has some",
                std::env::temp_dir().display()
            ),
            Self::NoLabels => f.write_str(
                "the reference has no row with a label; name the column of labels with --label, or files whose labels are known",
            ),
            Self::Positive { classes, named: None } => write!(
                f,
                "labels are {} and nothing says which of them is the positive class; name it with --positive",
                classes.join(" and ")
            ),
            Self::Positive {
                classes,
                named: Some(named),
            } => write!(
                f,
                "no label is {named:?}, the positive class by --positive; labels are {}",
                classes.join(" and ")
            ),
            Self::ManyClasses { classes, more } => {
                write!(f, "the labels of the reference are {}", classes.join(", "))?;
                if *more > 0 {
                    write!(f, " and {more} more")?;
                }
                f.write_str(
                    ": more than two, and the score is of one; name the positive one with --positive, a column for each with --probability \
                     CLASS=COLUMN, or --regression where labels are amounts, or take out of the reference what is no label",
                )
            }
            Self::Classes(error) => error.fmt(f),
            Self::Missing { what, option } => write!(f, "there is no {what}; name its column with {option}"),
            Self::Reference(error) => error.fmt(f),
            Self::Unmergeable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PerformanceError {}

impl From<std::io::Error> for PerformanceError {
    fn from(error: std::io::Error) -> Self {
        Self::Spool(error)
    }
}

impl From<CannotEstimate> for PerformanceError {
    fn from(error: CannotEstimate) -> Self {
        Self::Reference(error)
    }
}

impl From<ClassesError> for PerformanceError {
    fn from(error: ClassesError) -> Self {
        Self::Classes(error)
    }
}

impl From<Unmergeable> for PerformanceError {
    fn from(error: Unmergeable) -> Self {
        Self::Unmergeable(error)
    }
}
