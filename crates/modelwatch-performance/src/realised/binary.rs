//! Performance of binary predictions.

use super::probabilities::Probabilities;
use crate::interval;
use crate::measure::{Measure, Measured, Performance, Undefined};
use crate::scores::{MOST_DISTINCT, Scores};

/// Counts of labelled binary predictions. Neither the order of rows nor the way of merging changes a figure, to the last bit.
///
/// # Example: two predictions and their labels
///
/// ```
/// use modelwatch_performance::{BinaryCounts, Measure};
///
/// let mut counts = BinaryCounts::new();
/// counts.add(Some(0.9), Some(true), true);
/// counts.add(Some(0.2), Some(false), false);
/// assert_eq!(counts.performance().get(Measure::RocAuc)?.value, 1.0);
/// # Ok::<(), modelwatch_performance::Undefined>(())
/// ```
#[derive(Clone, Debug)]
pub struct BinaryCounts {
    true_positives: u64,
    false_positives: u64,
    false_negatives: u64,
    true_negatives: u64,
    /// Scores of negatives and of positives.
    scores: Scores,
    probabilities: Probabilities,
    without_class: u64,
    without_score: u64,
}

impl Default for BinaryCounts {
    fn default() -> Self {
        Self::new()
    }
}

impl BinaryCounts {
    /// Makes counts without rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            true_positives: 0,
            false_positives: 0,
            false_negatives: 0,
            true_negatives: 0,
            scores: Scores::with_limit(MOST_DISTINCT),
            probabilities: Probabilities::default(),
            without_class: 0,
            without_score: 0,
        }
    }

    /// Counts a prediction with a known label: the score of the positive class, the predicted class, and the label.
    ///
    /// Measures of scores ignore a score that is absent, NaN or infinite, and measures of classes ignore an absent class. Both
    /// are counted. A finite score outside of 0 to 1 still has a place on the ROC curve, but the measures of probabilities are
    /// then [`Undefined::NotProbabilities`].
    pub fn add(&mut self, score: Option<f64>, predicted: Option<bool>, actual: bool) {
        match (predicted, actual) {
            (Some(true), true) => self.true_positives += 1,
            (Some(true), false) => self.false_positives += 1,
            (Some(false), true) => self.false_negatives += 1,
            (Some(false), false) => self.true_negatives += 1,
            (None, _) => self.without_class += 1,
        }
        let Some(score) = score.filter(|score| score.is_finite()) else {
            self.without_score += 1;
            return;
        };
        self.scores.add(score, actual);
        if (0.0..=1.0).contains(&score) {
            let (of_actual, squared) = match actual {
                true => (score, (1.0 - score).powi(2)),
                false => (1.0 - score, score.powi(2)),
            };
            self.probabilities.add(of_actual, squared, (score, actual));
        } else {
            self.probabilities.add_outside();
        }
    }

    /// Adds the counts of other rows.
    pub fn merge(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
        self.true_negatives += other.true_negatives;
        self.scores.merge(&other.scores);
        self.probabilities.merge(&other.probabilities);
        self.without_class += other.without_class;
        self.without_score += other.without_score;
    }

    /// Returns how many scores are in memory, with 24 bytes each: distinct ones, up to 1,048,576, and some recent ones.
    #[must_use]
    pub fn scores_held(&self) -> usize {
        self.scores.held()
    }

    /// Rounds scores to these bits of their distance from 0 or 1, to save memory when you keep many counts side by side. `bits`
    /// is one of [`SCORE_BITS`](crate::SCORE_BITS). The area under the curve then reports its possible error in
    /// [`Measured::within`].
    pub fn round_scores(&mut self, bits: u32) {
        self.scores.round(bits);
    }

    /// Returns the number of rows: predictions with a label.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.true_positives + self.false_positives + self.false_negatives + self.true_negatives + self.without_class
    }

    /// Returns the number of rows without a predicted class.
    #[must_use]
    pub fn without_class(&self) -> u64 {
        self.without_class
    }

    /// Returns the number of rows without a finite score.
    #[must_use]
    pub fn without_score(&self) -> u64 {
        self.without_score
    }

    /// Returns the measures of these rows.
    #[must_use]
    pub fn performance(&self) -> Performance {
        let [true_positives, positives, negatives] =
            [self.true_positives, self.false_positives, self.false_negatives].map(|rows| rows as f64);
        let rows = self.rows() - self.without_class;
        let right = (self.true_positives + self.true_negatives) as f64;
        let share = |part: f64, of: f64, undefined: Undefined| match () {
            () if rows == 0 => Err(Undefined::NoRows),
            () if of == 0.0 => Err(undefined),
            () => Ok(Measured {
                value: part / of,
                interval: interval::wilson(part / of, of),
                rows,
                within: 0.0,
            }),
        };
        // F1 is 2j / (1 + j), where j is the share of true positives in all rows that are positive or predicted positive.
        let jaccard = share(
            true_positives,
            true_positives + positives + negatives,
            Undefined::NoneActual,
        );
        let f1 = jaccard.map(|jaccard| {
            let rescaled = |share: f64| 2.0 * share / (1.0 + share);
            Measured {
                value: 2.0 * true_positives / (2.0 * true_positives + positives + negatives),
                interval: jaccard.interval.map(|interval| crate::measure::Interval {
                    low: rescaled(interval.low),
                    high: rescaled(interval.high),
                }),
                ..jaccard
            }
        });
        let measures = [
            (Measure::Accuracy, share(right, rows as f64, Undefined::NoRows)),
            (
                Measure::Precision,
                share(true_positives, true_positives + positives, Undefined::NonePredicted),
            ),
            (
                Measure::Recall,
                share(true_positives, true_positives + negatives, Undefined::NoneActual),
            ),
            (Measure::F1, f1),
            (Measure::RocAuc, self.scores.area().map(|(measured, _)| measured)),
        ];
        Performance::new(measures.into_iter().chain(self.probabilities.measures()))
    }

    pub(crate) fn scores(&self) -> &Scores {
        &self.scores
    }
}
