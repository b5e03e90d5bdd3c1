//! Performance of multiclass predictions.

use super::probabilities::Probabilities;
use crate::classes::{Classes, Unmergeable};
use crate::interval;
use crate::measure::{Measure, Measured, Performance, Undefined};
use crate::scores::{MOST_DISTINCT, Scores};

/// The largest distance from 1 of the sum of a row's probabilities.
const SUM_WITHIN: f64 = 1e-3;

/// Counts of labelled multiclass predictions. Neither the order of rows nor the way of merging changes a figure.
///
/// Precision, recall and F1 are means over the classes that occur among labels or predictions (*macro*). A class without a value
/// counts as 0, as in scikit-learn.
/// # Example: two windows of three classes, merged
///
/// ```
/// use modelwatch_performance::{Classes, Measure, MulticlassCounts, Unmergeable};
///
/// let classes = Classes::new(["approve", "review", "decline"])?;
/// let mut morning = MulticlassCounts::new(&classes);
/// morning.add(Some(&[0.8, 0.1, 0.1]), Some("approve"), "approve");
/// let mut noon = MulticlassCounts::new(&classes);
/// noon.add(Some(&[0.2, 0.5, 0.3]), Some("review"), "decline");
/// morning.merge(&noon)?;
/// assert_eq!(morning.performance().get(Measure::Accuracy)?.value, 0.5);
///
/// let of_others = MulticlassCounts::new(&Classes::new(["yes", "no"])?);
/// assert_eq!(morning.merge(&of_others), Err(Unmergeable::Classes));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MulticlassCounts {
    classes: Classes,
    /// Rows by actual class, then by predicted one.
    confusion: Vec<u64>,
    /// For each class, the scores of rows of other classes, and of rows of this class.
    scores: Vec<Scores>,
    probabilities: Probabilities,
    unknown: u64,
    without_class: u64,
    without_scores: u64,
}

impl MulticlassCounts {
    /// Makes counts without rows.
    #[must_use]
    pub fn new(classes: &Classes) -> Self {
        let count = classes.len();
        Self {
            classes: classes.clone(),
            confusion: vec![0; count * count],
            scores: vec![Scores::with_limit(share(MOST_DISTINCT, count)); count],
            probabilities: Probabilities::default(),
            unknown: 0,
            without_class: 0,
            without_scores: 0,
        }
    }

    /// Counts a prediction with a known label: the probabilities in the order of the classes, the predicted class, and the label.
    ///
    /// A row whose label is not one of the classes only counts in [`unknown`](Self::unknown). A predicted class that is not one
    /// of them counts as absent. Scores that are not one finite number for each class are left out and counted.
    pub fn add(&mut self, scores: Option<&[f64]>, predicted: Option<&str>, actual: &str) {
        let Some(actual) = self.classes.place(actual) else {
            self.unknown += 1;
            return;
        };
        match predicted.and_then(|name| self.classes.place(name)) {
            Some(predicted) => self.confusion[actual * self.classes.len() + predicted] += 1,
            None => self.without_class += 1,
        }
        let usable =
            |scores: &&[f64]| scores.len() == self.classes.len() && scores.iter().all(|score| score.is_finite());
        let Some(scores) = scores.filter(usable) else {
            self.without_scores += 1;
            return;
        };
        for (class, score) in scores.iter().enumerate() {
            self.scores[class].add(*score, class == actual);
        }
        let inside = scores.iter().all(|score| (0.0..=1.0).contains(score));
        if inside && (scores.iter().sum::<f64>() - 1.0).abs() <= SUM_WITHIN {
            let wanted = |class| f64::from(u8::from(class == actual));
            let distances = scores.iter().enumerate().map(|(class, score)| score - wanted(class));
            // The first of equal ones, as in `argmax`.
            let highest =
                (0..scores.len()).fold(0, |best, class| if scores[class] > scores[best] { class } else { best });
            self.probabilities.add(
                scores[actual],
                distances.map(|distance| distance * distance).sum(),
                (scores[highest], highest == actual),
            );
        } else {
            self.probabilities.add_outside();
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
        for (rows, other) in self.confusion.iter_mut().zip(&other.confusion) {
            *rows += other;
        }
        for (scores, other) in self.scores.iter_mut().zip(&other.scores) {
            scores.merge(other);
        }
        self.probabilities.merge(&other.probabilities);
        self.unknown += other.unknown;
        self.without_class += other.without_class;
        self.without_scores += other.without_scores;
        Ok(())
    }

    /// Returns how many scores are in memory, with 24 bytes each: distinct ones, up to 1,048,576 shared by the classes, and some
    /// recent ones.
    #[must_use]
    pub fn scores_held(&self) -> usize {
        self.scores.iter().map(Scores::held).sum()
    }

    /// Rounds scores to these bits, as [`BinaryCounts::round_scores`](crate::BinaryCounts::round_scores) does.
    pub fn round_scores(&mut self, bits: u32) {
        self.scores.iter_mut().for_each(|scores| scores.round(bits));
    }

    /// Returns the number of rows: predictions with a label that is one of the classes.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.confusion.iter().sum::<u64>() + self.without_class
    }

    /// Returns the number of rows that were left out because their label is not one of the classes.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Returns the number of rows without a known predicted class.
    #[must_use]
    pub fn without_class(&self) -> u64 {
        self.without_class
    }

    /// Returns the number of rows without a finite score for each class.
    #[must_use]
    pub fn without_scores(&self) -> u64 {
        self.without_scores
    }

    /// Returns the measures of these rows.
    #[must_use]
    pub fn performance(&self) -> Performance {
        let confusion = Confusion::new(&self.confusion, self.classes.len());
        let measures = [
            (Measure::Accuracy, confusion.accuracy()),
            (Measure::Precision, confusion.macro_mean(Confusion::precision)),
            (Measure::Recall, confusion.macro_mean(Confusion::recall)),
            (Measure::F1, confusion.macro_mean(Confusion::f1)),
            (Measure::RocAuc, self.area()),
        ];
        Performance::new(measures.into_iter().chain(self.probabilities.measures()))
    }

    /// The mean of each class's area against the rest. The correlation between the classes' errors is unknown, so the interval
    /// assumes that all errors go the same way. It contains the truth at least as often as it claims.
    fn area(&self) -> Result<Measured, Undefined> {
        let areas: Vec<_> = self.scores.iter().map(Scores::area).collect::<Result<_, _>>()?;
        let count = areas.len() as f64;
        let mean = |of: &dyn Fn(&(Measured, f64)) -> f64| areas.iter().map(of).sum::<f64>() / count;
        let value = mean(&|(area, _)| area.value);
        Ok(Measured {
            value,
            interval: interval::logistic(value, mean(&|(_, error)| *error), areas[0].0.rows as f64 / count),
            rows: areas[0].0.rows,
            within: mean(&|(area, _)| area.within),
        })
    }

    pub(crate) fn classes(&self) -> &Classes {
        &self.classes
    }

    pub(crate) fn scores(&self) -> &[Scores] {
        &self.scores
    }
}

/// How many distinct scores each class may have, so that all together are bounded.
pub(crate) fn share(distinct: usize, classes: usize) -> usize {
    (distinct / classes).max(1_024)
}

/// Rows by actual and predicted class.
struct Confusion<'a> {
    cells: &'a [u64],
    classes: usize,
    actual: Vec<f64>,
    predicted: Vec<f64>,
    rows: u64,
}

/// A class's own share, and its derivatives by the cells of the class: the right ones, the others that have the class, and the
/// others that are predicted as it.
struct OfClass {
    value: f64,
    right: f64,
    missed: f64,
    wrong: f64,
}

impl<'a> Confusion<'a> {
    fn new(cells: &'a [u64], classes: usize) -> Self {
        let cell = |actual: usize, predicted: usize| cells[actual * classes + predicted];
        let sum = |of: &dyn Fn(usize) -> u64| (0..classes).map(of).sum::<u64>() as f64;
        Self {
            cells,
            classes,
            actual: (0..classes)
                .map(|actual| sum(&|predicted| cell(actual, predicted)))
                .collect(),
            predicted: (0..classes)
                .map(|predicted| sum(&|actual| cell(actual, predicted)))
                .collect(),
            rows: cells.iter().sum(),
        }
    }

    fn right(&self, class: usize) -> f64 {
        self.cells[class * self.classes + class] as f64
    }

    fn accuracy(&self) -> Result<Measured, Undefined> {
        if self.rows == 0 {
            return Err(Undefined::NoRows);
        }
        let right: f64 = (0..self.classes).map(|class| self.right(class)).sum();
        let value = right / self.rows as f64;
        Ok(Measured {
            value,
            interval: interval::wilson(value, self.rows as f64),
            rows: self.rows,
            within: 0.0,
        })
    }

    fn precision(&self, class: usize) -> OfClass {
        let (value, of) = self.share(class, self.predicted[class]);
        OfClass {
            value,
            right: (1.0 - value) / of,
            missed: 0.0,
            wrong: -value / of,
        }
    }

    fn recall(&self, class: usize) -> OfClass {
        let (value, of) = self.share(class, self.actual[class]);
        OfClass {
            value,
            right: (1.0 - value) / of,
            missed: -value / of,
            wrong: 0.0,
        }
    }

    fn f1(&self, class: usize) -> OfClass {
        let of = self.actual[class] + self.predicted[class];
        let (half, of) = self.share(class, of);
        let value = 2.0 * half;
        OfClass {
            value,
            right: 2.0 * (1.0 - value) / of,
            missed: -value / of,
            wrong: -value / of,
        }
    }

    /// The share of the right ones, and its denominator. Without rows it is 0 of infinitely many, which makes every derivative 0.
    fn share(&self, class: usize, of: f64) -> (f64, f64) {
        if of == 0.0 {
            return (0.0, f64::INFINITY);
        }
        (self.right(class) / of, of)
    }

    /// The mean over the classes that occur, with its variance under multinomial counts (delta method).
    fn macro_mean(&self, of_class: impl Fn(&Self, usize) -> OfClass) -> Result<Measured, Undefined> {
        if self.rows == 0 {
            return Err(Undefined::NoRows);
        }
        let occurs = |class: &usize| self.actual[*class] + self.predicted[*class] > 0.0;
        let own: Vec<Option<OfClass>> = (0..self.classes)
            .map(|class| occurs(&class).then(|| of_class(self, class)))
            .collect();
        let occurring = own.iter().flatten().count() as f64;
        let value = own.iter().flatten().map(|own| own.value).sum::<f64>() / occurring;
        let mut variance = 0.0;
        for (place, rows) in self.cells.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            let (actual, predicted) = (place / self.classes, place % self.classes);
            let of = |class: usize, part: fn(&OfClass) -> f64| own[class].as_ref().map_or(0.0, part);
            let moved = match actual == predicted {
                true => of(actual, |own| own.right),
                false => of(actual, |own| own.missed) + of(predicted, |own| own.wrong),
            };
            variance += *rows as f64 * (moved / occurring).powi(2);
        }
        let error = variance.sqrt();
        let rows = self.rows as f64;
        let interval = interval::logistic(value, error, rows / occurring);
        Ok(Measured {
            value,
            interval,
            rows: self.rows,
            within: 0.0,
        })
    }
}
