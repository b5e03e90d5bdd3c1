//! Measures a window against a reference, by how columns go together.

use std::error::Error;
use std::fmt;

use chrono::TimeDelta;
use serde::Serialize;

use super::pairs::{PairSums, pairs};
use super::profile::{JointLimits, JointProfile};
use crate::sketch::RowSample;

/// The smallest difference of the reconstruction error that matters, as a share of the reference's.
const MATTERS: f64 = 0.05;
/// The smallest move of a correlation that matters.
const MOVED: f64 = 0.2;
/// The learned limits are widened: among this many pairs, some reach further than one window in 400 does, and the error
/// will see weeks that the reference has not.
const FURTHER_ERROR: f64 = 1.25;
const FURTHER_PAIR: f64 = 1.5;
/// The maximum number of pairs to name.
const NAMED: usize = 10;
/// The minimum number of rows in a window.
const FEWEST_ROWS: usize = 100;

/// Measures how far a window is from its reference, by how the columns go together.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JointMeasurement {
    /// The number of rows measured: all of the window's, or a sample of as many as a [`RowSample`] holds.
    pub rows: usize,
    /// The larger of two ratios: how far the reconstruction error is off, and how far the pair that moved furthest has
    /// moved, each as a multiple of the usual distance (or of the smallest that matters). Drift is above 1.
    pub score: f64,
    /// The mean reconstruction error of the window's rows, in deviations.
    pub error: f64,
    /// The mean reconstruction error of the reference's rows.
    pub reference_error: f64,
    /// The range of the error that is usual or too close to matter; `None` if the components hold all of the variance,
    /// so that the error is always 0.
    pub usual_error: Option<[f64; 2]>,
    /// The pairs whose correlation moved further than usual, the furthest first; at most ten.
    pub pairs: Vec<MovedPair>,
    /// The number of such pairs.
    pub moved: usize,
}

/// Describes two features whose correlation moved.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MovedPair {
    /// One feature.
    pub feature: String,
    /// The other feature.
    pub other: String,
    /// Their correlation in the reference.
    pub before: f64,
    /// Their correlation in the window.
    pub now: f64,
    /// How far it usually moves.
    pub usual: f64,
}

impl fmt::Display for MovedPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} and {}: correlation {:.2}, in training {:.2} ± {:.2}",
            self.feature, self.other, self.now, self.before, self.usual
        )
    }
}

impl JointMeasurement {
    /// Returns whether the window is further away than usual.
    #[must_use]
    pub fn drifts(&self) -> bool {
        self.score > 1.0
    }

    /// Returns whether the reconstruction error is further away than usual.
    #[must_use]
    pub fn error_drifts(&self) -> bool {
        self.usual_error
            .is_some_and(|[least, largest]| self.error < least || self.error > largest)
    }
}

impl JointProfile {
    /// Measures a window. Its rows must have the values of this profile's features in their order. Pass the window's
    /// `length` if it is a window of time.
    ///
    /// # Errors
    ///
    /// The window has fewer than 100 rows, or its rows have other columns.
    pub fn measure(&self, window: &RowSample, length: Option<TimeDelta>) -> Result<JointMeasurement, Unjudged> {
        let size = self.features.len();
        if window.columns() != size {
            return Err(Unjudged::Columns);
        }
        let rows = window.len();
        if rows < FEWEST_ROWS {
            return Err(Unjudged::TooFewRows { rows });
        }
        let mut values = Vec::with_capacity(rows * size);
        window.rows().for_each(|row| self.standardize(row, &mut values));
        let mut sums = PairSums::new(size);
        sums.add(values.chunks_exact(size));
        let error = self.errors_of(&values).iter().sum::<f64>() / rows as f64;
        let all = self.components.len() == size;
        let mut usual = [MATTERS * self.error; 2];
        for limits in self.limits_for(rows, length) {
            usual = [
                usual[0].max(FURTHER_ERROR * limits.below),
                usual[1].max(FURTHER_ERROR * limits.above),
            ];
        }
        let off = error - self.error;
        let of_error = match all {
            true => 0.0,
            false if off < 0.0 => -off / usual[0].max(f64::MIN_POSITIVE),
            false => off / usual[1].max(f64::MIN_POSITIVE),
        };
        let mut moved: Vec<(f64, MovedPair)> = Vec::new();
        let mut furthest = 0.0_f64;
        let both = self.correlations.iter().zip(sums.correlations()).enumerate();
        for ((place, (before, now)), (one, other)) in both.zip(pairs(size)) {
            let (Some(before), Some(now)) = (*before, now) else {
                continue;
            };
            let reach = |limits: &JointLimits| limits.hundredths.get(place).copied();
            let hundredths = self.limits_for(rows, length).filter_map(reach).max();
            let usual = FURTHER_PAIR * f64::from(hundredths.unwrap_or_default()) / 100.0;
            let far = (now - before).abs() / usual.max(MOVED);
            furthest = furthest.max(far);
            if far > 1.0 {
                let pair = MovedPair {
                    feature: self.features[one].name.clone(),
                    other: self.features[other].name.clone(),
                    before,
                    now,
                    usual: usual.max(MOVED),
                };
                moved.push((far, pair));
            }
        }
        moved.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        Ok(JointMeasurement {
            rows,
            score: of_error.max(furthest),
            error,
            reference_error: self.error,
            usual_error: (!all).then_some([(self.error - usual[0]).max(0.0), self.error + usual[1]]),
            moved: moved.len(),
            pairs: moved.into_iter().take(NAMED).map(|(_, pair)| pair).collect(),
        })
    }
}

/// Explains why a window can't be measured together.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unjudged {
    /// The window has too few rows to show how features go together.
    TooFewRows {
        /// The number of its rows.
        rows: usize,
    },
    /// The window's rows have other columns.
    Columns,
}

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewRows { rows } => write!(
                f,
                "the window has {rows} rows and {FEWEST_ROWS} are needed to say how features go together"
            ),
            Self::Columns => f.write_str("the window was counted for another baseline"),
        }
    }
}

impl Error for Unjudged {}
