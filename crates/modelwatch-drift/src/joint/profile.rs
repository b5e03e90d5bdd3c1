//! Describes how the numbers of a reference go together.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::pairs::pairs;

/// The number of deviations at which values further from the reference's mean are capped, so that squares stay finite.
const FURTHEST: f64 = 1e6;

/// Describes how the numbers of a reference go together.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointProfile {
    pub(super) features: Vec<JointFeature>,
    /// The number of rows of the reference that it was learned from.
    pub(super) rows: u64,
    /// The directions among the features, each divided by its deviation.
    pub(super) components: Vec<Vec<f64>>,
    /// The mean reconstruction error of the reference's rows.
    pub(super) error: f64,
    /// The correlation of each pair: the first feature with each of the rest, then the second with those after it.
    pub(super) correlations: Vec<Option<f64>>,
    pub(super) limits: Vec<JointLimits>,
}

/// Describes a feature that takes part.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointFeature {
    /// The feature's name.
    pub name: String,
    /// The mean of the reference's values.
    pub mean: f64,
    /// The standard deviation of the reference's values, with the mean in place of missing ones.
    pub deviation: f64,
}

/// Holds how far the reference's own windows are from the rest of it.
///
/// [`JointReference`](super::JointReference) has an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointLimits {
    /// The length of the windows in seconds, if these are windows of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// The number of rows per window, if rows are drawn at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u32>,
    /// The number of windows measured.
    pub windows: u32,
    /// How far a window's reconstruction error falls below the rest's.
    pub below: f64,
    /// How far a window's reconstruction error rises above the rest's.
    pub above: f64,
    /// How far each pair's correlation is from the rest's, in hundredths, in the order of the correlations.
    pub hundredths: Vec<u8>,
}

impl JointProfile {
    /// Returns the features that take part, in the order that rows must have.
    #[must_use]
    pub fn features(&self) -> &[JointFeature] {
        &self.features
    }

    /// Returns the number of rows of the reference that it was learned from.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the mean reconstruction error of the reference's rows, in deviations.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.error
    }

    /// Returns the directions that hold 65 % of the variance, each of length 1. If fewer directions than features do
    /// not hold more than that, there are as many as features, and the reconstruction error says nothing.
    #[must_use]
    pub fn components(&self) -> &[Vec<f64>] {
        &self.components
    }

    /// Returns the limits that the reference's own windows reach.
    #[must_use]
    pub fn limits(&self) -> &[JointLimits] {
        &self.limits
    }

    /// Returns the pairs with their correlations; `None` if one of the two does not vary among the rows with both
    /// values.
    pub fn correlations(&self) -> impl Iterator<Item = (&str, &str, Option<f64>)> {
        let name = |place: usize| self.features[place].name.as_str();
        pairs(self.features.len())
            .zip(&self.correlations)
            .map(move |((one, other), correlation)| (name(one), name(other), *correlation))
    }

    /// Appends a row in deviations from the reference's means, with NaN for missing values.
    pub(super) fn standardize(&self, row: &[f64], into: &mut Vec<f64>) {
        let features = self.features.iter().zip(row);
        into.extend(
            features.map(|(feature, value)| ((value - feature.mean) / feature.deviation).clamp(-FURTHEST, FURTHEST)),
        );
    }

    /// Returns how far rows in deviations are from their projections on the components.
    pub(super) fn errors_of(&self, standardized: &[f64]) -> Vec<f64> {
        /// Rows computed side by side, each in its own lane: the result is the same as for each row alone.
        const ROWS: usize = 8;
        let size = self.features.len();
        let mut errors = Vec::with_capacity(standardized.len() / size.max(1));
        let mut rest = vec![[0.0; ROWS]; size];
        let mut along = vec![[0.0; ROWS]; self.components.len()];
        for rows in standardized.chunks(ROWS * size) {
            for (lane, row) in rows.chunks_exact(size).enumerate() {
                for (rest, value) in rest.iter_mut().zip(row) {
                    rest[lane] = if value.is_nan() { 0.0 } else { *value };
                }
            }
            for (along, component) in along.iter_mut().zip(&self.components) {
                *along = [0.0; ROWS];
                for (part, values) in component.iter().zip(&rest) {
                    let lanes = along.iter_mut().zip(values);
                    lanes.for_each(|(along, value)| *along += part * value);
                }
            }
            for (along, component) in along.iter().zip(&self.components) {
                for (values, part) in rest.iter_mut().zip(component) {
                    let lanes = values.iter_mut().zip(along);
                    lanes.for_each(|(value, along)| *value -= along * part);
                }
            }
            let mut squares = [0.0; ROWS];
            for values in &rest {
                let lanes = squares.iter_mut().zip(values);
                lanes.for_each(|(squares, value)| *squares += value * value);
            }
            errors.extend(squares.into_iter().take(rows.len() / size).map(f64::sqrt));
        }
        errors
    }

    /// Returns the limits for a window with this many rows and, if it is a window of time, of this length.
    pub(super) fn limits_for(&self, rows: usize, length: Option<TimeDelta>) -> impl Iterator<Item = &JointLimits> {
        let of_rows = |limits: &JointLimits| limits.rows.filter(|of| *of as usize <= rows);
        let chance = self
            .limits
            .iter()
            .filter(|limits| of_rows(limits).is_some())
            .max_by_key(|limits| limits.rows);
        let of_time = |limits: &&JointLimits| limits.seconds.is_some();
        let seconds = length.map(|length| length.num_seconds());
        let not_longer =
            self.limits.iter().filter(of_time).rfind(|limits| {
                seconds.is_some_and(|seconds| limits.seconds.is_some_and(|of| i64::from(of) <= seconds))
            });
        let not_shorter =
            self.limits.iter().filter(of_time).find(|limits| {
                seconds.is_some_and(|seconds| limits.seconds.is_some_and(|of| i64::from(of) >= seconds))
            });
        chance.into_iter().chain(not_longer).chain(not_shorter)
    }

    /// Checks that the profile does not contradict itself. The error says where it does.
    pub(crate) fn check(&self) -> Result<(), String> {
        let size = self.features.len();
        let pairs = size * size.saturating_sub(1) / 2;
        if size < 2 {
            return Err(format!("it has {size} features where at least 2 go together"));
        }
        for feature in &self.features {
            if !(feature.mean.is_finite() && feature.deviation.is_finite() && feature.deviation > 0.0) {
                return Err(format!(
                    "the feature {:?} has a mean of {} and a deviation of {}",
                    feature.name, feature.mean, feature.deviation
                ));
            }
        }
        if !(self.error.is_finite() && self.error >= 0.0) {
            return Err(format!("its reconstruction error is {}", self.error));
        }
        let is_direction = |component: &Vec<f64>| {
            let length: f64 = component.iter().map(|part| part * part).sum();
            component.len() == size && (length - 1.0).abs() < 1e-6
        };
        if self.components.is_empty() || self.components.len() > size || !self.components.iter().all(is_direction) {
            return Err("its components are no directions among its features".to_owned());
        }
        let of_pairs = self.limits.iter().map(|limits| limits.hundredths.len());
        if self.correlations.len() != pairs || of_pairs.chain([pairs]).any(|length| length != pairs) {
            return Err(format!(
                "it does not have a correlation and a limit for each of {pairs} pairs"
            ));
        }
        let outside = self
            .correlations
            .iter()
            .flatten()
            .find(|value| !(-1.0..=1.0).contains(*value));
        if let Some(outside) = outside {
            return Err(format!("one of its correlations is {outside}"));
        }
        let limits = self.limits.iter();
        let odd = |limits: &JointLimits| {
            let is_none = |limit: f64| !limit.is_finite() || limit < 0.0;
            is_none(limits.below) || is_none(limits.above) || limits.seconds.is_some() == limits.rows.is_some()
        };
        let seconds: Vec<u32> = limits.clone().filter_map(|limits| limits.seconds).collect();
        if limits.clone().any(odd) || !seconds.is_sorted() {
            return Err("the limits of its windows are none".to_owned());
        }
        Ok(())
    }
}
