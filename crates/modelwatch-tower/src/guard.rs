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

/// Ends its request once, whatever happens: as it is told, or as an error when what it guards panics, or else as
/// cancelled when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    in_flight: Option<InFlight>,
    /// Whether what is guarded is being polled. A runtime catches a panic before it drops the future, so in
    /// the drop the thread itself is not panicking any more.
    polling: bool,
}

impl Guard {
    #[inline]
    pub(crate) fn new(in_flight: InFlight) -> Self {
        Self {
            in_flight: Some(in_flight),
            polling: false,
        }
    }

    /// What is guarded is polled now, until [`polled`](Self::polled). A pair of calls and not one around a closure,
    /// which would copy the answer once more.
    #[inline]
    pub(crate) fn polling(&mut self) {
        self.polling = true;
    }

    #[inline]
    pub(crate) fn polled(&mut self) {
        self.polling = false;
    }

    /// Ends the request, if it has not ended.
    #[inline]
    pub(crate) fn finish(&mut self, status: Status) {
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.finish(status);
        }
    }

    /// Gives the request to the version the answer names.
    #[inline]
    pub(crate) fn follow<B>(&mut self, response: &Response<B>) {
        if let (Some(in_flight), Some(ServedBy(model))) = (&mut self.in_flight, response.extensions().get()) {
            let route = model.route(in_flight.route());
            in_flight.move_to(&route);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.polling
            && let Some(in_flight) = self.in_flight.take()
        {
            in_flight.finish(Status::Error);
        }
    }
}
