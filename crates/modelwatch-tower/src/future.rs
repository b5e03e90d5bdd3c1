use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use modelwatch::{Bodiless, Status, Watched};
use pin_project::pin_project;

use crate::body::{Call, InferenceBody, Rest};
use crate::classify::{Classifier, Protocol, ResponseHead};
use crate::served_by::ServedBy;

/// The answer of an [`InferenceService`](crate::InferenceService), on its way.
///
/// # Example: a dropped future
///
/// ```
/// use http::{Request, Response};
/// use modelwatch_tower::InferenceLayer;
/// use tower::{Layer, Service, service_fn};
///
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
/// let answer = InferenceLayer::new(&model).layer(handler).call(Request::new(()));
/// drop(answer);
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "cancelled")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[pin_project]
pub struct InferenceFuture<F> {
    #[pin]
    pub(crate) inner: F,
    pub(crate) watched: Watched,
    pub(crate) call: Call,
    pub(crate) bodiless: Bodiless,
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
        let polling = this.watched.take().enter();
        match this.inner.poll(context) {
            Poll::Pending => {
                *this.watched = polling.leave();
                Poll::Pending
            }
            Poll::Ready(Err(error)) => {
                polling.leave().finish(Status::Error);
                Poll::Ready(Err(error))
            }
            Poll::Ready(Ok(response)) => {
                let mut watched = polling.leave();
                let mut call = mem::take(this.call);
                let (mut status, mut rest) = (Status::Success, Rest::nothing());
                if !watched.is_over() {
                    (status, rest) = answered(&response, &mut watched, &mut call, *this.bodiless, this.classify);
                }
                Poll::Ready(Ok(response.map(|inner| InferenceBody {
                    awaits_first: rest.is_stream(),
                    inner,
                    watched,
                    status,
                    rest,
                    call,
                })))
            }
        }
    }
}

/// How the request is counted by its head, and what is still to come before it is.
#[inline(always)]
fn answered<B: Body>(
    response: &Response<B>,
    watched: &mut Watched,
    call: &mut Call,
    bodiless: Bodiless,
    classify: &Option<Classifier>,
) -> (Status, Rest) {
    if let Some(ServedBy(model)) = response.extensions().get() {
        watched.served_by(model);
    }
    let head = ResponseHead::from(response);
    let protocol = Protocol::of(head.headers);
    let by_code = match protocol {
        Protocol::Http => {
            call.is_none_of_grpc(watched);
            None
        }
        _ => call.end(head.headers, watched),
    };
    let status = match classify {
        Some(classify) => watched.poll(|| classify(&head)),
        None => by_code.unwrap_or_else(|| Status::from_http(head.status.as_u16())),
    };
    watched.answered(status);
    let rest = if bodiless.ends_with_head(head.status.as_u16()) {
        Rest::nothing()
    } else {
        Rest::of(response, protocol)
    };
    if rest.is_nothing() {
        watched.finish(status);
    } else if response.body().is_end_stream() {
        watched.finish(rest.ended(status));
    }
    (status, rest)
}

impl<F> fmt::Debug for InferenceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceFuture")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}
