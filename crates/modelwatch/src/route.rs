//! One route of one model version: the handle through which requests are recorded.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::Instant;
use crate::exposition::Exemplar;
use crate::histogram::{Histogram, Reading};
use crate::label::{Labels, Status, UNKNOWN};
use crate::layout::Layout;
use crate::monitor::Shared;
use crate::stripes::{Lane, Stripes};
#[cfg(feature = "tracing")]
use crate::trace::{Latest, Traces};

/// Records requests of one model version on one route.
///
/// Resolve it once with [`Model::route`](crate::Model::route) and keep it: recording through it takes no lock,
/// allocates nothing and hashes nothing. Cloning is one atomic addition.
///
/// ```
/// use std::time::Duration;
/// use modelwatch::{Monitor, Status};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let route = model.route("predict");
/// let request = route.start();
/// // … answer …
/// request.finish(Status::Success);
/// // or, with a stopwatch of your own:
/// route.record(Status::ClientError, Duration::from_millis(2));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Route(pub(crate) Arc<RouteCells>);

/// The cells of a route: entered, left, one for each status, the latency's sum and its histogram.
pub(crate) struct RouteCells {
    name: Arc<str>,
    labels: Labels,
    layout: Arc<Layout>,
    stripes: Stripes,
    /// Of routes whose answers are streams only.
    first_chunk: OnceLock<Histogram>,
    #[cfg(feature = "tracing")]
    traces: Traces,
}

const ENTERED: usize = 0;
const LEFT: usize = 1;
const STATUS: usize = 2;
const LATENCY_SUM: usize = STATUS + Status::ALL.len();
const LATENCY: usize = LATENCY_SUM + 1;

impl Route {
    pub(crate) fn new(name: Arc<str>, labels: Labels, shared: &Shared) -> Self {
        let layout = shared.latency_layout.clone();
        Self(Arc::new(RouteCells {
            first_chunk: OnceLock::new(),
            #[cfg(feature = "tracing")]
            traces: Traces::new(shared.tracing.clone()),
            stripes: Stripes::new(LATENCY + layout.cells()),
            name,
            labels,
            layout,
        }))
    }

    /// The value of the `route` label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// A request begins: it is in flight until the guard is finished or dropped.
    #[must_use = "dropping the guard ends the request as cancelled"]
    #[inline]
    pub fn start(&self) -> InFlight {
        self.clone().into()
    }

    /// Counts a request that has ended, for a caller with a stopwatch of its own. It was never in flight.
    #[inline]
    pub fn record(&self, status: Status, latency: Duration) {
        self.0.end(status, latency);
    }
}

impl RouteCells {
    #[inline]
    fn end(&self, status: Status, latency: Duration) -> Lane<'_> {
        // Enough for 292 years.
        let nanoseconds = i64::try_from(latency.as_nanos()).unwrap_or(i64::MAX);
        let lane = self.stripes.lane();
        lane.add(STATUS + status as usize, 1);
        lane.add(LATENCY_SUM, nanoseconds as u64);
        let cell = self.layout.locate(nanoseconds as f64);
        lane.add(LATENCY + cell, 1);
        #[cfg(feature = "tracing")]
        self.traces.ended(&self.labels, &self.layout, status, latency, cell);
        lane
    }

    /// Requests begun and not ended.
    ///
    /// Ends are read before beginnings and after them: where none came between, the difference is exact, and where
    /// some keep coming, it is not above what it was at the last of them.
    pub(crate) fn in_flight(&self) -> u64 {
        let mut left = self.stripes.sum(LEFT);
        for _ in 0..16 {
            let entered = self.stripes.sum(ENTERED);
            let before = std::mem::replace(&mut left, self.stripes.sum(LEFT));
            if before == left {
                return entered.wrapping_sub(left);
            }
        }
        // What was entered by now, as long as it is not fewer than have left meanwhile.
        let entered = self.stripes.sum(ENTERED);
        entered.saturating_sub(self.stripes.sum(LEFT))
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        let first_chunk = self.first_chunk.get().map_or(0, Histogram::mark);
        self.stripes.mark().wrapping_add(first_chunk)
    }

    pub(crate) fn first_chunk_if_any(&self) -> Option<&Histogram> {
        self.first_chunk.get()
    }

    /// What was counted, in a buffer that may have served before.
    pub(crate) fn read(&self, mut buffer: Vec<u64>) -> (RouteReading<'_>, Reading) {
        let in_flight = self.in_flight();
        self.stripes.read(&mut buffer);
        #[cfg(feature = "tracing")]
        let Latest { buckets, statuses } = self.traces.read();
        #[cfg(not(feature = "tracing"))]
        let (buckets, statuses) = Default::default();
        let reading = RouteReading {
            labels: &self.labels,
            exemplars: statuses,
            in_flight,
            statuses: std::array::from_fn(|status| buffer[STATUS + status]),
        };
        let latency = Reading {
            layout: self.layout.clone(),
            sum: self.layout.exposed(buffer[LATENCY_SUM] as f64),
            values: buffer,
            first: LATENCY,
            exemplars: buckets,
        };
        (reading, latency)
    }
}

/// Requests of a route at one moment.
pub(crate) struct RouteReading<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) in_flight: u64,
    pub(crate) statuses: [u64; Status::ALL.len()],
    pub(crate) exemplars: [Option<Exemplar>; Status::ALL.len()],
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.0.labels.text()).finish()
    }
}

/// A request in flight. Whatever ends it, it is counted once.
///
/// [`finish`](Self::finish) says how it ended. Dropped without that it counts as [`Status::Cancelled`], or as
/// [`Status::Error`] when the thread is panicking.
#[derive(Debug)]
pub struct InFlight {
    /// Taken when the request is counted.
    route: Option<Route>,
    started: Instant,
}

/// As [`Route::start`], with the handle itself in place of a copy of it.
impl From<Route> for InFlight {
    #[inline]
    fn from(route: Route) -> Self {
        route.0.stripes.lane().add(ENTERED, 1);
        Self {
            route: Some(route),
            started: Instant::now(),
        }
    }
}

impl InFlight {
    /// The request has ended.
    #[inline]
    pub fn finish(mut self, status: Status) {
        self.end(status);
    }

    /// The request belongs to another route or version after all: it leaves this one uncounted, and goes on there
    /// with the time it has already taken.
    pub fn move_to(&mut self, route: &Route) {
        if let Some(former) = &mut self.route
            && !Arc::ptr_eq(&former.0, &route.0)
        {
            former.0.stripes.lane().add(LEFT, 1);
            route.0.stripes.lane().add(ENTERED, 1);
            *former = route.clone();
        }
    }

    /// The first chunk of a streamed answer is there: observes the time since the beginning in
    /// `ml_inference_time_to_first_chunk_seconds`. Call it once.
    pub fn first_chunk(&self) {
        self.first_chunk_after(self.elapsed());
    }

    pub(crate) fn first_chunk_after(&self, elapsed: Duration) {
        if let Some(Route(cells)) = &self.route {
            let histogram = cells.first_chunk.get_or_init(|| Histogram::new(cells.layout.clone()));
            histogram.observe(elapsed.as_nanos() as f64);
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// A request that began a while ago, and of which nobody knew until now whose it is.
    pub(crate) fn since(started: Instant, route: Route) -> Self {
        route.0.stripes.lane().add(ENTERED, 1);
        Self {
            route: Some(route),
            started,
        }
    }

    /// It was no request: it leaves uncounted.
    pub(crate) fn discard(mut self) {
        if let Some(route) = self.route.take() {
            route.0.stripes.lane().add(LEFT, 1);
        }
    }

    /// The route the request is counted under.
    #[must_use]
    pub fn route(&self) -> &str {
        self.route.as_ref().map_or(UNKNOWN, Route::name)
    }

    #[inline]
    fn end(&mut self, status: Status) {
        if let Some(route) = self.route.take() {
            route.0.end(status, self.started.elapsed()).add(LEFT, 1);
        }
    }
}

impl Drop for InFlight {
    #[inline]
    fn drop(&mut self) {
        if self.route.is_some() {
            let status = if std::thread::panicking() {
                Status::Error
            } else {
                Status::Cancelled
            };
            self.end(status);
        }
    }
}
