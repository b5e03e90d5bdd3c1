//! The atomics of the cells: those of the standard library, or loom's where every order of events is tried.

#[cfg(all(test, modelwatch_loom))]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(all(test, modelwatch_loom)))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
