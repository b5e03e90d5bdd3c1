//! Measures of performance, and measured values.

use std::fmt;

/// A measure of how often, or how nearly, a model is right.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Measure {
    /// The share of predictions whose class is the actual one.
    Accuracy,
    /// The share of the predicted positives that are positive. For several classes, the mean over classes.
    Precision,
    /// The share of the positives that are predicted. For several classes, the mean over classes.
    Recall,
    /// The harmonic mean of precision and recall. For several classes, the mean over classes.
    F1,
    /// The area under the ROC curve: how often a positive scores above a negative, with ties counting half. For several classes,
    /// the mean of each against the rest.
    RocAuc,
    /// The mean of `−ln` of the probability given to the actual class, in nats. Probabilities are clipped to 2.2e-16 from 0 and
    /// 1.
    LogLoss,
    /// The mean squared distance of the probability from what happened, from 0 to 1. For several classes it is summed over them,
    /// from 0 to 2.
    BrierScore,
    /// The expected calibration error: over ten bins of equal width, the distance between mean probability and share of
    /// positives, weighted by rows. For several classes, that of the highest probability.
    CalibrationError,
    /// The mean absolute error, in units of the target.
    MeanAbsoluteError,
    /// The root of the mean squared error, in units of the target.
    RootMeanSquaredError,
    /// The mean of prediction minus target, in units of the target. Above 0, the model predicts too much.
    Bias,
    /// The coefficient of determination: 1 minus squared errors over squared distances from the targets' mean.
    RSquared,
}

impl Measure {
    /// All measures, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Accuracy,
        Self::Precision,
        Self::Recall,
        Self::F1,
        Self::RocAuc,
        Self::LogLoss,
        Self::BrierScore,
        Self::CalibrationError,
        Self::MeanAbsoluteError,
        Self::RootMeanSquaredError,
        Self::Bias,
        Self::RSquared,
    ];

    /// Returns the name in metrics, JSON and on the command line: `roc_auc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
            Self::RocAuc => "roc_auc",
            Self::LogLoss => "log_loss",
            Self::BrierScore => "brier_score",
            Self::CalibrationError => "calibration_error",
            Self::MeanAbsoluteError => "mae",
            Self::RootMeanSquaredError => "rmse",
            Self::Bias => "bias",
            Self::RSquared => "r2",
        }
    }

    /// Returns which values are good.
    #[must_use]
    pub const fn better(self) -> Better {
        match self {
            Self::Accuracy | Self::Precision | Self::Recall | Self::F1 | Self::RocAuc | Self::RSquared => {
                Better::Higher
            }
            Self::LogLoss
            | Self::BrierScore
            | Self::CalibrationError
            | Self::MeanAbsoluteError
            | Self::RootMeanSquaredError => Better::Lower,
            Self::Bias => Better::NearZero,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The direction of good values.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The more, the better.
    Higher,
    /// The less, the better.
    Lower,
    /// The nearer to zero, the better.
    NearZero,
}

/// A value of a measure, and how certain it is.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// The interval that contains the truth in 95 % of windows. `None` when there are too few rows.
    pub interval: Option<Interval>,
    /// The number of rows: for a realised value those with a label, for an estimate the predictions.
    pub rows: u64,
    /// How far the value may be from the exact one, because scores were rounded to bound memory. 0 when none was.
    pub within: f64,
}

/// An interval that contains the truth in 95 % of windows.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Interval {
    /// Returns whether it contains a value. The bounds belong to it.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Why a measure has no value.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undefined {
    /// No row has what the measure needs: a label, and a predicted class or a score.
    NoRows,
    /// All labels have one class, so no positive can be compared with a negative.
    OneClass,
    /// No row was predicted positive.
    NonePredicted,
    /// No row is positive.
    NoneActual,
    /// Some scores are outside of 0 to 1, or those of a row do not sum to 1, so they are not probabilities.
    NotProbabilities {
        /// The number of such rows.
        rows: u64,
    },
    /// All targets are equal, so there is no variance to explain.
    ConstantTarget,
    /// This measure belongs to another kind of model.
    OtherTask,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => f.write_str("no row has both a label and the prediction that this measure needs"),
            Self::OneClass => f.write_str("all labels are of one class; use a longer window"),
            Self::NonePredicted => {
                f.write_str("no row was predicted to be positive; check the threshold, or use a longer window")
            }
            Self::NoneActual => f.write_str("no row is positive; use a longer window"),
            Self::NotProbabilities { rows } => write!(
                f,
                "the scores of {rows} rows are no probabilities (from 0 to 1, of all classes summing to 1); log probabilities for this measure"
            ),
            Self::ConstantTarget => f.write_str("all targets are equal; use a longer window"),
            Self::OtherTask => f.write_str("this measure is of another kind of model"),
        }
    }
}

impl std::error::Error for Undefined {}

/// The measures of a set of rows, each with its value or the reason why it has none.
/// # Example: a value with its interval, and a reason for none
///
/// ```
/// use modelwatch_performance::{Better, BinaryCounts, Interval, Measure, Measured, Performance, Undefined};
///
/// let mut counts = BinaryCounts::new();
/// (0..100).for_each(|row| counts.add(None, Some(true), row % 10 != 0));
/// let performance: Performance = counts.performance();
///
/// let precision: Measured = performance.get(Measure::Precision)?;
/// assert_eq!((precision.value, precision.rows), (0.9, 100));
/// let interval: Interval = precision.interval.expect("a hundred rows have one");
/// assert!(interval.contains(0.9) && interval.low < 0.85);
///
/// assert_eq!(Measure::Precision.better(), Better::Higher);
/// assert!(matches!(performance.get(Measure::RocAuc), Err(Undefined::NoRows)));
/// # Ok::<(), Undefined>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    measures: Vec<(Measure, Result<Measured, Undefined>)>,
}

impl Performance {
    pub(crate) fn new(measures: impl IntoIterator<Item = (Measure, Result<Measured, Undefined>)>) -> Self {
        Self {
            measures: measures.into_iter().collect(),
        }
    }

    /// Returns the value of a measure.
    ///
    /// # Errors
    ///
    /// Returns why the measure has no value, and [`Undefined::OtherTask`] for a measure of another kind of model.
    pub fn get(&self, measure: Measure) -> Result<Measured, Undefined> {
        let found = self.measures.iter().find(|(known, _)| *known == measure);
        found.map_or(Err(Undefined::OtherTask), |(_, measured)| *measured)
    }

    /// Returns the measures of this kind of model, in the order of [`Measure::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Measure, Result<Measured, Undefined>)> + '_ {
        self.measures.iter().copied()
    }
}
