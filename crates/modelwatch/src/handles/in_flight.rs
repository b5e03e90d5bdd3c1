//! A request that has begun and not ended.

use std::{fmt, mem};

use crate::cells::clock::Instant;
use crate::contract::reserved::UNKNOWN;
use crate::contract::status::Status;
use crate::handles::route::Route;

impl Route {
    /// Begins a request. It is in flight until you finish or drop the guard.
    #[must_use = "dropping the guard ends the request as cancelled"]
    #[inline]
    pub fn start(&self) -> InFlight {
        self.clone().into()
    }
}

/// A request in flight. Whatever ends it, it is counted once.
///
/// [`finish`](Self::finish) says how it ended. Dropped without that it counts as [`Status::Cancelled`], or as
/// [`Status::Error`] when the thread is panicking.
///
/// # Example: what a drop counts as
///
/// ```
/// use modelwatch::Monitor;
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let request = model.route("predict").start();
/// assert_eq!(monitor.value("ml_inference_in_flight", &[]), Ok(1.0));
/// drop(request);
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "cancelled")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
pub struct InFlight {
    /// Taken when the request is counted.
    route: Option<Route>,
    started: Instant,
}

/// As [`Route::start`], with the handle itself in place of a copy of it.
impl From<Route> for InFlight {
    #[inline]
    fn from(route: Route) -> Self {
        route.0.enter();
        Self {
            route: Some(route),
            started: Instant::now(),
        }
    }
}

impl InFlight {
    /// Ends the request with this status.
    #[inline]
    pub fn finish(mut self, status: Status) {
        self.end(status);
    }

    /// Moves the request to another route or version. It leaves this one uncounted and continues there with the time it has taken.
    pub fn move_to(&mut self, route: &Route) {
        if let Some(former) = &mut self.route {
            former.pass_to(&route.0);
        }
    }

    /// Observes the time to the first chunk of a streamed response in `ml_inference_time_to_first_chunk_seconds`. Call it once.
    pub fn first_chunk(&self) {
        if let Some(route) = &self.route {
            route.0.observe_first_chunk(self.started.nanoseconds());
        }
    }

    /// Hands the request on, uncounted, with its beginning.
    #[inline(always)]
    pub(crate) fn into_parts(mut self) -> (Option<Route>, Instant) {
        let parts = (self.route.take(), self.started);
        mem::forget(self);
        parts
    }

    /// The route the request is counted under.
    #[must_use]
    pub fn route(&self) -> &str {
        self.route.as_ref().map_or(UNKNOWN, |route| route.name())
    }

    #[inline]
    fn end(&mut self, status: Status) {
        if let Some(route) = self.route.take() {
            route.0.finish(status, self.started.nanoseconds());
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

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("route", &self.route.as_ref().map(|route| route.0.labels.text()))
            .finish_non_exhaustive()
    }
}
