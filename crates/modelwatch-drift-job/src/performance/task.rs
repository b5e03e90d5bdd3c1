//! Decides what kind of model it is.

use std::collections::BTreeSet;

use modelwatch_performance::Classes;

use super::error::PerformanceError;
use super::options::PerformanceOptions;

/// Says what a model predicts.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// One of two classes. The score belongs to the positive one.
    Binary {
        /// The positive class, as it appears in labels.
        positive: String,
    },
    /// One of several classes.
    Multiclass {
        /// The classes.
        classes: Classes,
    },
    /// A number.
    Regression,
}

/// The labels that mean yes.
const YES: [&str; 5] = ["1", "true", "yes", "y", "positive"];
/// The maximum number of distinct labels to remember.
const MOST_LABELS: usize = 1_001;
/// The maximum number of labels in an error.
const SHOWN: usize = 20;
/// With more distinct numbers than this, labels are amounts instead of classes.
const MANY_NUMBERS: usize = 20;

/// Collects the labels of a reference.
#[derive(Debug, Default)]
pub(super) struct Labels {
    distinct: BTreeSet<String>,
    some_text: bool,
}

impl Labels {
    pub(super) fn add(&mut self, label: &str) {
        if self.distinct.len() < MOST_LABELS && !self.distinct.contains(label) {
            self.some_text |= label.parse::<f64>().is_err();
            self.distinct.insert(label.to_owned());
        }
    }

    /// Returns the distinct labels, as far as they are remembered.
    pub(super) fn known(&self) -> &BTreeSet<String> {
        &self.distinct
    }

    /// Returns a regression if labels are many numbers and no classes or class probabilities are named; a binary
    /// classification for two labels; a classification with several classes for more.
    pub(super) fn task(self, options: &PerformanceOptions) -> Result<Task, PerformanceError> {
        if self.distinct.is_empty() {
            return Err(PerformanceError::NoLabels);
        }
        let of_classes = options.class.is_some() || options.positive.is_some() || !options.probabilities.is_empty();
        let amounts = !self.some_text && self.distinct.len() > MANY_NUMBERS;
        if options.regression || (amounts && !of_classes) {
            return Ok(Task::Regression);
        }
        if self.distinct.len() <= 2 && options.probabilities.is_empty() {
            return self.binary(options.positive.as_deref());
        }
        if let Some(named) = &options.positive {
            // One class against all others.
            return match self.distinct.contains(named) {
                true => Ok(Task::Binary {
                    positive: named.clone(),
                }),
                false => Err(self.no_positive(Some(named))),
            };
        }
        if options.score.is_some() && options.class.is_none() && options.probabilities.is_empty() {
            return Err(PerformanceError::ManyClasses {
                classes: self.shown(),
                more: self.distinct.len().saturating_sub(SHOWN),
            });
        }
        let named = options.probabilities.keys().cloned();
        let all: BTreeSet<String> = self.distinct.into_iter().chain(named).collect();
        Ok(Task::Multiclass {
            classes: Classes::new(all)?,
        })
    }

    fn binary(self, named: Option<&str>) -> Result<Task, PerformanceError> {
        let yes = |label: &&String| YES.iter().any(|yes| label.eq_ignore_ascii_case(yes));
        let positive = match named {
            Some(named) => self.distinct.iter().find(|label| *label == named),
            None => self.distinct.iter().find(yes),
        };
        match positive {
            Some(positive) => Ok(Task::Binary {
                positive: positive.clone(),
            }),
            None => Err(self.no_positive(named)),
        }
    }

    fn shown(&self) -> Vec<String> {
        self.distinct.iter().take(SHOWN).cloned().collect()
    }

    fn no_positive(self, named: Option<&str>) -> PerformanceError {
        PerformanceError::Positive {
            classes: self.shown(),
            named: named.map(str::to_owned),
        }
    }
}
