//! A request that an adapter carries: on a route, and that is all, or together with those who may say something of it.
//!
//! Nearly every request is one pointer to its route, which the thread that polls it has for itself. Only where a request needs more, it
//! has a place [`aside`](crate::handles::aside) as well.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use crate::handles::aside::Aside;
use crate::handles::model::Model;
use crate::handles::route::Route;

/// What there is to count: two pointers, so that it is moved in registers.
#[derive(Debug)]
pub(crate) struct Request {
    /// In flight here, and in no place aside.
    route: Option<Route>,
    aside: Option<Arc<Aside>>,
}

thread_local! {
    /// A place that nobody has any more, for the next request whose version is chosen and for whoever chooses it.
    static SPARE: Spare = const { Spare { own: Cell::new(None), shared: Cell::new(None) } };
}

/// One by one: a processor that loads both pointers at once waits until each of them, which was stored by itself, is in the cache.
struct Spare {
    own: Cell<Option<Arc<Aside>>>,
    shared: Cell<Option<Arc<Aside>>>,
}

impl Spare {
    #[inline]
    fn take() -> Option<[Arc<Aside>; 2]> {
        let both = SPARE.try_with(|spare| (spare.own.take(), spare.shared.take()));
        match both {
            Ok((Some(own), Some(shared))) => Some([own, shared]),
            _ => None,
        }
    }

    /// A thread that ends keeps none.
    #[inline]
    fn keep([own, shared]: [Arc<Aside>; 2]) {
        let _ = SPARE.try_with(|spare| {
            spare.own.set(Some(own));
            spare.shared.set(Some(shared));
        });
    }
}

impl Request {
    /// Nothing to count, or nothing any more.
    pub(crate) const NOTHING: Self = Self {
        route: None,
        aside: None,
    };

    #[inline(always)]
    pub(crate) fn on(route: Option<Route>) -> Self {
        Self { route, aside: None }
    }

    #[inline(always)]
    pub(crate) fn from_parts(route: Option<Route>, aside: Option<Arc<Aside>>) -> Self {
        Self { route, aside }
    }

    #[inline(always)]
    pub(crate) fn into_parts(self) -> (Option<Route>, Option<Arc<Aside>>) {
        (self.route, self.aside)
    }

    pub(crate) fn aside(aside: Aside) -> Self {
        Self {
            route: None,
            aside: Some(Arc::new(aside)),
        }
    }

    #[inline(always)]
    pub(crate) fn is_over(&self) -> bool {
        self.route.is_none() && self.aside.is_none()
    }

    /// Whether it has to be [`suspend`](Self::suspend)ed when it is polled no more.
    #[inline(always)]
    pub(crate) fn has_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// The route the request is in flight on, if it is counted; nothing is left.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<Route> {
        match self.aside.take() {
            None => self.route.take(),
            Some(aside) => Self::end(self.route.take(), aside),
        }
    }

    #[cold]
    fn end(route: Option<Route>, aside: Arc<Aside>) -> Option<Route> {
        if let Some(route) = route {
            aside.put(route);
        }
        let route = aside.end();
        keep(aside);
        route
    }

    /// The request belongs to this version.
    #[inline(always)]
    pub(crate) fn served_by(&mut self, model: &Model) {
        match (self.route.take(), &self.aside) {
            (Some(route), _) => self.route = Some(model.taken_over(route)),
            (None, Some(aside)) => aside.served_by(model),
            (None, None) => {}
        }
    }

    /// Moves the request to the route it asked for, or to that of another name.
    #[inline(always)]
    pub(crate) fn settle(&mut self, name: Option<&str>) {
        if let Some(aside) = &self.aside {
            aside.settle(name);
        }
    }

    /// The first chunk of the answer came after this time.
    pub(crate) fn first_chunk_after(&mut self, nanoseconds: u64) {
        match (&self.route, &self.aside) {
            (Some(route), _) => route.0.observe_first_chunk(nanoseconds),
            (None, Some(aside)) => aside.first_chunk_after(nanoseconds),
            (None, None) => {}
        }
    }

    /// Lets somebody choose a version, if there is something to count.
    #[inline]
    pub(crate) fn share(&mut self) -> Option<Arc<Aside>> {
        if self.is_over() {
            return None;
        }
        Some(match &self.aside {
            Some(aside) => aside.clone(),
            None => {
                let [own, shared] = Spare::take().unwrap_or_else(|| pair(Arc::default()));
                self.aside = Some(own);
                shared
            }
        })
    }

    /// Takes back what was [shared](Self::share), if it is of this request: where nobody else has it, the request has no place aside
    /// any more. Returns what is to be dropped.
    #[inline]
    pub(crate) fn take_back(&mut self, shared: Arc<Aside>) -> Option<Arc<Aside>> {
        let own = match self.aside.take() {
            Some(own) if Arc::ptr_eq(&own, &shared) && Arc::strong_count(&own) == 2 => own,
            own => {
                self.aside = own;
                return Some(shared);
            }
        };
        // After whatever the last of the others did.
        fence(Ordering::Acquire);
        if self.route.is_none() {
            self.route = own.take_route();
        }
        if self.route.is_none() || own.is_chosen() {
            self.aside = Some(own);
            return Some(shared);
        }
        Spare::keep([own, shared]);
        None
    }

    /// Chooses the version, if the request is with this thread and this is its place.
    #[inline]
    pub(crate) fn chosen_here(&mut self, aside: &Arc<Aside>, model: &Model) -> bool {
        match &self.aside {
            Some(own) if Arc::ptr_eq(own, aside) => {}
            _ => return false,
        }
        let Some(route) = &mut self.route else {
            return false;
        };
        model.take_over(route);
        aside.forget_choice();
        true
    }

    /// Nobody polls the request now: those who may choose can reach it. Where there is nobody, it has no place aside any more.
    ///
    /// It does not unwind, and says so: else whatever a handler returned would be copied once more, for the case that it has to be dropped here.
    #[expect(improper_ctypes_definitions, reason = "no C calls it")]
    pub(crate) extern "C" fn suspend(self) -> Self {
        catch_unwind(AssertUnwindSafe(|| self.suspended())).unwrap_or(Self::NOTHING)
    }

    fn suspended(mut self) -> Self {
        let Some(aside) = self.aside.take() else {
            return self;
        };
        let alone = Arc::strong_count(&aside) == 1;
        if alone {
            // After whatever the last of the others did.
            fence(Ordering::Acquire);
        }
        match self.route.take() {
            Some(route) if alone && !aside.is_chosen() => {
                self.route = Some(route);
                Spare::keep(pair(aside));
                return self;
            }
            Some(route) => aside.put(route),
            None if alone => {
                self.route = aside.take_route();
                if self.route.is_some() {
                    keep(aside);
                    return self;
                }
            }
            None => {}
        }
        self.aside = Some(aside);
        self
    }
}

fn pair(aside: Arc<Aside>) -> [Arc<Aside>; 2] {
    [aside.clone(), aside]
}

/// Has a place serve the next request, if nobody has it any more.
fn keep(mut aside: Arc<Aside>) {
    if let Some(own) = Arc::get_mut(&mut aside) {
        *own = Aside::default();
        Spare::keep(pair(aside));
    }
}
