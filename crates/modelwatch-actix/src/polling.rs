use modelwatch::{InFlight, Status};

/// Ends a request as an error if what is polled meanwhile panics: the runtime catches the panic before it drops the
/// future, so in the drop of the future the thread itself is not panicking any more.
pub(crate) struct Polling<'a>(&'a mut Option<InFlight>);

impl<'a> Polling<'a> {
    #[inline]
    pub(crate) fn new(in_flight: &'a mut Option<InFlight>) -> Self {
        Self(in_flight)
    }

    /// It did not panic.
    #[inline]
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
