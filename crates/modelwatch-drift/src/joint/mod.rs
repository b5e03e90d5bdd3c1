//! Finds drift that no single feature shows: changes in how numbers go together.
//!
//! Two features may each keep their distribution while their relation changes: a join that mixes up rows, a sign
//! flipped in one of two sources, a population in which a correlation no longer holds. A [`JointProfile`] holds what is
//! needed to see this: the correlation of each pair, and the principal components that hold 65 % of the reference's
//! variance. It judges a window in two ways:
//!
//! - by the **reconstruction error**: the mean distance of a row from its projection on the components (NannyML's
//!   definition: missing values become the reference's mean, and each feature is divided by its deviation);
//! - by its **pairs**: it names those whose correlation moved, with the correlation before and now. A missing value
//!   leaves a row out of that feature's pairs only.
//!
//! The usual distances come from the reference's own windows: windows of time, if it has times, and always windows of
//! rows drawn at random. A window is a [`RowSample`](crate::sketch::RowSample) of its rows, taken in the one pass that
//! counts it. Only numbers take part; beyond [`MOST_FEATURES`], those that go together with another one most strongly.
//!
//! The files, from the bottom up: components, sums of pairs, the profile, how it is learned, how a window is measured.

mod learn;
mod measure;
mod pairs;
mod principal;
mod products;
mod profile;

pub use learn::{JointColumn, JointReference, MOST_FEATURES};
pub use measure::{JointMeasurement, MovedPair, Unjudged};
pub use profile::{JointFeature, JointLimits, JointProfile};
