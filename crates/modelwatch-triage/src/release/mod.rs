//! Finds what was released, and judges which release is to blame.
//!
//! [`began`] reads [`Release`]s from metrics: a version, a feature pipeline, a baseline or a build that was not there before.
//! [`judge`] then checks two things for each. Did it come before the trouble? And does its scope hold the trouble? It acquits a
//! release that came later, that served only other requests, or that ran well for a while, and gives the reason. Without data,
//! the verdict is unknown, never guilty.

mod began;
mod judge;

pub use began::{Began, Kind, Release, began};
pub use judge::{Case, Judged, Verdict, judge};
