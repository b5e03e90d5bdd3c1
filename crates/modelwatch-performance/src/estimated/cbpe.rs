//! Confidence-based performance estimation: what the scores themselves say about how often a classification is right.

use super::calibration::Calibration;
use super::doubt::{CannotEstimate, Estimate};
use super::expected::{Estimated, Expected};
use super::unlabelled::{MulticlassPredictionCounts, PredictionCounts};
use crate::classes::{Classes, Unmergeable};
use crate::measure::{Measure, Performance, Undefined};
use crate::realised::{BinaryCounts, MulticlassCounts};

/// Estimates the performance of a binary classification without labels, from calibrated scores (NannyML calls it CBPE).
///
/// It learns from a labelled reference how probable a positive is at each score, by isotonic regression on the reference's
/// counts. It then expects a window's labels to follow those probabilities. This holds while scores mean the same as in the
/// reference, however often each input comes (*covariate shift*). Without labels, it can't see a changed relation between inputs
/// and labels (*concept drift*): [`Estimate::doubts`] compares the two when labels arrive.
///
/// Its interval contains the figure by labels in 95 % of windows. It covers the chance of the labels and that of the calibration.
///
/// # Example
///
/// ```
/// use modelwatch_performance::{BinaryCounts, Cbpe, Measure, PredictionCounts};
///
/// let mut reference = BinaryCounts::new();
/// for row in 0..1_000 {
///     let score = f64::from(row % 10) / 10.0 + 0.05;
///     reference.add(Some(score), Some(score > 0.5), row % 100 < row % 10 * 10 + 5);
/// }
/// let mut window = PredictionCounts::new();
/// window.add(Some(0.95), Some(true));
/// window.add(Some(0.85), Some(true));
///
/// let estimate = Cbpe::learn(&reference)?.estimate(&window);
/// let precision = estimate.performance.get(Measure::Precision)?;
/// assert!(precision.value > 0.8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cbpe {
    calibration: Calibration,
}

impl Cbpe {
    /// Learns from a labelled reference. Use rows that the model was not trained on: on its training data, a model is too
    /// confident.
    ///
    /// # Errors
    ///
    /// Returns an error when the reference has no positives or no negatives with a score.
    pub fn learn(reference: &BinaryCounts) -> Result<Self, CannotEstimate> {
        let calibration = Calibration::learn(reference.scores()).ok_or(CannotEstimate::OneClass { class: None })?;
        Ok(Self { calibration })
    }

    /// Returns the probability of a positive, given a score.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        self.calibration.probability(self.calibration.place(score))
    }

    /// Estimates the performance of predictions without labels.
    #[must_use]
    pub fn estimate(&self, window: &PredictionCounts) -> Estimate {
        let classed = Expected::new(&self.calibration, &window.scores);
        let mut all = window.scores.clone();
        all.merge(&window.unclassed);
        let all = Expected::new(&self.calibration, &all);
        let share = |expected: &Expected<'_>, estimated: Result<Estimated, Undefined>| {
            estimated.map(|estimated| estimated.share(expected.rows()))
        };
        let measures = [
            (Measure::Accuracy, share(&classed, classed.accuracy())),
            (Measure::Precision, share(&classed, classed.precision())),
            (Measure::Recall, share(&classed, classed.recall())),
            (Measure::F1, share(&classed, classed.f1())),
            (Measure::RocAuc, share(&all, all.area())),
            (
                Measure::LogLoss,
                all.log_loss(true).map(|loss| loss.positive(all.rows())),
            ),
            (
                Measure::BrierScore,
                all.brier_score().map(|loss| loss.positive(all.rows())),
            ),
        ];
        Estimate {
            performance: Performance::new(measures),
            rows: all.rows(),
            beyond: all.beyond,
        }
    }
}

/// Estimates the performance of a multiclass classification without labels, as [`Cbpe`] does for two classes.
///
/// Each class is calibrated against the rest. The correlation between the classes' errors is unknown, so the intervals of means
/// over classes assume that all errors go the same way. They contain the truth at least as often as they claim.
/// # Example: three classes, two predictions
///
/// ```
/// use modelwatch_performance::{Classes, Measure, MulticlassCbpe, MulticlassCounts, MulticlassPredictionCounts};
///
/// let classes = Classes::new(["a", "b", "c"])?;
/// let probabilities = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]];
/// let mut reference = MulticlassCounts::new(&classes);
/// for row in 0..300 {
///     let predicted = row % 3;
///     let actual = if row % 10 < 8 { predicted } else { (predicted + 1) % 3 };
///     reference.add(Some(&probabilities[predicted]), Some(&classes.names()[predicted]), &classes.names()[actual]);
/// }
/// let mut window = MulticlassPredictionCounts::new(&classes);
/// window.add(&probabilities[0], "a");
/// window.add(&probabilities[2], "c");
///
/// let estimate = MulticlassCbpe::learn(&reference)?.estimate(&window)?;
/// let accuracy = estimate.performance.get(Measure::Accuracy)?;
/// assert!((accuracy.value - 0.8).abs() < 0.01, "{}", accuracy.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MulticlassCbpe {
    classes: Classes,
    calibrations: Vec<Calibration>,
}

impl MulticlassCbpe {
    /// Learns from a labelled reference that the model was not trained on.
    ///
    /// # Errors
    ///
    /// Returns an error that names the class when no row of the reference, or every row, has it.
    pub fn learn(reference: &MulticlassCounts) -> Result<Self, CannotEstimate> {
        let names = reference.classes().names();
        let calibrations = reference.scores().iter().zip(names).map(|(scores, name)| {
            Calibration::learn(scores).ok_or_else(|| CannotEstimate::OneClass {
                class: Some(name.clone()),
            })
        });
        Ok(Self {
            classes: reference.classes().clone(),
            calibrations: calibrations.collect::<Result<_, _>>()?,
        })
    }

    /// Estimates the performance of predictions without labels.
    ///
    /// # Errors
    ///
    /// Returns an error when the window has other classes than the reference.
    pub fn estimate(&self, window: &MulticlassPredictionCounts) -> Result<Estimate, Unmergeable> {
        if self.classes != window.classes {
            return Err(Unmergeable::Classes);
        }
        let of_classes = self.calibrations.iter().zip(&window.scores);
        let of_classes: Vec<_> = of_classes
            .map(|(calibration, scores)| Expected::new(calibration, scores))
            .collect();
        let rows = window.rows;
        let accuracy = total(&of_classes, |class| class.right()).map(|sum| Estimated {
            value: sum.value.min(1.0),
            // Each row is predicted as one class, so the parts come from different rows.
            error: sum.independent,
        });
        let count = of_classes.len() as f64;
        let mean = |of: fn(&Expected<'_>) -> Result<Estimated, Undefined>| {
            total(&of_classes, |class| or_zero(of(class))).map(|sum| Estimated {
                value: sum.value / count,
                error: sum.together / count,
            })
        };
        let sum = |of: fn(&Expected<'_>) -> Result<Estimated, Undefined>| {
            total(&of_classes, of).map(|sum| Estimated {
                value: sum.value,
                error: sum.together,
            })
        };
        let share = |estimated: Result<Estimated, Undefined>| estimated.map(|estimated| estimated.share(rows));
        let positive = |estimated: Result<Estimated, Undefined>| estimated.map(|estimated| estimated.positive(rows));
        let measures = [
            (Measure::Accuracy, share(accuracy)),
            (Measure::Precision, share(mean(|class| class.precision()))),
            (Measure::Recall, share(mean(|class| class.recall()))),
            (Measure::F1, share(mean(|class| class.f1()))),
            (Measure::RocAuc, share(mean(|class| class.area()))),
            (Measure::LogLoss, positive(sum(|class| class.log_loss(false)))),
            (Measure::BrierScore, positive(sum(|class| class.brier_score()))),
        ];
        Ok(Estimate {
            performance: Performance::new(measures),
            rows,
            beyond: of_classes.iter().map(|class| class.beyond).max().unwrap_or(0),
        })
    }
}

/// The sum over all classes, with the error if the parts are independent, and the error if they all go the same way.
struct Total {
    value: f64,
    independent: f64,
    together: f64,
}

fn total(
    classes: &[Expected<'_>],
    of: impl Fn(&Expected<'_>) -> Result<Estimated, Undefined>,
) -> Result<Total, Undefined> {
    let parts: Vec<Estimated> = classes.iter().map(of).collect::<Result<_, _>>()?;
    Ok(Total {
        value: parts.iter().map(|part| part.value).sum(),
        independent: parts.iter().map(|part| part.error * part.error).sum::<f64>().sqrt(),
        together: parts.iter().map(|part| part.error).sum(),
    })
}

/// A class that is never predicted counts as 0, as in realised performance.
fn or_zero(estimated: Result<Estimated, Undefined>) -> Result<Estimated, Undefined> {
    match estimated {
        Err(Undefined::NonePredicted | Undefined::NoneActual) => Ok(Estimated { value: 0.0, error: 0.0 }),
        other => other,
    }
}
