//! Where counts come from: Prometheus, or whatever else can answer a [`Question`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Answers questions about metrics over time. Several threads ask at once.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
pub trait Source: Sync {
    /// Answers with a row for each combination of the labels asked for; none when nothing fits.
    ///
    /// # Errors
    ///
    /// The source can't be reached, refuses, or has more to say than it may.
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError>;
}

/// What is asked of one metric.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// The name of the metric, with `_bucket` or `_count` for a part of a histogram.
    pub metric: String,
    /// What to make of its samples.
    pub reading: Reading,
    /// Labels, each with the values it may have.
    pub only: Vec<(String, Vec<String>)>,
    /// The labels to tell apart; others are summed over.
    pub by: Vec<String>,
    /// The steps to answer for.
    pub grid: Grid,
}

/// What to make of a metric's samples in a step.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The growth of a counter within the step, summed over what is not told apart.
    Increase,
    /// The highest value of a gauge at the end of the step.
    Highest,
}

/// Steps of the same length, one after the other.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// When the first begins, in seconds since the epoch.
    pub start: i64,
    /// How long each is, in seconds.
    pub step: i64,
    /// How many there are.
    pub steps: usize,
}

/// The answer for one combination of labels.
///
/// [`judge`](crate::release::judge()) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The labels that were asked for and are not empty.
    pub labels: BTreeMap<String, String>,
    /// A value for each step; nothing where there is no sample.
    pub values: Vec<Option<f64>>,
}

/// Why a question has no answer.
///
/// [`Prometheus`](crate::prometheus::Prometheus) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// Nobody answers, or not in time.
    Unreachable(String),
    /// It answers and says no, or something that is no answer.
    Refused(String),
    /// The answer is larger than it may be.
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
    /// Asks for the growth of a counter in each step.
    #[must_use]
    pub fn increase(metric: impl Into<String>, grid: Grid) -> Self {
        Self::new(metric, Reading::Increase, grid)
    }

    /// Asks for the highest value of a gauge in each step.
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

    /// Asks only for series with this value of a label.
    #[must_use]
    pub fn only(self, label: &str, value: impl Into<String>) -> Self {
        self.one_of(label, [value.into()])
    }

    /// Asks only for series with one of these values of a label.
    #[must_use]
    pub fn one_of(mut self, label: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.only.push((label.to_owned(), values.into_iter().collect()));
        self
    }

    /// Tells the values of these labels apart.
    #[must_use]
    pub fn by(mut self, labels: &[&str]) -> Self {
        self.by = labels.iter().map(|&label| label.to_owned()).collect();
        self
    }
}

impl Grid {
    /// When the last step ends, in seconds since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.begins(self.steps)
    }

    /// When the step of this index begins, in seconds since the epoch.
    #[must_use]
    pub fn begins(&self, index: usize) -> i64 {
        let steps = i64::try_from(index).unwrap_or(i64::MAX);
        self.start.saturating_add(self.step.saturating_mul(steps))
    }
}

impl Row {
    /// The value of a label; empty when the row has none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Asks a source several questions, up to eight at once, and keeps their order.
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
