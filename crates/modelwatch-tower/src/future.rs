use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Response, StatusCode};
use http_body::Body;
use modelwatch::Status;
use pin_project::pin_project;

use crate::body::InferenceBody;
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
        let answer = ready!(match this.guard {
            Some(guard) => guard.poll(|| this.inner.poll(context)),
            None => this.inner.poll(context),
        });
        // Polled again after it was ready: the inner future has said what it thinks of that.
        let Some(mut guard) = this.guard.take() else {
            return Poll::Ready(answer.map(|response| response.map(InferenceBody::unrecorded)));
        };
        Poll::Ready(match answer {
            Ok(response) => {
                guard.follow(&response);
                let head = ResponseHead::from(&response);
                let status = this
                    .classify
                    .as_ref()
                    .map_or_else(|| head.default_status(), |classify| classify(&head));
                Ok(if *this.head_only || has_no_body(response.status()) {
                    guard.finish(status);
                    response.map(InferenceBody::unrecorded)
                } else {
                    InferenceBody::recorded(response, guard, status)
                })
            }
            Err(error) => {
                guard.finish(Status::Error);
                Err(error)
            }
        })
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
