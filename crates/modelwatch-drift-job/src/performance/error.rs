//! Explains why performance can't be measured.

use std::fmt;
use std::time::Duration;

use modelwatch_performance::{CannotEstimate, ClassesError, Unmergeable};

use crate::engine::EngineError;

/// Says which files an error is about.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Files {
    /// The labelled predictions to learn from.
    Reference,
    /// The predictions.
    Predictions,
    /// The labels, if they lie elsewhere.
    Outcomes,
}

impl Files {
    /// Returns the name used in metrics and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Predictions => "predictions",
            Self::Outcomes => "outcomes",
        }
    }
}

/// Explains why performance can't be measured.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum PerformanceError {
    /// Files can't be found or read.
    Files {
        /// The files.
        of: Files,
        /// What went wrong.
        error: EngineError,
    },
    /// The run took longer than this timeout.
    Timeout(Duration),
    /// A file lacks a column.
    Column {
        /// The files.
        of: Files,
        /// The file.
        file: String,
        /// The requested column.
        column: String,
        /// The option to set instead.
        option: &'static str,
        /// The columns that the file has.
        has: Vec<String>,
    },
    /// A column has values that are neither texts, numbers nor booleans.
    ColumnType {
        /// The files.
        of: Files,
        /// The file or table.
        file: String,
        /// The requested column.
        column: String,
        /// The option to set instead.
        option: &'static str,
        /// The type of its values, if known.
        holds: Option<String>,
    },
    /// Rows could not be spooled to disk.
    Spool(std::io::Error),
    /// The reference has no labels.
    NoLabels,
    /// The labels have two classes, and nothing says which one is positive.
    Positive {
        /// The classes of the labels.
        classes: Vec<String>,
        /// The class that was named as positive, which is not among them.
        named: Option<String>,
    },
    /// The labels have more than two classes, and there is a single score.
    ManyClasses {
        /// Some of the classes of the labels.
        classes: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The labels do not make a classification.
    Classes(ClassesError),
    /// This kind of model needs an option that is not set.
    Missing {
        /// What is needed.
        what: &'static str,
        /// The option to set.
        option: &'static str,
    },
    /// Nothing can be learned from the reference.
    Reference(CannotEstimate),
    /// The counts have different classes, which a single reader never produces.
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
