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
    state: State,
    /// What the head of the answer says, once there is one.
    if_dropped: Status,
}

#[derive(Debug)]
enum State {
    Own(Request),
    /// Somebody has a [`Serving`](crate::Serving).
    Shared(Arc<Mutex<Request>>),
}

/// What there is to count.
#[derive(Debug)]
pub(crate) enum Request {
    /// Nothing, or nothing any more.
    Over,
    Begun(Begun),
    /// Nobody has said yet whose it is.
    Unclaimed(Box<Unclaimed>),
}

#[derive(Debug)]
pub(crate) struct Begun {
    in_flight: InFlight,
    unproved: Option<Box<Unproved>>,
}

#[derive(Debug)]
pub(crate) struct Unclaimed {
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
    // Without a destructor, so that reading it is one load: whoever puts a request here takes it out again.
    state: Cell<ManuallyDrop<State>>,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            occupied: Cell::new(false),
            state: Cell::new(ManuallyDrop::new(State::OVER)),
        }
    };
}

impl Current {
    /// Puts a request here. Comes back the one of the adapter around, if there is one.
    #[inline(always)]
    fn enter(&self, state: State) -> Option<Box<State>> {
        let outer = if self.occupied.replace(true) {
            Some(Box::new(self.take()))
        } else {
            None
        };
        self.state.set(ManuallyDrop::new(state));
        outer
    }

    /// Takes the request out, and puts the outer one in its place again.
    #[inline(always)]
    fn leave(&self, outer: Option<Box<State>>) -> State {
        let state = self.take();
        match outer {
            None => self.occupied.set(false),
            Some(outer) => self.state.set(ManuallyDrop::new(*outer)),
        }
        state
    }

    #[inline(always)]
    fn take(&self) -> State {
        ManuallyDrop::into_inner(self.state.replace(ManuallyDrop::new(State::OVER)))
    }
}

/// Makes the request that is polled on this thread shared; nothing where there is none.
pub(crate) fn share_current() -> Option<Arc<Mutex<Request>>> {
    CURRENT.with(|current| {
        let request = match current.take() {
            State::Own(Request::Over) => return None,
            State::Own(request) => Arc::new(Mutex::new(request)),
            State::Shared(request) => request,
        };
        current.state.set(ManuallyDrop::new(State::Shared(request.clone())));
        Some(request)
    })
}

impl State {
    const OVER: Self = Self::Own(Request::Over);

    fn take(&mut self) -> Request {
        match mem::replace(self, Self::OVER) {
            Self::Own(request) => request,
            Self::Shared(request) => mem::replace(&mut *request.lock(), Request::Over),
        }
    }

    fn update(&mut self, update: impl FnOnce(&mut Request)) {
        match self {
            Self::Own(request) => update(request),
            Self::Shared(request) => update(&mut request.lock()),
        }
    }

    /// Counts the request, with no lock held: an end may run code of the service.
    #[inline(always)]
    fn finish(&mut self, status: Status) {
        if let Request::Begun(Begun { in_flight, .. }) = self.take() {
            in_flight.finish(status);
        }
    }
}

impl Watched {
    /// A request that has begun.
    #[must_use]
    #[inline(always)]
    pub fn new(in_flight: InFlight) -> Self {
        Self::of(Request::Begun(Begun {
            in_flight,
            unproved: None,
        }))
    }

    #[inline(always)]
    fn of(request: Request) -> Self {
        Self {
            state: State::Own(request),
            if_dropped: Status::Cancelled,
        }
    }

    /// Nothing to count: a request that is no inference.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(Request::Over)
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
        Self::of(Request::Unclaimed(Box::new(Unclaimed {
            route: route.into(),
            unproved,
            started: Instant::now(),
        })))
    }

    /// A request for a name that its client chose, such as the path of a gRPC call. It is in flight on `meanwhile`, and goes to the
    /// route of that name once [`prove`](Self::prove) says that it is one: names that clients invent take no place.
    #[must_use]
    pub fn unproved(model: &Model, name: &str, meanwhile: &Route) -> Self {
        Self::of(Request::Begun(Begun {
            in_flight: meanwhile.start(),
            unproved: Some(Box::new(Unproved {
                model: model.clone(),
                route: name.into(),
                first_chunk: None,
            })),
        }))
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
        matches!(self.state, State::Own(Request::Over))
    }

    /// Runs a poll, a call, or whatever else may run code of the service. A panic in it ends the request as an error.
    ///
    /// A runtime catches a panic before it drops the future, so in the drop of the future the thread itself is not
    /// panicking any more: what is here tells a panic from a cancel.
    #[inline(always)]
    pub fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let state = mem::replace(&mut self.state, State::OVER);
        let outer = CURRENT.with(|current| current.enter(state));
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
        self.state.update(|request| {
            if let Request::Begun(begun) = request {
                match &mut begun.unproved {
                    Some(unproved) => unproved.first_chunk = Some(begun.in_flight.elapsed()),
                    None => begun.in_flight.first_chunk(),
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
        self.state.update(|request| request.served_by(model));
    }

    /// The name that came from the client is a route: the request goes there.
    pub fn prove(&mut self) {
        self.state.update(|request| {
            if let Request::Begun(begun) = request
                && let Some(unproved) = begun.unproved.take()
            {
                begun.in_flight.move_to(&unproved.model.route(&unproved.route));
                if let Some(after) = unproved.first_chunk {
                    begun.in_flight.first_chunk_after(after);
                }
            }
        });
    }

    /// The request has ended.
    #[inline(always)]
    pub fn finish(&mut self, status: Status) {
        self.state.finish(status);
    }

    /// Says on which route the request is that is polled on this thread, if the adapter around does not know: for a router deep inside.
    /// Names must be the program's own, such as patterns of paths, and not what clients send.
    pub fn route_current(name: &str) {
        CURRENT.with(|current| {
            let mut state = current.take();
            state.update(|request| match request {
                Request::Over => {}
                Request::Begun(begun) => {
                    if let Some(unproved) = begun.unproved.take() {
                        begun.in_flight.move_to(&unproved.model.route(name));
                    }
                }
                Request::Unclaimed(unclaimed) => unclaimed.route = name.into(),
            });
            current.state.set(ManuallyDrop::new(state));
        });
    }

    /// Takes the request that is polled on this thread out of every count: for a handler that answers with something else than inference,
    /// such as a page of metrics or a health check, wherever the adapter is.
    pub fn discard_current() {
        let mut state = CURRENT.with(Current::take);
        if let Request::Begun(Begun { in_flight, .. }) = state.take() {
            in_flight.discard();
        }
    }
}

impl Request {
    pub(crate) fn served_by(&mut self, model: &Model) {
        match self {
            Self::Over => {}
            Self::Begun(begun) => {
                let route = model.route(begun.in_flight.route());
                begun.in_flight.move_to(&route);
                if let Some(unproved) = &mut begun.unproved {
                    unproved.model = model.clone();
                }
            }
            Self::Unclaimed(unclaimed) => {
                let unproved = unclaimed.unproved.take();
                *self = Self::Begun(Begun {
                    in_flight: InFlight::since(unclaimed.started, model.route(&unclaimed.route)),
                    unproved: unproved.map(|route| {
                        Box::new(Unproved {
                            model: model.clone(),
                            route,
                            first_chunk: None,
                        })
                    }),
                });
            }
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
    outer: Option<Box<State>>,
}

impl Polling<'_> {
    #[inline(always)]
    fn leave(&mut self) {
        let outer = self.outer.take();
        let state = CURRENT.with(|current| current.leave(outer));
        // What is replaced is nothing, and needs no drop.
        mem::forget(mem::replace(&mut self.watched.state, state));
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
