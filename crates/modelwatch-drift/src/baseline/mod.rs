//! What a model was trained on, as counts: the one small JSON file that a window of predictions is compared with.
//!
//! A [`Baseline`] holds a [`Profile`] per feature, one of the prediction score and one of the classes. A profile is its
//! bins (where values fall) and its counts (how many fell there in training). A window is nothing but [`Counts`] on the
//! same bins, so it can be counted anywhere: by the embedded engine, by a query on a cluster, by hand.
//!
//! # How an engine builds a profile
//!
//! From values in memory: [`NumericProfile::from_values`], and [`CategoricalProfile::new`] of each category's rows. Edges lie between
//! neighbouring values of training, so whoever makes bins has to know the quantiles and their neighbours: of values that lie elsewhere a
//! [`BinsOutline`] says what to ask for, and [`NumericProfile::new`] takes what was counted on its bins.
//!
//! Files go from the bottom up: a category's text, the format's number, errors, bins, counts, profiles, the document.

mod bins_outline;
mod categorical_bins;
mod categorical_counts;
mod categorical_profile;
mod category_text;
mod document;
mod error;
mod format;
mod hygiene;
mod limits;
mod numeric_bins;
mod numeric_counts;
mod numeric_profile;
mod profile;
mod time_span;

pub use bins_outline::{BinsOutline, QuantileValue};
pub use categorical_bins::{CategoricalBins, CategoricalSlot};
pub use categorical_counts::CategoricalCounts;
pub use categorical_profile::CategoricalProfile;
pub use category_text::{MOST_CATEGORY_BYTES, NO_VALUE, category_text};
pub use document::{About, Baseline};
pub use error::BaselineError;
pub use format::{FORMAT, OLDEST_FORMAT};
pub use hygiene::{Hygiene, HygieneWarning, Source, warnings};
pub use limits::{Limits, WindowLimits};
pub use numeric_bins::{NumericBins, NumericSlot};
pub use numeric_counts::NumericCounts;
pub use numeric_profile::NumericProfile;
pub use profile::{Counts, Profile};
pub use time_span::TimeSpan;
