//! Runs work on several threads.

use std::sync::Mutex;

/// Returns the results of work done on several threads, in the order of the work. Each thread takes the next piece that
/// no other has begun.
pub(crate) fn each<W: Send, R: Send>(
    threads: usize,
    work: impl Iterator<Item = W> + Send,
    done: impl Fn(W) -> R + Sync,
) -> Vec<R> {
    let work = Mutex::new(work.enumerate());
    // Only the iterator can panic while the lock is held, and after that there is no next piece.
    let next = || work.lock().ok()?.next();
    let worker = || {
        let mut results = Vec::new();
        while let Some((place, work)) = next() {
            results.push((place, done(work)));
        }
        results
    };
    let mut results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for other in others {
            match other.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
