//! An estimate, and the reasons to doubt it.

use std::error::Error;
use std::fmt;

use crate::measure::{Measure, Measured, Performance};

/// The share of rows beyond the reference above which an estimate is doubted.
const MANY_BEYOND: f64 = 0.01;

/// The expected performance of predictions without labels.
/// # Example: scores that the reference never had
///
/// ```
/// use modelwatch_performance::{BinaryCounts, Cbpe, Doubt, Estimate, PredictionCounts};
///
/// let mut reference = BinaryCounts::new();
/// (0..1_000).for_each(|row| reference.add(Some(f64::from(row % 5) / 10.0), Some(false), row % 9 == 0));
/// let mut window = PredictionCounts::new();
/// (0..100).for_each(|_| window.add(Some(0.9), Some(true)));
///
/// let estimate: Estimate = Cbpe::learn(&reference)?.estimate(&window);
/// assert_eq!(estimate.beyond, 100);
/// assert!(matches!(estimate.doubts(None)[..], [Doubt::Beyond { rows: 100, of: 100, .. }]));
/// # Ok::<(), modelwatch_performance::CannotEstimate>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The measures that can be estimated.
    pub performance: Performance,
    /// The number of predictions.
    pub rows: u64,
    /// The number of predictions unlike the reference: a score, prediction or feature is outside of its range there.
    pub beyond: u64,
}

impl Estimate {
    /// The assumption behind every estimate, in one sentence for readers of the figures.
    pub const ASSUMPTION: &'static str = "estimated without labels: it holds while inputs of a kind are as often of each outcome as in \
         the reference (covariate shift only), which only labels can confirm";

    /// Returns the reasons not to believe the estimate. Pass the performance by labels of the same rows, once there is one, for
    /// the reasons that only labels show.
    #[must_use]
    pub fn doubts(&self, realised: Option<&Performance>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if self.beyond as f64 > MANY_BEYOND * self.rows as f64 {
            doubts.push(Doubt::Beyond {
                rows: self.beyond,
                of: self.rows,
            });
        }
        let Some(realised) = realised else { return doubts };
        for (measure, estimated) in self.performance.iter() {
            let (Ok(estimated), Ok(realised)) = (estimated, realised.get(measure)) else {
                continue;
            };
            // Labels of some rows are less certain, so the two intervals must not overlap.
            let apart = match (estimated.interval, realised.interval) {
                (Some(one), Some(other)) => one.high < other.low || other.high < one.low,
                _ => false,
            };
            if apart {
                doubts.push(Doubt::Refuted {
                    measure,
                    estimated,
                    realised,
                });
            }
        }
        doubts
    }
}

/// A reason not to believe an estimate.
/// The example of [`Estimate`](crate::Estimate) has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// More than one row in a hundred is unlike the reference, so nothing was learned about them.
    Beyond {
        /// The number of such rows.
        rows: u64,
        /// The number of all rows.
        of: u64,
    },
    /// Labels contradict the estimate: the relation between inputs and outcomes differs from the reference.
    Refuted {
        /// The measure.
        measure: Measure,
        /// The estimated value.
        estimated: Measured,
        /// The value by labels.
        realised: Measured,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beyond { rows, of } => write!(
                f,
                "{rows} of {of} rows lie outside of what the reference has, and nothing was learned of them; learn from a reference that \
                 has such rows"
            ),
            Self::Refuted {
                measure,
                estimated,
                realised,
            } => write!(
                f,
                "{measure} is {:.4} by labels and was estimated at {:.4}: inputs no longer mean what they meant in the reference (concept \
                 drift); trust the labels, and learn from a newer reference",
                realised.value, estimated.value
            ),
        }
    }
}

/// Why nothing can be learned from a reference.
/// The example of [`Dle`](crate::Dle) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CannotEstimate {
    /// All scored rows have one class.
    OneClass {
        /// The class that no row has, or that every row has. `None` for a binary classification.
        class: Option<String>,
    },
    /// Too few rows to learn from.
    TooFewRows {
        /// The number of usable rows.
        rows: usize,
        /// The fewest allowed.
        least: usize,
    },
    /// A row has another number of features than the reference.
    Ragged {
        /// The features in the row.
        values: usize,
        /// The features in the reference.
        wanted: usize,
    },
}

impl fmt::Display for CannotEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneClass { class: None } => f.write_str(
                "the reference has no scored rows of both classes; give labelled rows of positives and of negatives",
            ),
            Self::OneClass { class: Some(class) } => write!(
                f,
                "the reference has no scored rows both of class {class:?} and of others; give labelled rows of every class"
            ),
            Self::TooFewRows { rows, least } => write!(
                f,
                "the reference has {rows} rows with prediction and target, and {least} are needed to learn from; give more"
            ),
            Self::Ragged { values, wanted } => write!(
                f,
                "a row of the reference has {values} features and the reference has {wanted}; give each row the same features"
            ),
        }
    }
}

impl Error for CannotEstimate {}
