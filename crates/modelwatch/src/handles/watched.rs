//! A request as an adapter carries it, from the call to the end of its body.
//!
//! An adapter polls what it wraps inside of [`Watched::poll`]. That gives two things that every adapter needs: a panic of what is
//! polled ends the request as an error, and while it is polled [`Serving::current`](crate::Serving::current) finds the
//! request, so that whoever chooses a version says so before the work.

use std::mem::{self, ManuallyDrop};

use crate::cells::clock::Instant;
use crate::contract::status::Status;
use crate::handles::aside::Aside;
use crate::handles::current;
use crate::handles::in_flight::InFlight;
use crate::handles::model::Model;
use crate::handles::request::Request;
use crate::handles::route::Route;

/// Carries a request from the call to the end of its body, for adapters of frameworks.
///
/// Dropped before [`finish`](Self::finish), the request counts as [`Status::Cancelled`], unless its
/// [`answer`](Self::answered) was anything but a success.
///
/// ```
/// use modelwatch::{Monitor, Serving, Status, Watched};
///
/// let monitor = Monitor::new();
/// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
///
/// let mut request = Watched::new(stable.route("/predict").start());
/// let answer = request.poll(|| {
///     // The handler, deep inside of the framework:
///     Serving::current().by(&canary);
///     "0.82"
/// });
/// request.finish(Status::Success); // one success of the canary
/// # assert_eq!(answer, "0.82");
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Debug)]
pub struct Watched {
    // Whoever drops a request counts it, and then nothing is left to drop.
    request: ManuallyDrop<Request>,
    started: Instant,
    /// What the head of the answer says, once there is one.
    if_dropped: Status,
}

impl Watched {
    /// A request that has begun.
    #[must_use]
    #[inline(always)]
    pub fn new(in_flight: InFlight) -> Self {
        let (route, started) = in_flight.into_parts();
        Self {
            request: ManuallyDrop::new(Request::on(route)),
            started,
            if_dropped: Status::Cancelled,
        }
    }

    fn begun(aside: Aside) -> Self {
        Self {
            request: ManuallyDrop::new(Request::aside(aside)),
            started: Instant::now(),
            if_dropped: Status::Cancelled,
        }
    }

    /// Nothing to count: a request that is no inference.
    #[must_use]
    #[inline(always)]
    pub fn nothing() -> Self {
        Self {
            request: ManuallyDrop::new(Request::NOTHING),
            started: Instant::NEVER,
            if_dropped: Status::Cancelled,
        }
    }

    /// A request that names no model. It is counted, with the time it has taken from here on, if
    /// [`Serving::by`](crate::Serving::by) or [`served_by`](Self::served_by) says whose it is, and not otherwise.
    #[must_use]
    pub fn unclaimed(route: &str) -> Self {
        Self::begun(Aside::unclaimed(route, None))
    }

    /// Both [`unclaimed`](Self::unclaimed) and [`unproved`](Self::unproved).
    #[must_use]
    pub fn unclaimed_unproved(meanwhile: &str, name: &str) -> Self {
        Self::begun(Aside::unclaimed(meanwhile, Some(name)))
    }

    /// A request for a name that its client chose, such as the path of a gRPC call. It is in flight on `meanwhile`, and goes to the
    /// route of that name once [`prove`](Self::prove) says that it is one: names that clients invent take no place.
    #[must_use]
    pub fn unproved(model: &Model, name: &str, meanwhile: &Route) -> Self {
        Self::begun(Aside::unproved(model, Some(name), meanwhile))
    }

    /// A request whose route only what is inside can tell, with [`route_current`](Self::route_current). Until then it is in flight on
    /// `meanwhile`, and stays there if nobody tells.
    #[must_use]
    pub fn unrouted(model: &Model, meanwhile: &Route) -> Self {
        Self::begun(Aside::unproved(model, None, meanwhile))
    }

    /// Whether the request is counted, or there was nothing to count.
    #[must_use]
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.request.is_over()
    }

    /// Runs a poll, a call, or whatever else may run code of the service. A panic in it ends the request as an error.
    ///
    /// A runtime catches a panic before it drops the future, so in the drop of the future the thread itself is not
    /// panicking any more: what is here tells a panic from a cancel.
    #[inline(always)]
    pub fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let polling = self.take().enter();
        let polled = poll();
        *self = polling.leave();
        polled
    }

    /// Begins what [`poll`](Self::poll) does in one call: for what would be copied once more to get into a closure or out of it, such as a
    /// request or an answer. [`Polling::leave`] ends it.
    #[inline(always)]
    pub fn enter(mut self) -> Polling {
        let request = mem::replace(&mut *self.request, Request::NOTHING);
        let polling = Polling {
            outer: ManuallyDrop::new(current::replace(request)),
            started: self.started,
            if_dropped: self.if_dropped,
        };
        // Nothing is left in it.
        mem::forget(self);
        polling
    }

    /// Takes the request out of where it lies, which has [nothing](Self::nothing) then.
    #[inline(always)]
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            request: ManuallyDrop::new(mem::replace(&mut *self.request, Request::NOTHING)),
            started: self.started,
            if_dropped: self.if_dropped,
        }
    }

    /// As [`poll`](Self::poll), for the body of the answer, which comes after every choice: a panic in it ends the request as an error, and
    /// [`Serving::current`](crate::Serving::current) is not asked there.
    #[inline(always)]
    pub fn poll_body<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let polling = PollingBody(self);
        let polled = poll();
        mem::forget(polling);
        polled
    }

    /// The first chunk of a streamed answer is there. Call it once.
    pub fn first_chunk(&mut self) {
        self.request.first_chunk_after(self.started.nanoseconds());
    }

    /// The head of the answer is there, and this is how the request is counted by it. From here on a request that is dropped
    /// before the end of its body keeps this status, if it is no success: nobody need read the body of a 503 to know what it is.
    #[inline(always)]
    pub fn answered(&mut self, status: Status) {
        if status != Status::Success {
            self.if_dropped = status;
        }
    }

    /// The request belongs to this version, as whoever answered it says.
    #[inline(always)]
    pub fn served_by(&mut self, model: &Model) {
        self.request.served_by(model);
    }

    /// The name that came from the client is a route: the request goes there.
    #[inline(always)]
    pub fn prove(&mut self) {
        self.request.settle(None);
    }

    /// The request has ended.
    #[inline(always)]
    pub fn finish(&mut self, status: Status) {
        drop(self.finish_on_route(status));
    }

    /// As [`finish`](Self::finish). Returns the handle of the route the request was counted on: a thread that has its next request on
    /// the same one makes none anew.
    #[inline(always)]
    pub fn finish_on_route(&mut self, status: Status) -> Option<Route> {
        // With no lock held: an end may run code of the service.
        let route = self.request.take()?;
        route.0.finish(status, self.started.nanoseconds());
        Some(route)
    }

    /// Says on which route the request is that is polled on this thread, if the adapter around does not know: for a router deep inside.
    /// Names must be the program's own, such as patterns of paths, and not what clients send.
    pub fn route_current(name: &str) {
        current::with(|request| request.settle(Some(name)));
    }

    /// Takes the request that is polled on this thread out of every count: for a handler that answers with something else than inference,
    /// such as a page of metrics or a health check, wherever the adapter is.
    pub fn discard_current() {
        if let Some(route) = current::with(Request::take) {
            route.0.leave();
        }
    }
}

impl Drop for Watched {
    /// A [`Serving`](crate::Serving) that outlives the request does not keep it in flight.
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_over() {
            let panicking = std::thread::panicking();
            self.finish(if panicking { Status::Error } else { self.if_dropped });
        }
    }
}

/// A request whose service runs on this thread. From [`Watched::enter`].
///
/// Dropped, as by a panic, it ends the request as an error.
///
/// ```
/// use modelwatch::{Monitor, Status, Watched};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let polling = Watched::new(model.route("/predict").start()).enter();
/// // … the service runs …
/// let mut request = polling.leave();
/// request.finish(Status::Success);
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "success")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[must_use = "dropped, it ends the request as an error"]
#[derive(Debug)]
pub struct Polling {
    /// The request of the adapter around, if there is one.
    outer: ManuallyDrop<Request>,
    started: Instant,
    if_dropped: Status,
}

impl Polling {
    /// The service has returned.
    #[must_use]
    #[inline(always)]
    pub fn leave(mut self) -> Watched {
        let watched = self.end();
        mem::forget(self);
        watched
    }

    #[inline(always)]
    fn end(&mut self) -> Watched {
        let outer = mem::replace(&mut *self.outer, Request::NOTHING);
        let mut request = current::replace(outer);
        if request.has_aside() {
            request = request.suspend();
        }
        Watched {
            request: ManuallyDrop::new(request),
            started: self.started,
            if_dropped: self.if_dropped,
        }
    }
}

impl Drop for Polling {
    #[cold]
    fn drop(&mut self) {
        self.end().finish(Status::Error);
    }
}

struct PollingBody<'a>(&'a mut Watched);

impl Drop for PollingBody<'_> {
    #[cold]
    fn drop(&mut self) {
        self.0.finish(Status::Error);
    }
}
