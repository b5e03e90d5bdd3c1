//! A request as an adapter carries it, from the call to the end of its body.
//!
//! An adapter polls what it wraps inside of [`Watched::poll`]. That gives two things that every adapter needs: a panic of what is
//! polled ends the request as an error, and while it is polled [`Serving::current`](crate::Serving::current) finds the
//! request, so that whoever chooses a version says so before the work.
//!
//! The request lies in a thread-local meanwhile, by value, and nothing is allocated. Only a service that asks for a
//! [`Serving`](crate::Serving) makes it shared, at one allocation.

use std::cell::Cell;
use std::mem::{self, ManuallyDrop};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::cells::clock::Instant;
use crate::contract::status::Status;
use crate::handles::in_flight::InFlight;
use crate::handles::model::Model;
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
    request: Request,
    /// What the head of the answer says, once there is one.
    if_dropped: Status,
}

/// What there is to count: nothing, or nothing any more, where both are none. Apart, so that a request that nobody asks about is moved as the
/// few words it is.
#[derive(Debug, Default)]
pub(crate) struct Request {
    in_flight: Option<InFlight>,
    aside: Aside,
}

/// What most requests have not.
#[derive(Debug, Default)]
enum Aside {
    #[default]
    Nothing,
    /// In flight on another route than it asked for.
    Unproved(Box<Unproved>),
    /// Nobody has said yet whose it is.
    Unclaimed(Box<Unclaimed>),
    /// Somebody has a [`Serving`](crate::Serving).
    Shared(Arc<Mutex<Request>>),
}

#[derive(Debug)]
struct Unclaimed {
    route: Box<str>,
    /// A name of the client's, which goes before the route once it has proved good.
    unproved: Option<Box<str>>,
    started: Instant,
}

/// The route a request asked for, which it is not counted under until that has proved to be one.
#[derive(Debug)]
struct Unproved {
    model: Model,
    route: Box<str>,
    first_chunk: Option<Duration>,
}

/// The request that is polled on this thread.
struct Current {
    occupied: Cell<bool>,
    // Without destructors, so that reading them is a load: whoever puts a request here takes it out again.
    in_flight: Cell<ManuallyDrop<Option<InFlight>>>,
    aside: Cell<ManuallyDrop<Aside>>,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            occupied: Cell::new(false),
            in_flight: Cell::new(ManuallyDrop::new(None)),
            aside: Cell::new(ManuallyDrop::new(Aside::Nothing)),
        }
    };
}

impl Current {
    /// Puts a request here. Comes back the one of the adapter around, if there is one.
    #[inline(always)]
    fn enter(&self, request: &mut Request) -> Option<Box<Request>> {
        let outer = if self.occupied.replace(true) {
            Some(Box::new(self.take()))
        } else {
            None
        };
        self.in_flight.set(ManuallyDrop::new(request.in_flight.take()));
        self.aside.set(ManuallyDrop::new(mem::take(&mut request.aside)));
        outer
    }

    /// Takes the request out, and puts the outer one in its place again.
    #[inline(always)]
    fn leave(&self, outer: Option<Box<Request>>, into: &mut Request) {
        // What is replaced is nothing, and needs no drop.
        let in_flight = self.in_flight.replace(ManuallyDrop::new(None));
        mem::forget(mem::replace(&mut into.in_flight, ManuallyDrop::into_inner(in_flight)));
        let aside = self.aside.replace(ManuallyDrop::new(Aside::Nothing));
        mem::forget(mem::replace(&mut into.aside, ManuallyDrop::into_inner(aside)));
        match outer {
            None => self.occupied.set(false),
            Some(outer) => self.put(*outer),
        }
    }

    fn take(&self) -> Request {
        Request {
            in_flight: ManuallyDrop::into_inner(self.in_flight.replace(ManuallyDrop::new(None))),
            aside: ManuallyDrop::into_inner(self.aside.replace(ManuallyDrop::new(Aside::Nothing))),
        }
    }

    fn put(&self, request: Request) {
        self.in_flight.set(ManuallyDrop::new(request.in_flight));
        self.aside.set(ManuallyDrop::new(request.aside));
    }
}

/// Makes the request that is polled on this thread shared; nothing where there is none.
pub(crate) fn share_current() -> Option<Arc<Mutex<Request>>> {
    CURRENT.with(|current| {
        let request = current.take();
        if request.is_over() {
            return None;
        }
        let shared = match request.aside {
            Aside::Shared(shared) => shared,
            _ => Arc::new(Mutex::new(request)),
        };
        current.put(Request {
            in_flight: None,
            aside: Aside::Shared(shared.clone()),
        });
        Some(shared)
    })
}

impl Request {
    #[inline(always)]
    fn is_over(&self) -> bool {
        self.in_flight.is_none() && matches!(self.aside, Aside::Nothing)
    }

    /// What there is to count, if anything; nothing is left.
    #[inline(always)]
    fn take(&mut self) -> Option<InFlight> {
        match &self.aside {
            Aside::Nothing => self.in_flight.take(),
            _ => self.take_with_aside(),
        }
    }

    fn take_with_aside(&mut self) -> Option<InFlight> {
        let own = self.in_flight.take();
        match mem::take(&mut self.aside) {
            Aside::Shared(shared) => mem::take(&mut *shared.lock()).take(),
            Aside::Unproved(unproved) => {
                // The name has proved to be none, so the first chunk stays here as well.
                if let (Some(in_flight), Some(after)) = (&own, unproved.first_chunk) {
                    in_flight.first_chunk_after(after);
                }
                own
            }
            Aside::Unclaimed(_) | Aside::Nothing => own,
        }
    }

    fn update(&mut self, update: impl FnOnce(&mut Self)) {
        match &self.aside {
            Aside::Shared(shared) => update(&mut shared.lock()),
            _ => update(self),
        }
    }

    /// Counts the request, with no lock held: an end may run code of the service.
    #[inline(always)]
    fn finish(&mut self, status: Status) {
        if let Some(in_flight) = self.take() {
            in_flight.finish(status);
        }
    }

    pub(crate) fn served_by(&mut self, model: &Model) {
        if let Some(in_flight) = &mut self.in_flight {
            let route = model.route(in_flight.route());
            in_flight.move_to(&route);
        }
        match &mut self.aside {
            Aside::Nothing | Aside::Shared(_) => {}
            Aside::Unproved(unproved) => unproved.model = model.clone(),
            Aside::Unclaimed(unclaimed) => {
                self.in_flight = Some(InFlight::since(unclaimed.started, model.route(&unclaimed.route)));
                let unproved = unclaimed.unproved.take().map(|route| Unproved {
                    model: model.clone(),
                    route,
                    first_chunk: None,
                });
                self.aside = unproved.map_or(Aside::Nothing, |unproved| Aside::Unproved(Box::new(unproved)));
            }
        }
    }

    /// Moves the request to the route it asked for, or to that of another name.
    fn settle(&mut self, name: Option<&str>) {
        match &mut self.aside {
            Aside::Unproved(unproved) => {
                if let Some(in_flight) = &mut self.in_flight {
                    in_flight.move_to(&unproved.model.route(name.unwrap_or(&unproved.route)));
                    if let Some(after) = unproved.first_chunk {
                        in_flight.first_chunk_after(after);
                    }
                }
                self.aside = Aside::Nothing;
            }
            Aside::Unclaimed(unclaimed) => {
                if let Some(name) = name {
                    unclaimed.route = name.into();
                }
            }
            Aside::Shared(_) | Aside::Nothing => {}
        }
    }
}

impl Watched {
    /// A request that has begun.
    #[must_use]
    #[inline(always)]
    pub fn new(in_flight: InFlight) -> Self {
        Self::of(Some(in_flight), Aside::Nothing)
    }

    #[inline(always)]
    fn of(in_flight: Option<InFlight>, aside: Aside) -> Self {
        Self {
            request: Request { in_flight, aside },
            if_dropped: Status::Cancelled,
        }
    }

    /// Nothing to count: a request that is no inference.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(None, Aside::Nothing)
    }

    /// A request that names no model. It is counted, with the time it has taken from here on, if
    /// [`Serving::by`](crate::Serving::by) or [`served_by`](Self::served_by) says whose it is, and not otherwise.
    #[must_use]
    pub fn unclaimed(route: &str) -> Self {
        Self::of_nobody(route, None)
    }

    /// Both [`unclaimed`](Self::unclaimed) and [`unproved`](Self::unproved).
    #[must_use]
    pub fn unclaimed_unproved(meanwhile: &str, name: &str) -> Self {
        Self::of_nobody(meanwhile, Some(name.into()))
    }

    fn of_nobody(route: &str, unproved: Option<Box<str>>) -> Self {
        let unclaimed = Unclaimed {
            route: route.into(),
            unproved,
            started: Instant::now(),
        };
        Self::of(None, Aside::Unclaimed(Box::new(unclaimed)))
    }

    /// A request for a name that its client chose, such as the path of a gRPC call. It is in flight on `meanwhile`, and goes to the
    /// route of that name once [`prove`](Self::prove) says that it is one: names that clients invent take no place.
    #[must_use]
    pub fn unproved(model: &Model, name: &str, meanwhile: &Route) -> Self {
        let unproved = Unproved {
            model: model.clone(),
            route: name.into(),
            first_chunk: None,
        };
        Self::of(Some(meanwhile.start()), Aside::Unproved(Box::new(unproved)))
    }

    /// A request whose route only what is inside can tell, with [`route_current`](Self::route_current). Until then it is in flight on
    /// `meanwhile`, and stays there if nobody tells.
    #[must_use]
    pub fn unrouted(model: &Model, meanwhile: &Route) -> Self {
        Self::unproved(model, meanwhile.name(), meanwhile)
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
        let outer = CURRENT.with(|current| current.enter(&mut self.request));
        let mut polling = Polling { watched: self, outer };
        let polled = poll();
        polling.leave();
        mem::forget(polling);
        polled
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
        self.request.update(|request| {
            if let Some(in_flight) = &request.in_flight {
                match &mut request.aside {
                    Aside::Unproved(unproved) => unproved.first_chunk = Some(in_flight.elapsed()),
                    _ => in_flight.first_chunk(),
                }
            }
        });
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
    pub fn served_by(&mut self, model: &Model) {
        self.request.update(|request| request.served_by(model));
    }

    /// The name that came from the client is a route: the request goes there.
    pub fn prove(&mut self) {
        self.request.update(|request| request.settle(None));
    }

    /// The request has ended.
    #[inline(always)]
    pub fn finish(&mut self, status: Status) {
        self.request.finish(status);
    }

    /// Says on which route the request is that is polled on this thread, if the adapter around does not know: for a router deep inside.
    /// Names must be the program's own, such as patterns of paths, and not what clients send.
    pub fn route_current(name: &str) {
        CURRENT.with(|current| {
            let mut request = current.take();
            request.update(|request| request.settle(Some(name)));
            current.put(request);
        });
    }

    /// Takes the request that is polled on this thread out of every count: for a handler that answers with something else than inference,
    /// such as a page of metrics or a health check, wherever the adapter is.
    pub fn discard_current() {
        let mut request = CURRENT.with(Current::take);
        if let Some(in_flight) = request.take() {
            in_flight.discard();
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

/// Takes the request out of the thread again, whatever happens in between.
struct Polling<'a> {
    watched: &'a mut Watched,
    outer: Option<Box<Request>>,
}

impl Polling<'_> {
    #[inline(always)]
    fn leave(&mut self) {
        let outer = self.outer.take();
        CURRENT.with(|current| current.leave(outer, &mut self.watched.request));
    }
}

impl Drop for Polling<'_> {
    #[cold]
    fn drop(&mut self) {
        self.leave();
        self.watched.finish(Status::Error);
    }
}

struct PollingBody<'a>(&'a mut Watched);

impl Drop for PollingBody<'_> {
    #[cold]
    fn drop(&mut self) {
        self.0.finish(Status::Error);
    }
}
