//! The request that is polled on this thread.
//!
//! It lies here by value while it is polled, and goes back to whoever polls it afterwards: nothing is allocated, and
//! a thread-local without a destructor is a load to read.

use std::cell::Cell;
use std::mem::{self, ManuallyDrop};

use crate::handles::request::Request;

thread_local! {
    // Whoever puts a request here takes it out again, so nothing is left to drop.
    static CURRENT: Cell<ManuallyDrop<Request>> = const { Cell::new(ManuallyDrop::new(Request::NOTHING)) };
}

/// Puts a request here, and returns the one that was here.
#[inline(always)]
pub(crate) fn replace(request: Request) -> Request {
    ManuallyDrop::into_inner(CURRENT.replace(ManuallyDrop::new(request)))
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
        CURRENT.set(ManuallyDrop::new(mem::replace(&mut *self.0, Request::NOTHING)));
    }
}
