//! Where a request lies that is not just in flight on a route: its name is not proved, nobody has said whose it is, or somebody may
//! choose its version.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::handles::model::Model;
use crate::handles::route::Route;

/// A place beside the thread that polls a request, which others can reach as well.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// There is a choice in the place, to be looked for without a lock.
    chosen: AtomicBool,
    place: Mutex<Place>,
}

#[derive(Debug)]
enum Place {
    /// The request is with the thread that polls it, for which somebody elsewhere may leave a choice.
    Polled(Option<Model>),
    Route(Route),
    Unproved(Unproved),
    Unclaimed(Unclaimed),
    Over,
}

/// A request in flight on another route than it asked for, until that has proved to be one.
#[derive(Debug)]
struct Unproved {
    meanwhile: Route,
    model: Model,
    /// Nothing where it has no name of its own, unless somebody tells one.
    route: Option<Box<str>>,
    /// Nanoseconds.
    first_chunk: Option<u64>,
}

/// A request of which nobody has said yet whose it is.
#[derive(Debug)]
struct Unclaimed {
    route: Box<str>,
    /// A name of the client's, which goes before the route once it has proved good.
    unproved: Option<Box<str>>,
}

impl Default for Place {
    fn default() -> Self {
        Self::Polled(None)
    }
}

impl Aside {
    /// In flight on `meanwhile` until its name is proved, or another one told.
    pub(crate) fn unproved(model: &Model, name: Option<&str>, meanwhile: &Route) -> Self {
        meanwhile.0.enter();
        Self::from(Place::Unproved(Unproved {
            meanwhile: meanwhile.clone(),
            model: model.clone(),
            route: name.map(Box::from),
            first_chunk: None,
        }))
    }

    pub(crate) fn unclaimed(route: &str, unproved: Option<&str>) -> Self {
        Self::from(Place::Unclaimed(Unclaimed {
            route: route.into(),
            unproved: unproved.map(Box::from),
        }))
    }

    /// Whether somebody has left a choice here.
    #[inline]
    pub(crate) fn is_chosen(&self) -> bool {
        self.chosen.load(Ordering::Relaxed)
    }

    /// Whatever somebody chose elsewhere came before a choice of the thread that polls the request.
    #[inline]
    pub(crate) fn forget_choice(&self) {
        if self.is_chosen() {
            let mut place = self.place.lock();
            if let Place::Polled(choice) = &mut *place {
                *choice = None;
            }
            self.chosen.store(false, Ordering::Relaxed);
        }
    }

    /// The request is over: what there is to count of it is in flight on this route, if on any.
    pub(crate) fn end(&self) -> Option<Route> {
        match mem::replace(&mut *self.place.lock(), Place::Over) {
            Place::Route(route) => Some(route),
            Place::Unproved(unproved) => {
                // The name has proved to be none, so the first chunk stays here as well.
                if let Some(nanoseconds) = unproved.first_chunk {
                    unproved.meanwhile.0.observe_first_chunk(nanoseconds);
                }
                Some(unproved.meanwhile)
            }
            Place::Polled(_) | Place::Unclaimed(_) | Place::Over => None,
        }
    }

    /// Takes a request away that is in flight on its route, and waits for nothing any more.
    pub(crate) fn take_route(&self) -> Option<Route> {
        let mut place = self.place.lock();
        match mem::take(&mut *place) {
            Place::Route(route) => Some(route),
            other => {
                *place = other;
                None
            }
        }
    }

    /// The thread that polled the request does so no more: it lies here from now on.
    pub(crate) fn put(&self, mut route: Route) {
        let mut place = self.place.lock();
        if let Place::Polled(Some(model)) = &*place {
            model.take_over(&mut route);
        }
        *place = Place::Route(route);
    }

    /// The request belongs to this version, as somebody says who does not poll it.
    pub(crate) fn served_by(&self, model: &Model) {
        let mut place = self.place.lock();
        match &mut *place {
            Place::Polled(choice) => {
                *choice = Some(model.clone());
                self.chosen.store(true, Ordering::Relaxed);
            }
            Place::Route(route) => model.take_over(route),
            Place::Unproved(unproved) => {
                model.take_over(&mut unproved.meanwhile);
                unproved.model = model.clone();
            }
            Place::Unclaimed(unclaimed) => {
                let route = model.route(&unclaimed.route);
                route.0.enter();
                *place = match unclaimed.unproved.take() {
                    None => Place::Route(route),
                    name => Place::Unproved(Unproved {
                        meanwhile: route,
                        model: model.clone(),
                        route: name,
                        first_chunk: None,
                    }),
                };
            }
            Place::Over => {}
        }
    }

    /// The request goes to the route it asked for, or to that of another name.
    pub(crate) fn settle(&self, name: Option<&str>) {
        let mut place = self.place.lock();
        match &mut *place {
            Place::Polled(_) | Place::Route(_) | Place::Over => {}
            Place::Unproved(unproved) => {
                let mut route = unproved.meanwhile.clone();
                if let Some(name) = name.or(unproved.route.as_deref()) {
                    route.pass_to(unproved.model.0.route(name));
                }
                if let Some(nanoseconds) = unproved.first_chunk {
                    route.0.observe_first_chunk(nanoseconds);
                }
                *place = Place::Route(route);
            }
            Place::Unclaimed(unclaimed) => {
                if let Some(name) = name {
                    unclaimed.route = name.into();
                }
            }
        }
    }

    /// The first chunk of the answer came after this time.
    pub(crate) fn first_chunk_after(&self, nanoseconds: u64) {
        match &mut *self.place.lock() {
            Place::Polled(_) | Place::Unclaimed(_) | Place::Over => {}
            Place::Route(route) => route.0.observe_first_chunk(nanoseconds),
            Place::Unproved(unproved) => unproved.first_chunk = Some(nanoseconds),
        }
    }
}

impl From<Place> for Aside {
    fn from(place: Place) -> Self {
        Self {
            chosen: AtomicBool::new(false),
            place: Mutex::new(place),
        }
    }
}
