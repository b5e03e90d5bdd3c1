use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use modelwatch::{InFlight, Status};
use pin_project::pin_project;

use crate::polling::Polling;

/// A response body whose end is the end of its request.
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    inner: B,
    /// Nothing, once the request is counted.
    in_flight: Option<InFlight>,
    /// How the request is counted if the body is whole.
    status: Status,
    /// Bytes still to come, where the head told how many. A server that has sent them all need not ask for more.
    rest: Option<u64>,
    /// Nothing of a body of unknown length has come yet.
    awaits_first: bool,
}

impl<B> InferenceBody<B> {
    pub(crate) fn new(inner: B, in_flight: Option<InFlight>, status: Status, size: BodySize) -> Self {
        let rest = match size {
            BodySize::Sized(bytes) => Some(bytes),
            BodySize::None | BodySize::Stream => None,
        };
        Self {
            inner,
            in_flight,
            status,
            rest,
            awaits_first: rest.is_none(),
        }
    }
}

impl<B: MessageBody> MessageBody for InferenceBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if this.in_flight.is_none() {
            return this.inner.poll_next(context);
        }
        let polling = Polling::new(this.in_flight);
        let chunk = this.inner.poll_next(context);
        polling.done();
        let ended = match &chunk {
            Poll::Pending => None,
            Poll::Ready(None) => Some(*this.status),
            Poll::Ready(Some(Err(_))) => Some(Status::Error),
            Poll::Ready(Some(Ok(bytes))) => {
                if *this.awaits_first {
                    *this.awaits_first = false;
                    if let Some(in_flight) = this.in_flight {
                        in_flight.first_chunk();
                    }
                }
                this.rest.as_mut().and_then(|rest| {
                    *rest = rest.saturating_sub(bytes.len() as u64);
                    (*rest == 0).then_some(*this.status)
                })
            }
        };
        if let Some(status) = ended
            && let Some(in_flight) = this.in_flight.take()
        {
            in_flight.finish(status);
        }
        chunk
    }

    /// Taken whole, the body is at its end.
    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        match self.inner.try_into_bytes() {
            Ok(bytes) => {
                if let Some(in_flight) = self.in_flight.take() {
                    in_flight.finish(self.status);
                }
                Ok(bytes)
            }
            Err(inner) => {
                self.inner = inner;
                Err(self)
            }
        }
    }
}

impl<B> fmt::Debug for InferenceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBody")
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}
