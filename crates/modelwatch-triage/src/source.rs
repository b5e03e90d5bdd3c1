//! Where counts come from: Prometheus, or another implementation that answers a [`Question`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Answers questions about metrics over time. Several threads call it at once.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
pub trait Source: Sync {
    /// Returns a row for each combination of the labels in the question. Empty when no series matches.
    ///
    /// # Errors
    ///
    /// Returns an error when the source can't be reached, refuses, or exceeds the limit of an answer.
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError>;
}

/// A question about one metric.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// The name of the metric, with `_bucket` or `_count` for a part of a histogram.
    pub metric: String,
    /// How to read its samples.
    pub reading: Reading,
    /// Labels, each with the values it may have.
    pub only: Vec<(String, Vec<String>)>,
    /// The labels to group by. All others are summed over.
    pub by: Vec<String>,
    /// The steps to answer for.
    pub grid: Grid,
}

/// How to read a metric's samples in a step.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The growth of a counter within the step, summed over the labels that are not grouped by.
    Increase,
    /// The highest value of a gauge at the end of the step.
    Highest,
}

/// Consecutive steps of the same length.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The beginning of the first step, in seconds since the epoch.
    pub start: i64,
    /// The length of each step, in seconds.
    pub step: i64,
    /// The number of steps.
    pub steps: usize,
}

/// The answer for one combination of labels.
///
/// [`judge`](crate::release::judge()) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The labels that the question groups by, without empty ones.
    pub labels: BTreeMap<String, String>,
    /// A value for each step. `None` where there is no sample.
    pub values: Vec<Option<f64>>,
}

/// Why a question has no answer.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no answer, or not in time.
    Unreachable(String),
    /// The source refused, or sent an invalid answer.
    Refused(String),
    /// The answer exceeds its limit.
    TooLarge(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) | Self::Refused(what) | Self::TooLarge(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for SourceError {}

impl Question {
    /// Makes a question for the growth of a counter in each step.
    #[must_use]
    pub fn increase(metric: impl Into<String>, grid: Grid) -> Self {
        Self::new(metric, Reading::Increase, grid)
    }

    /// Makes a question for the highest value of a gauge in each step.
    #[must_use]
    pub fn highest(metric: impl Into<String>, grid: Grid) -> Self {
        Self::new(metric, Reading::Highest, grid)
    }

    fn new(metric: impl Into<String>, reading: Reading, grid: Grid) -> Self {
        Self {
            metric: metric.into(),
            reading,
            only: Vec::new(),
            by: Vec::new(),
            grid,
        }
    }

    /// Limits the question to series with this value of a label.
    #[must_use]
    pub fn only(self, label: &str, value: impl Into<String>) -> Self {
        self.one_of(label, [value.into()])
    }

    /// Limits the question to series with one of these values of a label.
    #[must_use]
    pub fn one_of(mut self, label: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.only.push((label.to_owned(), values.into_iter().collect()));
        self
    }

    /// Groups the answer by these labels.
    #[must_use]
    pub fn by(mut self, labels: &[&str]) -> Self {
        self.by = labels.iter().map(|&label| label.to_owned()).collect();
        self
    }
}

impl Grid {
    /// Returns the end of the last step, in seconds since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.begins(self.steps)
    }

    /// Returns the beginning of a step, in seconds since the epoch.
    #[must_use]
    pub fn begins(&self, index: usize) -> i64 {
        let steps = i64::try_from(index).unwrap_or(i64::MAX);
        self.start.saturating_add(self.step.saturating_mul(steps))
    }
}

impl Row {
    /// Returns the value of a label, or an empty string when the row lacks it.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Asks a source several questions, up to eight at once. Keeps their order.
pub(crate) fn ask_all(source: &dyn Source, questions: &[Question]) -> Vec<Result<Vec<Row>, SourceError>> {
    const AT_ONCE: usize = 8;
    let next = AtomicUsize::new(0);
    let answers: Vec<_> = questions.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..questions.len().min(AT_ONCE) {
            scope.spawn(|| {
                while let Some((question, answer)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    questions.get(index).zip(answers.get(index))
                } {
                    *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(source.ask(question));
                }
            });
        }
    });
    answers
        .into_iter()
        .map(|answer| {
            let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
            answer.unwrap_or_else(|| Err(SourceError::Unreachable("it was not asked".to_owned())))
        })
        .collect()
}
