//! The drift job: a process of its own, as in production, which the demo starts and asks.
//!
//! [`protocol`] is what the two tell each other, `process` is the demo's end of it, and `job` the other. The job is compiled with
//! the feature `drift-job` alone: the demo serves and shows its figures while that goes on.

#[cfg(feature = "drift-job")]
pub mod job;
#[cfg(feature = "demo")]
pub(crate) mod process;
pub mod protocol;
