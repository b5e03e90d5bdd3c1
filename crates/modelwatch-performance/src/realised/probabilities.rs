//! Measures of probabilities, given what happened.

use super::calibration_error::CalibrationBins;
use crate::mean::Mean;
use crate::measure::{Measure, Measured, Undefined};

/// Sums over rows with probabilities and a label.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probabilities {
    log_loss: Mean,
    squared: Mean,
    bins: CalibrationBins,
    /// Rows whose scores are not probabilities.
    outside: u64,
}

impl Probabilities {
    /// Counts a row: the probability of what happened, the squared distance, and the probability that calibration judges, with
    /// whether its event happened.
    pub(crate) fn add(&mut self, of_actual: f64, squared: f64, judged: (f64, bool)) {
        self.log_loss.add(log_loss(of_actual));
        self.squared.add(squared);
        self.bins.add(judged.0, judged.1);
    }

    /// Counts a row whose scores are not probabilities.
    pub(crate) fn add_outside(&mut self) {
        self.outside += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.log_loss.merge(&other.log_loss);
        self.squared.merge(&other.squared);
        self.bins.merge(&other.bins);
        self.outside += other.outside;
    }

    pub(crate) fn measures(&self) -> [(Measure, Result<Measured, Undefined>); 3] {
        let known = match self.outside {
            0 => Ok(()),
            rows => Err(Undefined::NotProbabilities { rows }),
        };
        [
            (Measure::LogLoss, known.and_then(|()| self.log_loss.measured_positive())),
            (
                Measure::BrierScore,
                known.and_then(|()| self.squared.measured_positive()),
            ),
            (Measure::CalibrationError, known.and_then(|()| self.bins.measured())),
        ]
    }
}

/// `−ln p`, with the probability clipped as in scikit-learn, so that a certain but wrong one costs 36 nats.
pub(crate) fn log_loss(probability: f64) -> f64 {
    -probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}
