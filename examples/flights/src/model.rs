//! The model: a logistic regression on standardised features.

use serde::{Deserialize, Serialize};

use crate::data::{Features, Flight};
use crate::error::Failure;

/// Predicts the probability that a flight arrives more than 15 minutes late.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DelayModel {
    /// For each feature used: its name, the training mean and deviation, and its weight.
    terms: Vec<Term>,
    intercept: f64,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Term {
    #[serde(rename = "feature", with = "by_name")]
    position: usize,
    mean: f64,
    deviation: f64,
    weight: f64,
}

impl DelayModel {
    /// Trains on the flights whose end is known, with the named features alone.
    ///
    /// # Errors
    ///
    /// When no model can be fitted to the flights.
    #[cfg(feature = "training")]
    pub fn train(flights: &[Flight], features: &[&str]) -> Result<Self, Failure> {
        use crate::data::FEATURES;
        use smartcore::linalg::basic::arrays::Array as _;
        use smartcore::linalg::basic::matrix::DenseMatrix;
        use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

        let positions = FEATURES.iter().enumerate().filter(|(_, name)| features.contains(name));
        let mut terms: Vec<Term> = positions
            .map(|(position, _)| {
                let (mean, deviation) = moments(flights.iter().filter_map(|flight| flight.features[position]));
                Term {
                    position,
                    mean,
                    deviation,
                    weight: 0.0,
                }
            })
            .collect();
        let known: Vec<(&Flight, bool)> = flights
            .iter()
            .filter_map(|flight| flight.late.map(|late| (flight, late)))
            .collect();
        let rows = known
            .iter()
            .map(|(flight, _)| terms.iter().map(|term| term.standard(&flight.features)).collect());
        let rows: Vec<Vec<f64>> = rows.collect();
        let labels: Vec<u32> = known.iter().map(|(_, late)| u32::from(*late)).collect();
        let failed = |error| {
            Failure::new(format!(
                "can't fit the model to {} training flights: {error}; copy the training file again",
                known.len()
            ))
        };
        let matrix = DenseMatrix::from_2d_vec(&rows).map_err(failed)?;
        let fitted =
            LogisticRegression::fit(&matrix, &labels, LogisticRegressionParameters::default()).map_err(failed)?;
        for (term, weight) in terms.iter_mut().zip(fitted.coefficients().iterator(0)) {
            term.weight = *weight;
        }
        Ok(Self {
            terms,
            intercept: *fitted.intercept().get((0, 0)),
        })
    }

    /// Reads a model from the text of its file.
    ///
    /// # Errors
    ///
    /// When the text is no model.
    pub fn from_json(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|error| Failure::new(format!("the model's file can't be read: {error}")))
    }

    /// The text of the model's file.
    ///
    /// # Errors
    ///
    /// When a number is none that JSON has.
    pub fn to_json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n")
            .map_err(|error| Failure::new(format!("the model can't be written: {error}")))
    }

    /// The probability that a flight is late, from 0 to 1.
    #[must_use]
    pub fn score(&self, features: &Features) -> f64 {
        let logit: f64 = self
            .terms
            .iter()
            .map(|term| term.weight * term.standard(features))
            .sum();
        1.0 / (1.0 + (-logit - self.intercept).exp())
    }

    /// The area under the ROC curve over the flights whose end is known: the probability that a late flight scores
    /// above one that is not, ties counting half (Hanley and McNeil, 1982).
    #[must_use]
    pub fn area_under_curve(&self, flights: &[Flight]) -> f64 {
        let mut scored: Vec<(f64, bool)> = flights
            .iter()
            .filter_map(|flight| Some((self.score(&flight.features), flight.late?)))
            .collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let late = scored.iter().filter(|(_, late)| *late).count() as f64;
        let punctual = scored.len() as f64 - late;
        // The sum of the ranks of late flights; equal scores share the mean of their ranks.
        let mut ranks = 0.0;
        let mut first = 0.0;
        for tied in scored.chunk_by(|a, b| a.0 == b.0) {
            let rank = first + (tied.len() as f64 + 1.0) / 2.0;
            ranks += rank * tied.iter().filter(|(_, late)| *late).count() as f64;
            first += tied.len() as f64;
        }
        (ranks - late * (late + 1.0) / 2.0) / (late * punctual)
    }
}

impl Term {
    /// The feature in deviations from its mean; the mean where it is missing.
    fn standard(&self, features: &Features) -> f64 {
        features[self.position].map_or(0.0, |value| (value - self.mean) / self.deviation)
    }
}

/// A feature's name in the file for its position in [`FEATURES`].
mod by_name {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::data::FEATURES;

    pub(super) fn serialize<S: Serializer>(position: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(FEATURES[*position])
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        let name = String::deserialize(deserializer)?;
        let position = FEATURES.iter().position(|feature| *feature == name);
        position.ok_or_else(|| D::Error::custom(format!("no feature {name:?}")))
    }
}

#[cfg(feature = "training")]
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(f64::MIN_POSITIVE))
}
