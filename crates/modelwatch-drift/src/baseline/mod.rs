//! Describes what a model was trained on, as counts: one small JSON file that windows of predictions are compared with.
//!
//! A [`Baseline`] holds one [`Profile`] per feature, one of the prediction score and one of the classes. A profile is
//! its bins (where values fall) and its counts (how many fell there in training). A window is nothing but [`Counts`] on
//! the same bins, so anything can count it: the embedded engine, a query on a cluster, or you by hand.
//!
//! # How an engine builds a profile
//!
//! For values in memory, use [`NumericProfile::from_values`], or [`CategoricalProfile::new`] with the rows of each
//! category. Edges lie between neighbouring values of training, so making bins takes the quantiles and their
//! neighbours. If the values lie elsewhere, a [`BinsOutline`] says what to ask for, and [`NumericProfile::new`] takes
//! the counts on its bins.
//!
//! The files, from the bottom up: a category's text, the format number, errors, bins, counts, profiles, the document.

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
