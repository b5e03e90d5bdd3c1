//! A feature of either kind, and a window's rows on its bins.

use super::categorical::{CategoricalCounts, CategoricalProfile};
use super::numeric::{NumericCounts, NumericProfile};

/// A feature in training: its bins and how many rows fell there.
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// A number.
    Numeric(NumericProfile),
    /// A category.
    Categorical(CategoricalProfile),
}

impl Profile {
    /// Training's rows, those without a value among them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::Numeric(profile) => profile.counts().rows(),
            Self::Categorical(profile) => profile.counts().rows(),
        }
    }

    /// No rows yet, on this profile's bins.
    #[must_use]
    pub fn count(&self) -> Counts {
        match self {
            Self::Numeric(profile) => Counts::Numeric(profile.bins().count()),
            Self::Categorical(profile) => Counts::Categorical(profile.bins().count()),
        }
    }
}

/// A window's rows on the bins of a [`Profile`].
#[derive(Clone, Debug, PartialEq)]
pub enum Counts {
    /// Of a number.
    Numeric(NumericCounts),
    /// Of a category.
    Categorical(CategoricalCounts),
}

impl Counts {
    /// All rows, those without a value among them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::Numeric(counts) => counts.rows(),
            Self::Categorical(counts) => counts.rows(),
        }
    }

    /// The share of rows without a value, 0 to 1; nothing of no rows.
    #[must_use]
    pub fn missing_ratio(&self) -> Option<f64> {
        let missing = match self {
            Self::Numeric(counts) => counts.missing,
            Self::Categorical(counts) => counts.missing,
        };
        ratio(missing, self.rows())
    }

    /// The share of rows outside training, 0 to 1: numbers below its least or above its largest, categories it did not have.
    /// Nothing of no rows.
    #[must_use]
    pub fn out_of_range_ratio(&self) -> Option<f64> {
        let outside = match self {
            Self::Numeric(counts) => counts.below + counts.above,
            Self::Categorical(counts) => counts.unseen,
        };
        ratio(outside, self.rows())
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Everything counted of one model in one window, in the order of its [`Baseline`](super::Baseline).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// Rows of the window.
    pub rows: u64,
    /// Counts of each feature, in the order of [`Baseline::features`](super::Baseline::features).
    pub features: Vec<Counts>,
    /// Counts of the prediction score, when the baseline has one.
    pub score: Option<NumericCounts>,
    /// Counts of the classes, when the baseline has them.
    pub classes: Option<CategoricalCounts>,
}
