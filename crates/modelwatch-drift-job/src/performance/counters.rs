//! Counts the rows of one group, by kind of model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use modelwatch_performance::{
    BinaryCounts, CannotEstimate, Cbpe, Dle, Estimate, LossCounts, LossReference, MulticlassCbpe, MulticlassCounts,
    MulticlassPredictionCounts, Performance, PredictionCounts, RegressionCounts,
};

use super::error::PerformanceError;
use super::task::Task;

/// Holds a row's values in the columns that a [`Reader`] wants.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// The scores, or the probabilities by class, followed by the numeric features.
    pub(super) numbers: &'a [f64],
    /// The predicted class, if a column of classes is named.
    pub(super) class: Option<&'a str>,
    /// The categorical features.
    pub(super) categories: &'a [Option<&'a str>],
}

/// Says how to read rows.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) task: Task,
    pub(super) threshold: f64,
    pub(super) has_score: bool,
    pub(super) has_class: bool,
    /// For a classification: the classes among the reference's labels.
    pub(super) known: BTreeSet<String>,
    /// For a regression: the numbers that stand for the categories of each categorical feature.
    pub(super) codes: Vec<BTreeMap<String, f64>>,
}

/// Holds the result of learning from labelled rows.
#[derive(Debug)]
pub(super) enum Learned {
    Binary(Cbpe),
    Multiclass(MulticlassCbpe),
    Regression(Box<Dle>),
    /// Nothing: predicted classes without scores don't say how sure the model was.
    Nothing,
}

/// Counts the rows of one group.
#[derive(Clone)]
pub(super) enum Counters {
    Binary {
        labelled: BinaryCounts,
        all: PredictionCounts,
    },
    Multiclass {
        labelled: MulticlassCounts,
        all: MulticlassPredictionCounts,
    },
    Regression {
        labelled: RegressionCounts,
        all: LossCounts,
    },
}

/// Counts the rows, or parts of rows, that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Labels that are not a class of the reference, or not a finite number.
    pub(super) unknown_labels: u64,
    /// Predictions without a finite score, or with a probability missing.
    pub(super) without_score: u64,
    /// Predictions whose class is missing or unknown, if a column of classes is named.
    pub(super) without_class: u64,
}

/// Returns whether errors can be counted for a number.
fn is_amount(number: f64) -> bool {
    number.abs() <= RegressionCounts::LARGEST
}

impl LeftOut {
    pub(super) fn count(&mut self, reader: &Reader, said: &Said<'_>, label: Option<&str>) {
        self.unknown_labels += u64::from(label.is_some_and(|label| !reader.knows(label)));
        let has = match reader.task {
            Task::Multiclass { .. } => said.numbers.iter().all(|score| score.is_finite()),
            Task::Binary { .. } => reader.score(said).is_some_and(f64::is_finite),
            Task::Regression => reader.score(said).is_some_and(is_amount),
        };
        let without = reader.has_score && !has;
        self.without_score += u64::from(without);
        self.without_class += u64::from(reader.has_class && reader.class(said).is_none());
    }
}

impl Reader {
    /// Returns whether the model can be judged by a label: a class of the reference, or a finite number. If the
    /// reference has only one class, any label is accepted.
    pub(super) fn knows(&self, label: &str) -> bool {
        match &self.task {
            Task::Regression => label.parse().is_ok_and(is_amount),
            Task::Binary { .. } => self.known.len() < 2 || self.known.contains(label),
            Task::Multiclass { classes } => classes.names().iter().any(|class| class == label),
        }
    }

    /// Returns the predicted class from its column, if it is a class of the labels.
    fn class<'a>(&self, said: &Said<'a>) -> Option<&'a str> {
        said.class.filter(|class| self.knows(class))
    }

    /// Returns the predicted class of two, from its column or from the score.
    fn predicted(&self, said: &Said<'_>, positive: &str) -> Option<bool> {
        if self.has_class {
            return self.class(said).map(|class| class == positive);
        }
        let score = self.score(said)?;
        (!score.is_nan()).then_some(score >= self.threshold)
    }

    fn score(&self, said: &Said<'_>) -> Option<f64> {
        said.numbers.first().copied().filter(|_| self.has_score)
    }

    /// Returns the probabilities of several classes; `None` if one is missing.
    fn probabilities<'a>(&self, said: &Said<'a>) -> Option<&'a [f64]> {
        let all = self.has_score && said.numbers.iter().all(|number| !number.is_nan());
        all.then_some(said.numbers)
    }

    /// Returns the predicted class of several: the one in its column, or the one with the highest probability.
    fn predicted_of_several<'a>(&'a self, said: &Said<'a>) -> Option<&'a str> {
        if self.has_class {
            return self.class(said);
        }
        let probabilities = self.probabilities(said)?;
        let highest = (0..probabilities.len()).reduce(|best, class| {
            if probabilities[class] > probabilities[best] {
                class
            } else {
                best
            }
        })?;
        let Task::Multiclass { classes } = &self.task else {
            return None;
        };
        classes.names().get(highest).map(String::as_str)
    }

    /// Returns how wrong a prediction is: the squared distance of a probability from the outcome, the absolute error of
    /// a number, otherwise 1 for a wrong class. Returns `None` if the row has no prediction.
    pub(super) fn loss(&self, said: &Said<'_>, label: &str) -> Option<f64> {
        let wrong = |is: bool| f64::from(u8::from(is));
        match &self.task {
            Task::Binary { positive } => {
                let actual = label == positive;
                match self.score(said).filter(|score| (0.0..=1.0).contains(score)) {
                    Some(score) => Some((score - wrong(actual)).powi(2)),
                    None => self
                        .predicted(said, positive)
                        .map(|predicted| wrong(predicted != actual)),
                }
            }
            Task::Multiclass { .. } => self
                .predicted_of_several(said)
                .map(|predicted| wrong(predicted != label)),
            Task::Regression => {
                let off = (self.score(said)? - label.parse::<f64>().ok()?).abs();
                off.is_finite().then_some(off)
            }
        }
    }

    /// Returns the features as numbers. Categories become their codes, or NaN if the reference does not have them.
    fn features(&self, said: &Said<'_>) -> Vec<f64> {
        let code = |(codes, category): (&BTreeMap<String, f64>, &Option<&str>)| {
            category
                .and_then(|category| codes.get(category))
                .copied()
                .unwrap_or(f64::NAN)
        };
        let numbers = said.numbers.iter().skip(1).copied();
        numbers
            .chain(self.codes.iter().zip(said.categories).map(code))
            .collect()
    }
}

/// Returns the number that stands for each category of a feature: its position in the order of the names.
pub(super) fn codes(categories: BTreeSet<String>) -> BTreeMap<String, f64> {
    categories
        .into_iter()
        .enumerate()
        .map(|(place, name)| (name, place as f64))
        .collect()
}

/// Holds the labelled rows of the reference.
pub(super) struct Reference {
    counters: Counters,
    losses: LossReference,
}

impl Reference {
    pub(super) fn new(reader: &Reader, features: usize) -> Self {
        Self {
            counters: Counters::new(&reader.task),
            losses: LossReference::new(features),
        }
    }

    pub(super) fn add(&mut self, reader: &Reader, said: &Said<'_>, label: &str) -> Result<(), PerformanceError> {
        self.counters.add_label(reader, said, label);
        if reader.task == Task::Regression
            && let (Some(predicted), Ok(actual)) = (reader.score(said), label.parse())
        {
            self.losses.add(&reader.features(said), predicted, actual)?;
        }
        Ok(())
    }

    /// Returns the performance in the reference, its number of rows, and what was learned from it.
    pub(super) fn learn(self, reader: &Reader) -> Result<(Performance, u64, Learned), PerformanceError> {
        let learned = match &self.counters {
            _ if !reader.has_score => Learned::Nothing,
            Counters::Binary { labelled, .. } => Learned::Binary(Cbpe::learn(labelled)?),
            Counters::Multiclass { labelled, .. } => match MulticlassCbpe::learn(labelled) {
                Ok(learned) => Learned::Multiclass(learned),
                Err(CannotEstimate::OneClass { .. }) if labelled.rows() == labelled.without_scores() => {
                    Learned::Nothing
                }
                Err(error) => return Err(error.into()),
            },
            Counters::Regression { .. } => Learned::Regression(Box::new(Dle::learn(&self.losses)?)),
        };
        Ok((self.counters.realised(), self.counters.labels(), learned))
    }
}

impl Counters {
    pub(super) fn new(task: &Task) -> Self {
        match task {
            Task::Binary { .. } => Self::Binary {
                labelled: BinaryCounts::new(),
                all: PredictionCounts::new(),
            },
            Task::Multiclass { classes } => Self::Multiclass {
                labelled: MulticlassCounts::new(classes),
                all: MulticlassPredictionCounts::new(classes),
            },
            Task::Regression => Self::Regression {
                labelled: RegressionCounts::new(),
                all: LossCounts::new(),
            },
        }
    }

    /// Counts a prediction, with its label if known.
    pub(super) fn add(&mut self, reader: &Reader, learned: &Learned, said: &Said<'_>, label: Option<&str>) {
        match (&mut *self, &reader.task, learned) {
            (Self::Binary { all, .. }, Task::Binary { positive }, _) => {
                all.add(reader.score(said), reader.predicted(said, positive));
            }
            (Self::Multiclass { all, .. }, _, _) => {
                if let (Some(scores), Some(predicted)) = (reader.probabilities(said), reader.predicted_of_several(said))
                {
                    all.add(scores, predicted);
                }
            }
            (Self::Regression { all, .. }, _, Learned::Regression(losses)) => {
                losses.count(all, &reader.features(said), reader.score(said).unwrap_or(f64::NAN));
            }
            _ => {}
        }
        if let Some(label) = label {
            self.add_label(reader, said, label);
        }
    }

    pub(super) fn add_label(&mut self, reader: &Reader, said: &Said<'_>, label: &str) {
        match (self, &reader.task) {
            (Self::Binary { labelled, .. }, Task::Binary { positive }) => {
                labelled.add(reader.score(said), reader.predicted(said, positive), label == positive);
            }
            (Self::Multiclass { labelled, .. }, _) => {
                labelled.add(reader.probabilities(said), reader.predicted_of_several(said), label);
            }
            (Self::Regression { labelled, .. }, _) => {
                labelled.add(
                    reader.score(said).unwrap_or(f64::NAN),
                    label.parse().unwrap_or(f64::NAN),
                );
            }
            // `new` made counters of the task's own kind.
            _ => {}
        }
    }

    /// Returns how many scores of labelled rows are in memory.
    pub(super) fn scores_held(&self) -> usize {
        match self {
            Self::Binary { labelled, .. } => labelled.scores_held(),
            Self::Multiclass { labelled, .. } => labelled.scores_held(),
            Self::Regression { .. } => 0,
        }
    }

    /// Rounds each of those to this many bits.
    pub(super) fn round_scores(&mut self, bits: u32) {
        match self {
            Self::Binary { labelled, .. } => labelled.round_scores(bits),
            Self::Multiclass { labelled, .. } => labelled.round_scores(bits),
            Self::Regression { .. } => {}
        }
    }

    /// Returns the number of rows with a label.
    pub(super) fn labels(&self) -> u64 {
        match self {
            Self::Binary { labelled, .. } => labelled.rows(),
            Self::Multiclass { labelled, .. } => labelled.rows(),
            Self::Regression { labelled, .. } => labelled.rows(),
        }
    }

    pub(super) fn realised(&self) -> Performance {
        match self {
            Self::Binary { labelled, .. } => labelled.performance(),
            Self::Multiclass { labelled, .. } => labelled.performance(),
            Self::Regression { labelled, .. } => labelled.performance(),
        }
    }

    /// Returns the estimated performance; `None` if nothing was learned.
    pub(super) fn estimated(&self, learned: &Learned) -> Result<Option<Estimate>, PerformanceError> {
        Ok(match (self, learned) {
            (Self::Binary { all, .. }, Learned::Binary(learned)) => Some(learned.estimate(all)),
            (Self::Multiclass { all, .. }, Learned::Multiclass(learned)) => Some(learned.estimate(all)?),
            (Self::Regression { all, .. }, Learned::Regression(learned)) => Some(learned.estimate(all)),
            _ => None,
        })
    }
}

/// Says how to count rows; shared by all readers of a run.
#[derive(Clone, Debug)]
pub(super) struct Counting {
    pub(super) reader: Arc<Reader>,
    pub(super) learned: Arc<Learned>,
}
