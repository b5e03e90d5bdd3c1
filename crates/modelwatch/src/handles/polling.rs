//! Tells a panic from a cancel while something is polled.

use std::mem;

use crate::contract::status::Status;
use crate::handles::in_flight::InFlight;

/// Ends a request as an error if what is polled meanwhile panics.
///
/// A runtime catches a panic before it drops the future, so in the drop of the future the thread itself is not
/// panicking any more, and [`InFlight`] would count the request as cancelled. Adapters make one of these on the stack
/// around each poll of what they wrap, and call [`done`](Self::done) when the poll returns.
///
/// It lives on the stack because a flag in the future, written around each poll, would hold up the next move of the
/// future until the write has left the store buffer.
///
/// ```
/// use std::panic::{AssertUnwindSafe, catch_unwind};
/// use modelwatch::{Format, Monitor, Polling};
///
/// let monitor = Monitor::new();
/// let route = monitor.model("claims-risk", "2026-04-01").register()?.route("predict");
/// let mut in_flight = Some(route.start());
/// let caught = catch_unwind(AssertUnwindSafe(|| {
///     let polling = Polling::new(&mut in_flight);
///     std::panic::resume_unwind(Box::new("the handler panicked"));
///     # #[allow(unreachable_code)]
///     polling.done();
/// }));
/// assert!(caught.is_err() && in_flight.is_none());
/// let page = String::from_utf8(monitor.encode(Format::PrometheusText))?;
/// assert!(page.contains("route=\"predict\",status=\"error\"} 1\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping the guard ends the request as an error; call `done` when the poll returns"]
#[derive(Debug)]
pub struct Polling<'a>(&'a mut Option<InFlight>);

impl<'a> Polling<'a> {
    /// Watches over a request while what answers it is polled.
    #[inline(always)]
    pub fn new(in_flight: &'a mut Option<InFlight>) -> Self {
        Self(in_flight)
    }

    /// Leaves the request as it is: the poll returned.
    #[inline(always)]
    pub fn done(self) {
        mem::forget(self);
    }
}

impl Drop for Polling<'_> {
    #[cold]
    fn drop(&mut self) {
        if let Some(in_flight) = self.0.take() {
            in_flight.finish(Status::Error);
        }
    }
}
