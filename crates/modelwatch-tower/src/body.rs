use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::{HeaderMap, Response, header};
use http_body::{Body, Frame, SizeHint};
use modelwatch::Status;
use pin_project::pin_project;

use crate::classify::grpc_status;
use crate::guard::Guard;

/// A response body whose end is the end of its request.
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    pub(crate) inner: B,
    pub(crate) ending: Option<Ending>,
}

/// What is left to record.
#[derive(Debug)]
pub(crate) struct Ending {
    guard: Guard,
    status: Status,
    rest: Rest,
}

/// What has to come before the body is whole. A server that has sent what it announced does not ask whether there is
/// more, so waiting for the end of the stream would take a whole answer for a broken one.
#[derive(Debug)]
enum Rest {
    /// The end of the stream.
    End,
    /// So many bytes.
    Bytes(u64),
    /// Trailers that say how the call went; a stream that ends without them did not go well.
    GrpcTrailers,
}

impl Ending {
    /// What is left to record of an answer, or nothing where its head was the end.
    #[inline]
    pub(crate) fn of<B: Body>(
        response: &Response<B>,
        is_grpc: bool,
        guard: Guard,
        status: Status,
        no_body: bool,
    ) -> Option<Self> {
        let rest = if is_grpc && !response.headers().contains_key("grpc-status") {
            Rest::GrpcTrailers
        } else {
            content_length(response.headers())
                .or_else(|| response.body().size_hint().exact())
                .map_or(Rest::End, Rest::Bytes)
        };
        let ending = Self { guard, status, rest };
        if no_body || response.body().is_end_stream() || matches!(ending.rest, Rest::Bytes(0)) {
            ending.finish();
            None
        } else {
            Some(ending)
        }
    }

    /// The body is whole.
    #[inline]
    fn finish(self) {
        let broken = matches!(self.rest, Rest::GrpcTrailers) && self.status == Status::Success;
        self.guard.finish(if broken { Status::Error } else { self.status });
    }
}

#[inline]
fn content_length(headers: &HeaderMap) -> Option<u64> {
    if headers.is_empty() {
        return None;
    }
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl<B: Body> Body for InferenceBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(ending) = this.ending else {
            return this.inner.poll_frame(context);
        };
        ending.guard.polling();
        let frame = this.inner.as_mut().poll_frame(context);
        ending.guard.polled();
        let whole = match &frame {
            Poll::Pending => false,
            Poll::Ready(None) => true,
            Poll::Ready(Some(Err(_))) => {
                (ending.status, ending.rest) = (Status::Error, Rest::End);
                true
            }
            Poll::Ready(Some(Ok(frame))) => ending.is_last(frame) || this.inner.is_end_stream(),
        };
        if whole && let Some(ending) = this.ending.take() {
            ending.finish();
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

impl Ending {
    /// Takes note of a frame, and says whether it is the last that matters.
    fn is_last<D: Buf>(&mut self, frame: &Frame<D>) -> bool {
        if let (Some(data), Rest::Bytes(rest)) = (frame.data_ref(), &mut self.rest) {
            *rest = rest.saturating_sub(data.remaining() as u64);
            return *rest == 0;
        }
        if let Some(trailers) = frame.trailers_ref() {
            if let Some(status) = grpc_status(trailers) {
                self.rest = Rest::End;
                if self.status == Status::Success {
                    self.status = status;
                }
            }
            return true;
        }
        false
    }
}

impl<B: Default> Default for InferenceBody<B> {
    /// An empty body of nobody's request, for layers around this one that answer themselves.
    fn default() -> Self {
        Self {
            inner: B::default(),
            ending: None,
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
