//! Counts of predictions whose labels are not known yet.

use crate::classes::{Classes, Unmergeable};
use crate::realised::share;
use crate::scores::{MOST_ESTIMATED, Scores};

/// Counts of binary predictions without labels.
/// The example of [`Cbpe`](crate::Cbpe) has one.
#[derive(Clone, Debug)]
pub struct PredictionCounts {
    /// Scores of rows predicted negative, and of rows predicted positive.
    pub(super) scores: Scores,
    /// Scores of rows without a predicted class, all in the first group.
    pub(super) unclassed: Scores,
    without_score: u64,
}

impl Default for PredictionCounts {
    fn default() -> Self {
        Self::new()
    }
}

impl PredictionCounts {
    /// Makes counts without rows.
    #[must_use]
    pub fn new() -> Self {
        let scores = || Scores::with_limit(MOST_ESTIMATED);
        Self {
            scores: scores(),
            unclassed: scores(),
            without_score: 0,
        }
    }

    /// Counts a prediction: the score of the positive class, and the predicted class. A score that is absent, NaN or infinite
    /// only counts in [`without_score`](Self::without_score).
    pub fn add(&mut self, score: Option<f64>, predicted: Option<bool>) {
        match (score.filter(|score| score.is_finite()), predicted) {
            (Some(score), Some(predicted)) => self.scores.add(score, predicted),
            (Some(score), None) => self.unclassed.add(score, false),
            (None, _) => self.without_score += 1,
        }
    }

    /// Adds the counts of other rows.
    pub fn merge(&mut self, other: &Self) {
        self.scores.merge(&other.scores);
        self.unclassed.merge(&other.unclassed);
        self.without_score += other.without_score;
    }

    /// Returns the number of rows without a finite score, for which there is no estimate.
    #[must_use]
    pub fn without_score(&self) -> u64 {
        self.without_score
    }
}

/// Counts of multiclass predictions without labels.
/// The example of [`MulticlassCbpe`](crate::MulticlassCbpe) has one.
#[derive(Clone, Debug)]
pub struct MulticlassPredictionCounts {
    pub(super) classes: Classes,
    /// For each class, the scores of rows predicted as another class, and of rows predicted as this one.
    pub(super) scores: Vec<Scores>,
    pub(super) rows: u64,
    left_out: u64,
}

impl MulticlassPredictionCounts {
    /// Makes counts without rows.
    #[must_use]
    pub fn new(classes: &Classes) -> Self {
        let count = classes.len();
        Self {
            classes: classes.clone(),
            scores: vec![Scores::with_limit(share(MOST_ESTIMATED, count)); count],
            rows: 0,
            left_out: 0,
        }
    }

    /// Counts a prediction: the probabilities in the order of the classes, and the predicted class. A row without a finite score
    /// for each class, or with an unknown predicted class, only counts in [`left_out`](Self::left_out).
    pub fn add(&mut self, scores: &[f64], predicted: &str) {
        let usable = scores.len() == self.classes.len() && scores.iter().all(|score| score.is_finite());
        let Some(predicted) = self.classes.place(predicted).filter(|_| usable) else {
            self.left_out += 1;
            return;
        };
        self.rows += 1;
        for (class, score) in scores.iter().enumerate() {
            self.scores[class].add(*score, class == predicted);
        }
    }

    /// Adds the counts of other rows.
    ///
    /// # Errors
    ///
    /// Returns an error when they have other classes. It adds nothing then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Unmergeable> {
        if self.classes != other.classes {
            return Err(Unmergeable::Classes);
        }
        for (scores, other) in self.scores.iter_mut().zip(&other.scores) {
            scores.merge(other);
        }
        self.rows += other.rows;
        self.left_out += other.left_out;
        Ok(())
    }

    /// Returns the number of rows that were left out.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}
