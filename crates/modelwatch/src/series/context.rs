//! What every series of a monitor needs of it: limits, layouts, the count of what overflowed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::cells::created::Created;
use crate::cells::histogram::Histogram;
use crate::cells::layout::Layout;
use crate::cells::stripes::Lanes;
use crate::contract::buckets::{BATCH_SIZE_BUCKETS, RUNTIME_DELAY_BUCKETS, STAGE_BUCKETS};
use crate::labels::budget::Budget;
use crate::labels::limits::Limits;
use crate::labels::overflow::Overflow;
use crate::series::generation::GenerationLayouts;
#[cfg(feature = "tracing")]
use crate::series::traces::Tracing;

pub(crate) struct Context {
    pub(crate) limits: Limits,
    pub(crate) window: Duration,
    /// How long the last values of a retired version stay after the first scrape that had them.
    pub(crate) keep_retired: Duration,
    /// Whether histograms have native buckets.
    pub(crate) native: bool,
    pub(crate) latency_layout: Arc<Layout>,
    pub(crate) stage_layout: Arc<Layout>,
    pub(crate) score_layout: Arc<Layout>,
    pub(crate) batch_size_layout: Arc<Layout>,
    /// Of generative models only.
    generation_layouts: OnceLock<Arc<GenerationLayouts>>,
    #[cfg(feature = "tracing")]
    pub(crate) tracing: Arc<Tracing>,
    pub(crate) overflow: Overflow,
    /// Since when it counts.
    pub(crate) created: Created,
    /// Of services that watch their runtime only.
    runtime_delay: OnceLock<Arc<Histogram>>,
    /// Routes there are over all versions, by [`Budget`].
    routes: [AtomicUsize; 2],
    made: Instant,
}

impl Context {
    /// Of limits and bounds that have been checked.
    pub(crate) fn new(
        limits: Limits,
        window: Duration,
        keep_retired: Duration,
        native: bool,
        latency_buckets: &[f64],
        score_buckets: &[f64],
        #[cfg(feature = "tracing")] tracing: Tracing,
    ) -> Self {
        Self {
            limits,
            window,
            keep_retired,
            native,
            latency_layout: Arc::new(Layout::durations(latency_buckets, native)),
            stage_layout: Arc::new(Layout::durations(STAGE_BUCKETS, native)),
            score_layout: Arc::new(Layout::values(score_buckets, native)),
            batch_size_layout: Arc::new(Layout::counts(BATCH_SIZE_BUCKETS, native)),
            generation_layouts: OnceLock::new(),
            #[cfg(feature = "tracing")]
            tracing: Arc::new(tracing),
            overflow: Overflow::default(),
            created: Created::now(),
            runtime_delay: OnceLock::new(),
            routes: Default::default(),
            made: Instant::now(),
        }
    }

    pub(crate) fn generation_layouts(&self) -> &Arc<GenerationLayouts> {
        self.generation_layouts
            .get_or_init(|| Arc::new(GenerationLayouts::new(self.native)))
    }

    pub(crate) fn runtime_delay(&self) -> &Arc<Histogram> {
        self.runtime_delay.get_or_init(|| {
            Arc::new(Histogram::new(
                Arc::new(Layout::durations(RUNTIME_DELAY_BUCKETS, self.native)),
                Lanes::PerThread,
            ))
        })
    }

    pub(crate) fn runtime_delay_if_any(&self) -> Option<&Arc<Histogram>> {
        self.runtime_delay.get()
    }

    /// Milliseconds since the monitor was made.
    pub(crate) fn milliseconds(&self) -> u64 {
        self.made.elapsed().as_millis() as u64
    }

    /// Takes room for routes, all or nothing.
    pub(crate) fn reserve_routes(&self, budget: Budget, wanted: usize) -> bool {
        let room = |routes| Some(routes + wanted).filter(|routes| *routes <= self.limits.routes);
        self.routes[budget as usize]
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .is_ok()
    }

    /// How many more routes may be declared.
    pub(crate) fn room_for_routes(&self) -> usize {
        let declared = self.routes[Budget::Declared as usize].load(Ordering::Relaxed);
        self.limits.routes.saturating_sub(declared)
    }

    /// Gives room for routes back.
    pub(crate) fn release_routes(&self, budget: Budget, places: usize) {
        self.routes[budget as usize].fetch_sub(places, Ordering::Relaxed);
    }
}
