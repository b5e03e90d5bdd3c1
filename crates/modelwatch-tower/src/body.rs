use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::{HeaderMap, Response, header};
use http_body::{Body, Frame, SizeHint};
use modelwatch::{InFlight, Status};
use pin_project::pin_project;

use crate::classify::grpc_status;
use crate::guard::Polling;

/// A response body whose end is the end of its request.
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    pub(crate) inner: B,
    /// Nothing, once the request is counted.
    pub(crate) in_flight: Option<InFlight>,
    /// How the request is counted if the body is whole.
    pub(crate) status: Status,
    pub(crate) rest: Rest,
    /// Nothing of a body whose length the head did not tell has come yet.
    pub(crate) awaits_first: bool,
}

/// What has to come before the body is whole. A server that has sent what it announced does not ask whether there is
/// more, so waiting for the end of the stream would take a whole answer for a broken one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rest {
    /// Nothing: the head was the end.
    Nothing,
    /// So many bytes.
    Bytes(u64),
    /// The end of the stream.
    End,
    /// Trailers that say how the call went; a stream that ends without them did not go well.
    GrpcTrailers,
}

impl Rest {
    #[inline(always)]
    pub(crate) fn of<B: Body>(response: &Response<B>, is_grpc: bool) -> Self {
        if response.body().is_end_stream() {
            return Self::Nothing;
        }
        if is_grpc && !response.headers().contains_key("grpc-status") {
            return Self::GrpcTrailers;
        }
        match response
            .body()
            .size_hint()
            .exact()
            .or_else(|| content_length(response.headers()))
        {
            Some(0) => Self::Nothing,
            Some(bytes) => Self::Bytes(bytes),
            None => Self::End,
        }
    }

    /// Whether the head leaves open how much will come.
    #[inline(always)]
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::End | Self::GrpcTrailers)
    }

    /// How a request is counted whose body ends here.
    #[inline(always)]
    fn ended(self, status: Status) -> Status {
        if matches!(self, Self::GrpcTrailers) && status == Status::Success {
            Status::Error
        } else {
            status
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl<B: Body> Body for InferenceBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline(always)]
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        if this.in_flight.is_none() {
            return this.inner.poll_frame(context);
        }
        let polling = Polling::new(this.in_flight);
        let frame = this.inner.as_mut().poll_frame(context);
        polling.done();
        let ended = match &frame {
            Poll::Pending => None,
            Poll::Ready(None) => Some(this.rest.ended(*this.status)),
            Poll::Ready(Some(Err(_))) => Some(Status::Error),
            Poll::Ready(Some(Ok(frame))) => {
                if *this.awaits_first && frame.is_data() {
                    *this.awaits_first = false;
                    if let Some(in_flight) = this.in_flight {
                        in_flight.first_chunk();
                    }
                }
                match seen(frame, this.rest, *this.status) {
                    None if this.inner.is_end_stream() => Some(this.rest.ended(*this.status)),
                    status => status,
                }
            }
        };
        if let Some(status) = ended
            && let Some(in_flight) = this.in_flight.take()
        {
            in_flight.finish(status);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes note of a frame, and says how the request is counted if that was the last frame that matters.
#[inline(always)]
fn seen<D: Buf>(frame: &Frame<D>, rest: &mut Rest, status: Status) -> Option<Status> {
    if let Some(data) = frame.data_ref() {
        let Rest::Bytes(bytes) = rest else { return None };
        *bytes = bytes.saturating_sub(data.remaining() as u64);
        return (*bytes == 0).then_some(status);
    }
    let told = frame.trailers_ref().and_then(grpc_status);
    Some(match told {
        Some(told) if status == Status::Success => told,
        Some(_) => status,
        None => rest.ended(status),
    })
}

impl<B: Default> Default for InferenceBody<B> {
    /// An empty body of nobody's request, for layers around this one that answer themselves.
    fn default() -> Self {
        Self {
            inner: B::default(),
            in_flight: None,
            status: Status::Success,
            rest: Rest::Nothing,
            awaits_first: false,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for InferenceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBody")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
