//! Drift that no single feature shows: how numbers go together.
//!
//! Two features may each be distributed as ever while their relation is another: a join that mixes up rows, a sign that one of two
//! sources changed, a population in which what went together no longer does. A [`JointProfile`] holds what is needed to see it:
//! the correlation of each pair, and the principal components that hold 65 % of the reference's variance. A window is judged twice:
//!
//! - by the **reconstruction error**, the mean distance of a row from its projection on the components (NannyML's definition: missing
//!   values are the reference's mean, each feature is divided by its deviation);
//! - by its **pairs**: those whose correlation moved are named, with before and now. Missing values leave a row out of the
//!   pairs of that feature alone.
//!
//! What is usual is learned of the reference's own windows, in the order of their times where it has times, and of rows drawn at
//! random in any case. A window is a [`RowSample`](crate::sketch::RowSample) of its rows, taken in the one pass that counts it.
//! Numbers alone take part, and of more than [`MOST_FEATURES`] those that go together with another most.
//!
//! Files go from the bottom up: components, sums of pairs, the profile, how it is learned, how a window is measured.

mod learn;
mod measure;
mod pairs;
mod principal;
mod products;
mod profile;

pub use learn::{JointColumn, JointReference, MOST_FEATURES};
pub use measure::{JointMeasurement, MovedPair, Unjudged};
pub use profile::{JointFeature, JointLimits, JointProfile};
