use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Response, StatusCode};
use http_body::Body;
use modelwatch::Status;
use pin_project::pin_project;

use crate::body::{InferenceBody, Rest};
use crate::classify::ResponseHead;
use crate::guard::Guard;
use crate::layer::Classifier;

/// The answer of an [`InferenceService`](crate::InferenceService), on its way.
#[pin_project]
pub struct InferenceFuture<F> {
    #[pin]
    pub(crate) inner: F,
    pub(crate) guard: Option<Guard>,
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

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(guard) = this.guard {
            guard.polling();
        }
        let answer = this.inner.poll(context);
        if let Some(guard) = this.guard {
            guard.polled();
        }
        match answer {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => {
                if let Some(guard) = this.guard {
                    guard.finish(Status::Error);
                }
                Poll::Ready(Err(error))
            }
            Poll::Ready(Ok(response)) => {
                let (mut status, mut rest) = (Status::Success, Rest::Nothing);
                // Nothing, where it is polled again after it was ready and the inner future had an answer even so.
                if let Some(guard) = this.guard {
                    guard.follow(&response);
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
                    if matches!(rest, Rest::Nothing) {
                        guard.finish(status);
                    }
                }
                let guard = this.guard.take();
                Poll::Ready(Ok(response.map(|inner| InferenceBody {
                    inner,
                    guard,
                    status,
                    rest,
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
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
