//! The atomics of the cells: those of the standard library, or loom's where every order of events is tried.

#[cfg(modelwatch_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(modelwatch_loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
