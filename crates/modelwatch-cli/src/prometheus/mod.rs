//! The way to a Prometheus: its address, what it wants to know of the caller, and how long it may take.

mod access;
mod client;

pub(crate) use self::access::Access;
#[cfg(feature = "triage")]
pub(crate) use self::client::AskError;
#[cfg(any(feature = "kafka", feature = "triage"))]
pub(crate) use self::client::agent;
pub(crate) use self::client::{Asking, Client};
