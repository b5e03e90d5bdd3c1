//! How late the service's runtime is.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::cells::clock::Instant;
use crate::cells::histogram::Histogram;

/// Often enough to see a stall of a tenth of a second, at fifty wakings a second.
const PAUSE: Duration = Duration::from_millis(20);

/// Records how late a runtime wakes its tasks, in `ml_runtime_delay_seconds`. From [`Monitor::runtime_delay`](crate::Monitor::runtime_delay).
///
/// Where handlers block their threads, requests wait before any layer sees them: latencies stay low and nothing is in flight, while
/// clients wait. A task that sleeps waits with them. The adapters start one with `watch_runtime`; with another runtime you
/// start it yourself.
#[derive(Clone)]
pub struct RuntimeDelay(Weak<Histogram>);

impl RuntimeDelay {
    pub(crate) fn new(histogram: &Arc<Histogram>) -> Self {
        Self(Arc::downgrade(histogram))
    }

    /// Sleeps for 20 ms with the runtime's own timer and records how late it wakes, again and again until the monitor is
    /// gone: a task for each runtime that serves.
    ///
    /// ```
    /// # async fn sleep(_: std::time::Duration) {}
    /// # fn spawn(_: impl Future<Output = ()>) {}
    /// let monitor = modelwatch::Monitor::new();
    /// spawn(monitor.runtime_delay().watch(sleep));
    /// assert_eq!(monitor.value("ml_runtime_delay_seconds_count", &[]), Ok(0.0)); // exposed from now on
    /// ```
    pub async fn watch<S: Future<Output = ()>>(self, sleep: impl Fn(Duration) -> S) {
        loop {
            let started = Instant::now();
            sleep(PAUSE).await;
            let late = started.elapsed().saturating_sub(PAUSE);
            let Some(histogram) = self.0.upgrade() else { return };
            histogram.observe(late.as_nanos() as f64);
        }
    }
}

impl std::fmt::Debug for RuntimeDelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeDelay").finish_non_exhaustive()
    }
}
