//! A request that has begun and not ended.

use std::fmt;
use std::time::Duration;

use crate::cells::clock::Instant;
use crate::cells::striped_arc::StripedArc;
use crate::contract::reserved::UNKNOWN;
use crate::contract::status::Status;
use crate::handles::route::Route;
use crate::series::route::RouteSeries;

impl Route {
    /// Begins a request: it is in flight until the guard is finished or dropped.
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
pub struct InFlight {
    /// Taken when the request is counted.
    route: Option<StripedArc<RouteSeries>>,
    started: Instant,
}

/// As [`Route::start`], with the handle itself in place of a copy of it.
impl From<Route> for InFlight {
    #[inline]
    fn from(route: Route) -> Self {
        route.0.enter();
        Self {
            route: Some(route.0),
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
        if let Some(former) = &mut self.route {
            if !StripedArc::ptr_eq(former, &route.0) {
                former.leave();
                route.0.enter();
                *former = route.0.clone();
            }
        }
    }

    /// The first chunk of a streamed answer is there: observes the time since the beginning in
    /// `ml_inference_time_to_first_chunk_seconds`. Call it once.
    pub fn first_chunk(&self) {
        self.first_chunk_after(self.elapsed());
    }

    pub(crate) fn first_chunk_after(&self, elapsed: Duration) {
        if let Some(route) = &self.route {
            route.observe_first_chunk(elapsed);
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// A request that began a while ago, and of which nobody knew until now whose it is.
    pub(crate) fn since(started: Instant, route: Route) -> Self {
        route.0.enter();
        Self {
            route: Some(route.0),
            started,
        }
    }

    /// It is no inference: it leaves uncounted.
    pub(crate) fn discard(mut self) {
        if let Some(route) = self.route.take() {
            route.leave();
        }
    }

    /// The route the request is counted under.
    #[must_use]
    pub fn route(&self) -> &str {
        self.route.as_ref().map_or(UNKNOWN, |route| route.name())
    }

    #[inline]
    fn end(&mut self, status: Status) {
        if let Some(route) = self.route.take() {
            route.finish(status, self.started.elapsed());
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
            .field("route", &self.route.as_ref().map(|route| route.labels.text()))
            .finish_non_exhaustive()
    }
}
