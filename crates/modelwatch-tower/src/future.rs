use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Response, StatusCode};
use http_body::Body;
use modelwatch::{InFlight, Status};
use pin_project::pin_project;

use crate::body::{InferenceBody, Rest};
use crate::classify::ResponseHead;
use crate::guard::{Polling, follow};
use crate::layer::Classifier;

/// The answer of an [`InferenceService`](crate::InferenceService), on its way.
#[pin_project]
pub struct InferenceFuture<F> {
    #[pin]
    pub(crate) inner: F,
    pub(crate) in_flight: Option<InFlight>,
    #[cfg(feature = "tonic")]
    pub(crate) unproved: Option<Box<crate::grpc::Unproved>>,
    /// The request was a HEAD: the server will not ask for the body.
    pub(crate) head_only: bool,
    pub(crate) classify: Option<Classifier>,
}

impl<F, B, E> Future for InferenceFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<InferenceBody<B>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polling = Polling::new(this.in_flight);
        let answer = this.inner.poll(context);
        polling.done();
        match answer {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => {
                if let Some(in_flight) = this.in_flight.take() {
                    in_flight.finish(Status::Error);
                }
                Poll::Ready(Err(error))
            }
            Poll::Ready(Ok(response)) => {
                let (mut status, mut rest) = (Status::Success, Rest::Nothing);
                // Nothing, where it is polled again after it was ready and the inner future had an answer even so.
                if let Some(in_flight) = this.in_flight {
                    #[cfg(feature = "tonic")]
                    if let Some(unproved) = this.unproved.take() {
                        unproved.settle(in_flight, &response);
                    }
                    follow(in_flight, &response);
                    let head = ResponseHead::from(&response);
                    let is_grpc = head.is_grpc();
                    status = match this.classify {
                        Some(classify) => classify(&head),
                        None if is_grpc => head.grpc_status(),
                        None => Status::from_http(head.status.as_u16()),
                    };
                    if !(*this.head_only || has_no_body(head.status)) {
                        rest = Rest::of(&response, is_grpc);
                    }
                }
                let mut in_flight = this.in_flight.take();
                if matches!(rest, Rest::Nothing)
                    && let Some(in_flight) = in_flight.take()
                {
                    in_flight.finish(status);
                }
                Poll::Ready(Ok(response.map(|inner| InferenceBody {
                    inner,
                    in_flight,
                    status,
                    rest,
                    awaits_first: rest.is_stream(),
                })))
            }
        }
    }
}

/// Statuses after which a server does not ask for the body. An upgraded connection goes on as something else.
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

impl<F> fmt::Debug for InferenceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceFuture")
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}
