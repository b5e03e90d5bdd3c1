//! Holds a feature of either kind, and a window's rows on its bins.

use chrono::TimeDelta;

use super::categorical_counts::CategoricalCounts;
use super::categorical_profile::CategoricalProfile;
use super::limits::{self, WindowLimits};
use super::numeric_counts::NumericCounts;
use super::numeric_profile::NumericProfile;

/// Profiles a feature in training: its bins, and how many rows fell into each.
///
/// # Example: a feature of either kind
///
/// ```
/// use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, Profile};
///
/// let training = [("web".to_owned(), 700), ("branch".to_owned(), 200)];
/// let profile = Profile::Categorical(CategoricalProfile::new("channel", training, 100, &Hygiene { minimum_rows: 900 })?);
/// assert_eq!(profile.missing_ratio(), Some(0.1));
///
/// let window: Counts = profile.count();
/// assert_eq!(window.out_of_range_ratio(), None); // no rows yet
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// A numeric feature.
    Numeric(NumericProfile),
    /// A categorical feature.
    Categorical(CategoricalProfile),
}

impl Profile {
    /// Returns the number of training's rows, including those without a value.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::Numeric(profile) => profile.counts().rows(),
            Self::Categorical(profile) => profile.counts().rows(),
        }
    }

    /// Returns the share of training's rows without a value, 0 to 1; `None` if there are no rows.
    #[must_use]
    pub fn missing_ratio(&self) -> Option<f64> {
        let missing = match self {
            Self::Numeric(profile) => profile.counts().missing,
            Self::Categorical(profile) => profile.counts().missing,
        };
        ratio(missing, self.rows())
    }
}

impl Profile {
    /// Returns the distances that the reference's own windows reach, by ascending length; empty if the reference has no
    /// times.
    #[must_use]
    pub fn limits(&self) -> &[WindowLimits] {
        match self {
            Self::Numeric(profile) => profile.limits(),
            Self::Categorical(profile) => profile.limits(),
        }
    }

    /// Returns the limits for windows of about this length: those of the next shorter and of the next longer length
    /// available.
    pub fn limits_for(&self, length: TimeDelta) -> impl Iterator<Item = &WindowLimits> {
        limits::for_length(self.limits(), length)
    }

    /// Returns the same bins with other rows, such as those of last week, which stand for training's from here on.
    ///
    /// Returns `None` if no row has a value, or the counts are of the other kind or on other bins.
    #[must_use]
    pub fn recounted(&self, counts: &Counts) -> Option<Self> {
        match (self, counts) {
            (Self::Numeric(profile), Counts::Numeric(counts)) => profile.recounted(counts).map(Self::Numeric),
            (Self::Categorical(profile), Counts::Categorical(counts)) => {
                profile.recounted(counts).map(Self::Categorical)
            }
            _ => None,
        }
    }

    /// Creates empty counts for these bins.
    #[must_use]
    pub fn count(&self) -> Counts {
        match self {
            Self::Numeric(profile) => Counts::Numeric(profile.bins().count()),
            Self::Categorical(profile) => Counts::Categorical(profile.bins().count()),
        }
    }
}

/// Counts a window's rows on the bins of a [`Profile`].
///
/// [`Profile`] has an example.
#[derive(Clone, Debug, PartialEq)]
pub enum Counts {
    /// The counts of a numeric feature.
    Numeric(NumericCounts),
    /// The counts of a categorical feature.
    Categorical(CategoricalCounts),
}

impl Counts {
    /// Returns the number of rows, including those without a value.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::Numeric(counts) => counts.rows(),
            Self::Categorical(counts) => counts.rows(),
        }
    }

    /// Returns the number of rows without a value.
    #[must_use]
    pub fn missing(&self) -> u64 {
        match self {
            Self::Numeric(counts) => counts.missing,
            Self::Categorical(counts) => counts.missing,
        }
    }

    /// Returns the share of rows without a value, 0 to 1; `None` if there are no rows.
    #[must_use]
    pub fn missing_ratio(&self) -> Option<f64> {
        ratio(self.missing(), self.rows())
    }

    /// Returns the share of rows outside training, 0 to 1: numbers below its minimum or above its maximum, and
    /// categories it did not have. Returns `None` if there are no rows.
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
