//! Runs work on all processors: the dashboards and rules of hundreds of models are most of the work.

use std::num::NonZero;
use std::{panic, thread};

/// Maps each item and keeps the order. Returns the first error in that order, if any.
pub(crate) fn map<T: Sync, U: Send, E: Send>(
    items: &[T],
    make: impl Fn(&T) -> Result<U, E> + Sync,
) -> Result<Vec<U>, E> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(workers).max(1);
    let make = &make;
    thread::scope(|scope| {
        let shares = items.chunks(share);
        let working: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(make).collect::<Result<Vec<_>, E>>()))
            .collect();
        let mut made = Vec::with_capacity(items.len());
        for worker in working {
            made.extend(worker.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?);
        }
        Ok(made)
    })
}

/// Runs two independent functions. Returns the first one's error if both fail.
pub(crate) fn both<T: Send, U, E: Send>(
    first: impl FnOnce() -> Result<T, E> + Send,
    second: impl FnOnce() -> Result<U, E>,
) -> Result<(T, U), E> {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        let first = first.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
        Ok((first?, second?))
    })
}
