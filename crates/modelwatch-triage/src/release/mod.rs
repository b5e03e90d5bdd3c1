//! What was released, and what of it is to blame.
//!
//! [`Release`]s are read from metrics that say what is there ([`began`]): a version, a feature pipeline, a baseline or a build
//! that was not there before. [`judge`] then asks two things of each. Did it come before the trouble? And does its scope hold
//! the trouble? A release that came later, that only other requests went through, or that ran well for a while is acquitted,
//! with the reason. What can't be asked is unknown, never guilty.

mod began;
mod judge;

pub use began::{Began, Kind, Release, began};
pub use judge::{Case, Judged, Verdict, judge};
