use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpMessage};
use modelwatch::{InFlight, Status};
use pin_project::pin_project;

use crate::body::InferenceBody;
use crate::middleware::Classifier;
use crate::polling::Polling;
use crate::served_by::ServedBy;

/// The answer of an [`InferenceService`](crate::InferenceService), on its way.
#[pin_project]
pub struct InferenceFuture<F> {
    #[pin]
    pub(crate) inner: F,
    pub(crate) in_flight: Option<InFlight>,
    /// The request was a HEAD: the server will not ask for the body.
    pub(crate) head_only: bool,
    pub(crate) classify: Option<Classifier>,
}

impl<F, B> Future for InferenceFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<InferenceBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polling = Polling::new(this.in_flight);
        let answer = this.inner.poll(context);
        polling.done();
        let answer = ready!(answer);
        let mut in_flight = this.in_flight.take();
        match answer {
            Err(error) => {
                if let Some(in_flight) = in_flight {
                    let status = error.as_response_error().status_code();
                    in_flight.finish(Status::from_http(status.as_u16()));
                }
                Poll::Ready(Err(error))
            }
            Ok(answer) => {
                let head = answer.response().head();
                let (code, status) = match this.classify {
                    Some(classify) => (head.status, classify(head)),
                    None => (head.status, Status::from_http(head.status.as_u16())),
                };
                if let Some(in_flight) = &mut in_flight {
                    follow(in_flight, &answer);
                }
                let size = answer.response().body().size();
                let ends_here =
                    *this.head_only || has_no_body(code) || matches!(size, BodySize::None | BodySize::Sized(0));
                if ends_here && let Some(in_flight) = in_flight.take() {
                    in_flight.finish(status);
                }
                Poll::Ready(Ok(
                    answer.map_body(|_, inner| InferenceBody::new(inner, in_flight, status, size))
                ))
            }
        }
    }
}

/// Gives the request to the version the answer names.
fn follow<B>(in_flight: &mut InFlight, answer: &ServiceResponse<B>) {
    let told = answer.response().extensions().get::<ServedBy>().cloned();
    if let Some(ServedBy(model)) = told.or_else(|| answer.request().extensions().get().cloned()) {
        let route = model.route(in_flight.route());
        in_flight.move_to(&route);
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
