//! How late the service's runtime is.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::cells::histogram::Histogram;

/// Records how late a runtime wakes its tasks, in `ml_runtime_delay_seconds`. From [`Monitor::runtime_delay`](crate::Monitor::runtime_delay).
///
/// Where handlers block their threads, requests wait before any layer sees them: latencies stay low and nothing is in flight, while
/// clients wait. A task that sleeps waits with them. The adapters have such a task, `watch_runtime`; with another runtime you
/// write it yourself:
///
/// ```
/// use std::time::{Duration, Instant};
///
/// # fn sleep(_: Duration) -> std::future::Ready<()> { std::future::ready(()) }
/// async fn watch(delay: modelwatch::RuntimeDelay) {
///     const PAUSE: Duration = Duration::from_millis(20);
///     loop {
///         let started = Instant::now();
///         sleep(PAUSE).await;
///         if !delay.record(started.elapsed().saturating_sub(PAUSE)) {
///             return; // the monitor is gone
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct RuntimeDelay(Weak<Histogram>);

impl RuntimeDelay {
    pub(crate) fn new(histogram: &Arc<Histogram>) -> Self {
        Self(Arc::downgrade(histogram))
    }

    /// Observes that a task woke up so late. False, once the monitor is gone and nobody will see it.
    pub fn record(&self, late: Duration) -> bool {
        let histogram = self.0.upgrade();
        let seen = histogram.is_some();
        if let Some(histogram) = histogram {
            histogram.observe(late.as_nanos() as f64);
        }
        seen
    }
}

impl std::fmt::Debug for RuntimeDelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeDelay").finish_non_exhaustive()
    }
}
