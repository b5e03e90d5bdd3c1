use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{Response, header};
use http_body::{Body, Frame, SizeHint};
use modelwatch::Status;
use pin_project::pin_project;

use crate::classify::{ResponseHead, grpc_status};
use crate::guard::Guard;

/// A response body whose end is the end of its request.
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    inner: B,
    ending: Option<Ending>,
}

/// What is left to record.
#[derive(Debug)]
struct Ending {
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

impl<B: Body> InferenceBody<B> {
    pub(crate) fn unrecorded(inner: B) -> Self {
        Self { inner, ending: None }
    }

    #[inline]
    pub(crate) fn recorded(response: Response<B>, guard: Guard, status: Status) -> Response<Self> {
        let head = ResponseHead::from(&response);
        let rest = if !head.is_grpc() {
            content_length(&head)
                .or_else(|| response.body().size_hint().exact())
                .map_or(Rest::End, Rest::Bytes)
        } else if head.headers.contains_key("grpc-status") {
            Rest::End
        } else {
            Rest::GrpcTrailers
        };
        let ending = Ending { guard, status, rest };
        response.map(|inner| {
            let mut body = Self {
                inner,
                ending: Some(ending),
            };
            if body.inner.is_end_stream()
                || matches!(
                    body.ending,
                    Some(Ending {
                        rest: Rest::Bytes(0),
                        ..
                    })
                )
            {
                finish(&mut body.ending);
            }
            body
        })
    }
}

fn content_length(head: &ResponseHead<'_>) -> Option<u64> {
    head.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body is whole.
#[inline]
fn finish(ending: &mut Option<Ending>) {
    if let Some(Ending { guard, status, rest }) = ending.take() {
        let broken = matches!(rest, Rest::GrpcTrailers) && status == Status::Success;
        guard.finish(if broken { Status::Error } else { status });
    }
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
        let frame = ready!(ending.guard.poll(|| this.inner.as_mut().poll_frame(context)));
        let whole = match &frame {
            None => true,
            Some(Err(_)) => {
                ending.status = Status::Error;
                true
            }
            Some(Ok(frame)) => ending.is_last(frame) || this.inner.is_end_stream(),
        };
        if whole {
            finish(this.ending);
        }
        Poll::Ready(frame)
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
