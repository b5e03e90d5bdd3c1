//! Work that is done side by side.

use std::sync::Mutex;

/// The results of so many threads, in the order of the work: each takes the next that nobody has begun.
pub(crate) fn each<W: Send, R: Send>(
    threads: usize,
    work: impl Iterator<Item = W> + Send,
    done: impl Fn(W) -> R + Sync,
) -> Vec<R> {
    let work = Mutex::new(work.enumerate());
    // Nothing panics while it holds the lock but the iterator, after which there is no next.
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
