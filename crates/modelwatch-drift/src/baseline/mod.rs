//! What a model was trained on, as counts: the one small JSON file that a window of predictions is compared with.
//!
//! A [`Baseline`] holds a [`Profile`] per feature, one of the prediction score and one of the classes. A profile is its
//! bins (where values fall) and its counts (how many fell there in training). A window is nothing but [`Counts`] on the
//! same bins, so it can be counted anywhere: by the embedded engine, by a query on a cluster, by hand.
//!
//! # How an engine builds a numeric profile
//!
//! From sorted values, [`NumericBins::from_sorted`], or in two queries, neither of which holds the data in memory:
//! 1. the rows with a value, the least, the largest and the quantiles at [`NumericBins::levels`] of the finite ones go
//!    to [`NumericBins::from_quantiles`];
//! 2. the data counted on these bins, with mean and deviation, go to [`NumericProfile::new`].
//!
//! The counts of the second query are exact, so every statistic is exact for the bins it is given. Approximate
//! quantiles only make the bins less even: a rank error of ε makes a decile hold 0.1 ± 2ε of the rows, and the binned
//! Kolmogorov–Smirnov and Wasserstein state a bound that is computed from the counts, whatever the edges.

mod categorical;
mod document;
mod error;
mod hygiene;
mod numeric;
mod profile;

pub use categorical::{CategoricalBins, CategoricalCounts, CategoricalProfile};
pub use document::{About, Baseline, FORMAT, TimeSpan};
pub use error::BaselineError;
pub use hygiene::{Hygiene, HygieneWarning, Source, warnings};
pub use numeric::{NumericBins, NumericCounts, NumericProfile, NumericSlot};
pub use profile::{Counts, Profile};
