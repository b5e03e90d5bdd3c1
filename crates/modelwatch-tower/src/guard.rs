//! A request in flight, as a future or a body carries it.

use http::Response;
use modelwatch::{InFlight, Model, Status};

/// The model version that served a request, told by whoever answers it.
///
/// A service that decides late which version answers, such as a canary router inside a handler, puts this among the
/// extensions of its response. The request then counts for that version, on the same route, with its whole latency.
///
/// ```
/// use http::Response;
/// use modelwatch_tower::ServedBy;
///
/// # let monitor = modelwatch::Monitor::new();
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
/// let mut response = Response::new("0.82");
/// response.extensions_mut().insert(ServedBy(canary));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServedBy(pub Model);

/// Ends a request as an error if what is polled meanwhile panics.
///
/// A runtime catches a panic before it drops the future, so in the drop of the future the thread itself is not
/// panicking any more. Lives on the stack: a flag in the future, written around each poll, would hold up the next move of
/// the future until the write has left the store buffer.
pub(crate) struct Polling<'a>(&'a mut Option<InFlight>);

impl<'a> Polling<'a> {
    #[inline(always)]
    pub(crate) fn new(in_flight: &'a mut Option<InFlight>) -> Self {
        Self(in_flight)
    }

    /// It did not panic.
    #[inline(always)]
    pub(crate) fn done(self) {
        std::mem::forget(self);
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

/// Gives the request to the version the answer names.
#[inline(always)]
pub(crate) fn follow<B>(in_flight: &mut InFlight, response: &Response<B>) {
    if let Some(ServedBy(model)) = response.extensions().get() {
        let route = model.route(in_flight.route());
        in_flight.move_to(&route);
    }
}
