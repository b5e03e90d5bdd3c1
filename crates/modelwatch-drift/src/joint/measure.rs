//! A window against a reference, together.

use std::error::Error;
use std::fmt;

use chrono::TimeDelta;
use serde::Serialize;

use super::pairs::{PairSums, pairs};
use super::profile::{JointLimits, JointProfile};
use crate::sketch::RowSample;

/// A reconstruction error matters that is off by this share of the reference's.
const MATTERS: f64 = 0.05;
/// A correlation matters that moved so far.
const MOVED: f64 = 0.2;
/// What is usual is widened: of as many pairs some reach further than one window in 400 does, and the error has weeks that the
/// reference has not seen.
const FURTHER_ERROR: f64 = 1.25;
const FURTHER_PAIR: f64 = 1.5;
/// Pairs that are named, at most.
const NAMED: usize = 10;
/// A window has at least so many rows.
const FEWEST_ROWS: usize = 100;

/// How far a window is from its reference, together.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JointMeasurement {
    /// How many rows of the window were looked at: all, or a sample of as many as a [`RowSample`] holds.
    pub rows: usize,
    /// The larger of how far the reconstruction error and the pair that moved furthest are, each as a multiple of what is usual
    /// or too little to matter; drift from 1 on.
    pub score: f64,
    /// The mean reconstruction error of the window's rows, in deviations.
    pub error: f64,
    /// That of the reference's.
    pub reference_error: f64,
    /// What is usual or too little to matter; nothing where the components hold all there is, so that the error is always 0.
    pub usual_error: Option<[f64; 2]>,
    /// The pairs whose correlation moved further than usual, the furthest first; ten at most.
    pub pairs: Vec<MovedPair>,
    /// How many there are.
    pub moved: usize,
}

/// Two features that go together otherwise than they did.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MovedPair {
    /// The one.
    pub feature: String,
    /// The other.
    pub other: String,
    /// Their correlation in the reference.
    pub before: f64,
    /// That in the window.
    pub now: f64,
    /// How far it moves as a rule.
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
    /// Whether the window is further than usual.
    #[must_use]
    pub fn drifts(&self) -> bool {
        self.score > 1.0
    }

    /// Whether the reconstruction error is further than usual.
    #[must_use]
    pub fn error_drifts(&self) -> bool {
        self.usual_error
            .is_some_and(|[least, largest]| self.error < least || self.error > largest)
    }
}

impl JointProfile {
    /// Measures a window, whose rows have the values of this profile's features in their order. `length` is how long it is, where
    /// it is one of time.
    ///
    /// # Errors
    ///
    /// The window has fewer than 100 rows, or rows of other columns.
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

/// Why a window is not judged together.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unjudged {
    /// It has fewer rows than say how features go together.
    TooFewRows {
        /// How many it has.
        rows: usize,
    },
    /// Its rows are of other columns.
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
