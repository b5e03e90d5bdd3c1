//! The expected result of labels, given scores with a known calibration.

use super::calibration::{Calibration, Place};
use crate::interval;
use crate::measure::{Measured, Undefined};
use crate::realised::log_loss;
use crate::scores::Scores;

/// Scores with the probability of being positive from the calibration.
pub(super) struct Expected<'a> {
    calibration: &'a Calibration,
    lines: Vec<Line>,
    rows: f64,
    /// The rows predicted positive, those expected to be positive, and the rows that are both.
    pub(super) predicted: f64,
    pub(super) positives: f64,
    pub(super) true_positives: f64,
    /// Rows whose score is outside of the range that the calibration learned.
    pub(super) beyond: u64,
}

/// The rows with one score: those predicted negative and positive.
struct Line {
    score: f64,
    rows: [f64; 2],
    place: Place,
    probability: f64,
}

impl Line {
    fn all(&self) -> f64 {
        self.rows[0] + self.rows[1]
    }
}

/// An estimate and its standard error.
#[derive(Clone, Copy)]
pub(super) struct Estimated {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl<'a> Expected<'a> {
    pub(super) fn new(calibration: &'a Calibration, scores: &Scores) -> Self {
        let mut expected = Self {
            calibration,
            lines: Vec::new(),
            rows: 0.0,
            predicted: 0.0,
            positives: 0.0,
            true_positives: 0.0,
            beyond: 0,
        };
        for cell in scores.cells() {
            let place = calibration.place(cell.score);
            let line = Line {
                score: cell.score,
                rows: cell.rows.map(|rows| rows as f64),
                place,
                probability: calibration.probability(place),
            };
            expected.rows += line.all();
            expected.predicted += line.rows[1];
            expected.positives += line.all() * line.probability;
            expected.true_positives += line.rows[1] * line.probability;
            if calibration.is_beyond(cell.score) {
                expected.beyond += cell.all();
            }
            expected.lines.push(line);
        }
        expected
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows as u64
    }

    pub(super) fn accuracy(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        let negatives = self.rows - self.predicted;
        let right = self.true_positives + negatives - (self.positives - self.true_positives);
        Ok(self.estimated(right / self.rows, |_, positive| {
            if positive { 1.0 / self.rows } else { -1.0 / self.rows }
        }))
    }

    /// The share of all rows that are predicted as the class and have it.
    pub(super) fn right(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        Ok(self.estimated(self.true_positives / self.rows, |_, positive| {
            f64::from(u8::from(positive)) / self.rows
        }))
    }

    pub(super) fn precision(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        if self.predicted == 0.0 {
            return Err(Undefined::NonePredicted);
        }
        Ok(self.estimated(self.true_positives / self.predicted, |_, positive| {
            f64::from(u8::from(positive)) / self.predicted
        }))
    }

    pub(super) fn recall(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        if self.positives == 0.0 {
            return Err(Undefined::NoneActual);
        }
        let recall = self.true_positives / self.positives;
        Ok(self.estimated(recall, |_, positive| {
            (f64::from(u8::from(positive)) - recall) / self.positives
        }))
    }

    pub(super) fn f1(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        let of = self.predicted + self.positives;
        if of == 0.0 {
            return Err(Undefined::NoneActual);
        }
        let f1 = 2.0 * self.true_positives / of;
        Ok(self.estimated(f1, |_, positive| (2.0 * f64::from(u8::from(positive)) - f1) / of))
    }

    /// The area of expected positives over expected negatives. No row is compared with itself.
    pub(super) fn area(&self) -> Result<Estimated, Undefined> {
        self.any()?;
        let (positives, negatives) = (self.positives, self.rows - self.positives);
        let own: f64 = self
            .lines
            .iter()
            .map(|line| line.all() * line.probability * (1.0 - line.probability))
            .sum();
        let pairs = positives * negatives - own;
        if pairs <= 0.0 {
            return Err(Undefined::OneClass);
        }
        let mut passed = [0.0, 0.0];
        let mut in_order = -own / 2.0;
        let mut gained = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let positive = line.all() * line.probability;
            let negative = line.all() - positive;
            in_order += positive * (passed[0] + negative / 2.0);
            gained.push(passed[0] + negative / 2.0 - (positives - passed[1] - positive / 2.0));
            passed = [passed[0] + negative, passed[1] + positive];
        }
        let area = (in_order / pairs).clamp(0.0, 1.0);
        let moved = |place: usize| (gained[place] - area * (negatives - positives)) / pairs;
        Ok(self.estimated(area, |place, _| moved(place)))
    }

    /// The mean log loss of the scores as probabilities. For one of several classes, only its own part.
    pub(super) fn log_loss(&self, of_rest: bool) -> Result<Estimated, Undefined> {
        let loss = |score: f64| (log_loss(score), if of_rest { log_loss(1.0 - score) } else { 0.0 });
        self.mean_loss(loss)
    }

    pub(super) fn brier_score(&self) -> Result<Estimated, Undefined> {
        self.mean_loss(|score| ((1.0 - score).powi(2), score.powi(2)))
    }

    /// The mean of a loss, given the loss of a positive and of a negative with a score.
    fn mean_loss(&self, loss: impl Fn(f64) -> (f64, f64)) -> Result<Estimated, Undefined> {
        self.any()?;
        let outside = self.lines.iter().filter(|line| !(0.0..=1.0).contains(&line.score));
        let outside = outside.map(Line::all).sum::<f64>() as u64;
        if outside > 0 {
            return Err(Undefined::NotProbabilities { rows: outside });
        }
        let of_line = |line: &Line| {
            let (positive, negative) = loss(line.score);
            line.all() * (line.probability * positive + (1.0 - line.probability) * negative)
        };
        let mean = self.lines.iter().map(of_line).sum::<f64>() / self.rows;
        Ok(self.estimated(mean, |place, _| {
            let (positive, negative) = loss(self.lines[place].score);
            (positive - negative) / self.rows
        }))
    }

    fn any(&self) -> Result<(), Undefined> {
        if self.rows == 0.0 {
            Err(Undefined::NoRows)
        } else {
            Ok(())
        }
    }

    /// Adds the error from labels drawn with the probabilities, and that from the probabilities themselves. `moved` says by how
    /// much a label changes the value, for the rows of a line that are predicted negative or positive.
    fn estimated(&self, value: f64, moved: impl Fn(usize, bool) -> f64) -> Estimated {
        let mut of_labels = 0.0;
        let mut weights = Vec::with_capacity(2 * self.lines.len());
        for (place, line) in self.lines.iter().enumerate() {
            for (positive, rows) in [(false, line.rows[0]), (true, line.rows[1])] {
                let moved = moved(place, positive);
                of_labels += rows * moved * moved * self.calibration.label_variance(line.place);
                weights.push((line.place, rows * moved));
            }
        }
        let of_calibration = self.calibration.variance_of_sum(weights.into_iter());
        Estimated {
            value,
            error: (of_labels + of_calibration).sqrt(),
        }
    }
}

impl Estimated {
    /// The estimate of a number between 0 and 1.
    pub(super) fn share(self, rows: u64) -> Measured {
        Measured {
            value: self.value,
            interval: interval::logistic(self.value, self.error, rows as f64),
            rows,
            within: 0.0,
        }
    }

    /// The estimate of a number that is never below 0.
    pub(super) fn positive(self, rows: u64) -> Measured {
        Measured {
            value: self.value,
            interval: interval::logarithmic(self.value, self.error, rows),
            rows,
            within: 0.0,
        }
    }
}
