use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ResponseHead, ServiceResponse};
use actix_web::http::header;
use actix_web::{Error, HttpMessage};
use modelwatch::{Bodiless, Status, Watched};
use pin_project::pin_project;

use crate::body::InferenceBody;
use crate::classify::Classifier;
use crate::select::Spare;
use crate::served_by::ServedBy;

/// The answer of an [`InferenceService`](crate::InferenceService), on its way.
///
/// # Example: a dropped future
///
/// ```
/// use actix_web::dev::{Service, Transform, fn_service, ServiceRequest};
/// use actix_web::{HttpResponse, test::TestRequest};
/// use modelwatch_actix::InferenceMiddleware;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = fn_service(async |request: ServiceRequest| Ok(request.into_response(HttpResponse::Ok())));
/// let service = InferenceMiddleware::new(&model).new_transform(handler).await.expect("a service");
/// drop(service.call(TestRequest::get().to_srv_request()));
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "cancelled")])?, 1.0);
/// # Ok(()) })
/// # }
/// ```
#[pin_project]
pub struct InferenceFuture<F> {
    #[pin]
    pub(crate) inner: F,
    pub(crate) watched: Watched,
    pub(crate) bodiless: Bodiless,
    pub(crate) classify: Option<Classifier>,
    pub(crate) spare: Option<Spare>,
}

impl<F, B> Future for InferenceFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<InferenceBody<B>>, Error>;

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
                let mut watched = polling.leave();
                if !watched.is_over() {
                    let status = error.as_response_error().status_code();
                    watched.finish(Status::from_http(status.as_u16()));
                }
                Poll::Ready(Err(error))
            }
            Poll::Ready(Ok(answer)) => {
                let mut watched = polling.leave();
                let (mut status, mut rest) = (Status::Success, None);
                if !watched.is_over() {
                    (status, rest) = answered(&answer, &mut watched, *this.bodiless, this.classify);
                }
                let spare = this.spare.take();
                Poll::Ready(Ok(
                    answer.map_body(|_, inner| InferenceBody::new(inner, watched, status, rest, spare))
                ))
            }
        }
    }
}

/// How the request is counted by its head, and how many bytes are still to come before it is, if the head tells.
#[inline(always)]
fn answered<B: MessageBody>(
    answer: &ServiceResponse<B>,
    watched: &mut Watched,
    bodiless: Bodiless,
    classify: &Option<Classifier>,
) -> (Status, Option<u64>) {
    let told = answer.response().extensions().get::<ServedBy>().cloned();
    if let Some(ServedBy(model)) = told.or_else(|| answer.request().extensions().get().cloned()) {
        watched.served_by(&model);
    }
    let head = answer.response().head();
    let status = match classify {
        Some(classify) => watched.poll(|| classify(head)),
        None => Status::from_http(head.status.as_u16()),
    };
    watched.answered(status);
    let size = answer.response().body().size();
    if bodiless.ends_with_head(head.status.as_u16()) || matches!(size, BodySize::None | BodySize::Sized(0)) {
        watched.finish(status);
    }
    let rest = match size {
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::None => None,
        BodySize::Stream => announced(head),
    };
    (status, rest)
}

/// The length that the head of a stream tells, as with `no_chunking`.
fn announced(head: &ResponseHead) -> Option<u64> {
    if head.chunked() {
        return None;
    }
    let length = head.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

impl<F> fmt::Debug for InferenceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceFuture")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}
