//! The clock that latencies and stages are read from.
//!
//! Reading the system's clock is nine tenths of the cost of a recorded request. With the feature `tsc` it is the
//! processor's time stamp counter instead, where Linux says that it is steady; elsewhere it is the system's clock still.

#[cfg(feature = "tsc")]
pub(crate) use fastant::Instant;
#[cfg(not(feature = "tsc"))]
pub(crate) use std::time::Instant;
