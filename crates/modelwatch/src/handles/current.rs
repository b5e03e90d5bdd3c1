//! The request that is polled on this thread.
//!
//! It lies here by value while it is polled, and goes back to whoever polls it afterwards: nothing is allocated, and
//! a thread-local without a destructor is a load to read.

use std::cell::Cell;
use std::mem::{self, ManuallyDrop};
use std::sync::Arc;

use crate::handles::aside::Aside;
use crate::handles::request::Request;
use crate::handles::route::Route;

// Whoever puts a request here takes it out again, so nothing is left to drop. Its two pointers lie apart: a processor that
// loads both at once waits until each of them, which have been stored one by one, is in the cache.
thread_local! {
    static ROUTE: Cell<ManuallyDrop<Option<Route>>> = const { Cell::new(ManuallyDrop::new(None)) };
    static ASIDE: Cell<ManuallyDrop<Option<Arc<Aside>>>> = const { Cell::new(ManuallyDrop::new(None)) };
}

/// Puts a request here, and returns the one that was here.
#[inline(always)]
pub(crate) fn replace(request: Request) -> Request {
    let (route, aside) = request.into_parts();
    Request::from_parts(
        ManuallyDrop::into_inner(ROUTE.replace(ManuallyDrop::new(route))),
        ManuallyDrop::into_inner(ASIDE.replace(ManuallyDrop::new(aside))),
    )
}

/// Looks at the request that is here, or changes it. Meanwhile there is none.
#[inline]
pub(crate) fn with<T>(look: impl FnOnce(&mut Request) -> T) -> T {
    look(&mut Borrowed(ManuallyDrop::new(replace(Request::NOTHING))).0)
}

/// Goes back even where the look panics.
struct Borrowed(ManuallyDrop<Request>);

impl Drop for Borrowed {
    #[inline]
    fn drop(&mut self) {
        let (route, aside) = mem::replace(&mut *self.0, Request::NOTHING).into_parts();
        ROUTE.set(ManuallyDrop::new(route));
        ASIDE.set(ManuallyDrop::new(aside));
    }
}
