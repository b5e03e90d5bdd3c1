//! What every series of a monitor needs of it: limits, layouts, the count of what overflowed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::cells::histogram::Histogram;
use crate::cells::layout::Layout;
use crate::contract::buckets::{BATCH_SIZE_BUCKETS, RUNTIME_DELAY_BUCKETS, STAGE_BUCKETS};
use crate::labels::limits::Limits;
use crate::labels::overflow::Overflow;
#[cfg(feature = "tracing")]
use crate::series::traces::Tracing;

pub(crate) struct Context {
    pub(crate) limits: Limits,
    pub(crate) window: Duration,
    pub(crate) latency_layout: Arc<Layout>,
    pub(crate) stage_layout: Arc<Layout>,
    pub(crate) score_layout: Arc<Layout>,
    pub(crate) batch_size_layout: Arc<Layout>,
    #[cfg(feature = "tracing")]
    pub(crate) tracing: Arc<Tracing>,
    pub(crate) overflow: Overflow,
    /// Of services that watch their runtime only.
    runtime_delay: OnceLock<Arc<Histogram>>,
    /// Routes there are, over all versions.
    routes: AtomicUsize,
    last_scrape: Mutex<Option<Instant>>,
}

/// How long after a scrape the next one is still waited for.
const SCRAPES_EXPECTED: Duration = Duration::from_secs(300);

impl Context {
    /// Of limits and bounds that have been checked.
    pub(crate) fn new(
        limits: Limits,
        window: Duration,
        latency_buckets: &[f64],
        score_buckets: &[f64],
        #[cfg(feature = "tracing")] tracing: Tracing,
    ) -> Self {
        Self {
            limits,
            window,
            latency_layout: Arc::new(Layout::durations(latency_buckets)),
            stage_layout: Arc::new(Layout::durations(STAGE_BUCKETS)),
            score_layout: Arc::new(Layout::values(score_buckets)),
            batch_size_layout: Arc::new(Layout::counts(BATCH_SIZE_BUCKETS)),
            #[cfg(feature = "tracing")]
            tracing: Arc::new(tracing),
            overflow: Overflow::default(),
            runtime_delay: OnceLock::new(),
            routes: AtomicUsize::new(0),
            last_scrape: Mutex::new(None),
        }
    }

    pub(crate) fn runtime_delay(&self) -> &Arc<Histogram> {
        self.runtime_delay
            .get_or_init(|| Arc::new(Histogram::new(Arc::new(Layout::durations(RUNTIME_DELAY_BUCKETS)))))
    }

    pub(crate) fn runtime_delay_if_any(&self) -> Option<&Arc<Histogram>> {
        self.runtime_delay.get()
    }

    pub(crate) fn scrape_begins(&self) {
        *self.last_scrape.lock() = Some(Instant::now());
    }

    /// Whether somebody scrapes, so that it is worth while to wait for the next time.
    pub(crate) fn is_scraped(&self) -> bool {
        self.last_scrape
            .lock()
            .is_some_and(|last| last.elapsed() < SCRAPES_EXPECTED)
    }

    /// Takes room for routes, all or nothing.
    pub(crate) fn reserve_routes(&self, wanted: usize) -> bool {
        let room = |routes| Some(routes + wanted).filter(|routes| *routes <= self.limits.routes);
        self.routes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .is_ok()
    }

    /// Gives room for routes back.
    pub(crate) fn release_routes(&self, places: usize) {
        self.routes.fetch_sub(places, Ordering::Relaxed);
    }
}
