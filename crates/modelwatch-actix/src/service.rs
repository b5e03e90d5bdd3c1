use std::fmt;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use modelwatch::{Bodiless, Status};

use crate::body::InferenceBody;
use crate::classify::Classifier;
use crate::future::InferenceFuture;
use crate::select::{Fixed, Select};

/// A service whose requests are recorded. From [`InferenceMiddleware`](crate::InferenceMiddleware).
///
/// ```
/// use actix_web::dev::{Service, ServiceRequest, Transform, fn_service};
/// use actix_web::{HttpResponse, body::MessageBody, test::TestRequest};
/// use modelwatch_actix::{InferenceMiddleware, InferenceService};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = fn_service(async |request: ServiceRequest| Ok(request.into_response(HttpResponse::Ok())));
/// let service: InferenceService<_> =
///     InferenceMiddleware::new(&model).route("predict").new_transform(handler).await.expect("a service");
/// let answer = service.call(TestRequest::get().to_srv_request()).await?;
/// drop(answer.into_body().try_into_bytes());
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "predict")])?, 1.0);
/// # Ok(()) })
/// # }
/// ```
pub struct InferenceService<S, M = Fixed> {
    pub(crate) inner: S,
    pub(crate) models: M,
    pub(crate) classify: Option<Classifier>,
}

impl<S, B, M> Service<ServiceRequest> for InferenceService<S, M>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
    M: Select,
{
    type Response = ServiceResponse<InferenceBody<B>>;
    type Error = Error;
    type Future = InferenceFuture<S::Future>;

    /// A service that fails here never gets its request: that is counted as one error that took no time.
    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let ready = ready!(self.inner.poll_ready(context));
        if ready.is_err() {
            if let Some(route) = self.models.fallback() {
                route.record(Status::Error, Duration::ZERO);
            }
        }
        Poll::Ready(ready)
    }

    #[inline(always)]
    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Begun before the call, so that a service that panics in it is counted.
        let watched = self.models.start(&request);
        let bodiless = Bodiless::of(request.method().as_str());
        let classify = self.classify.clone();
        let polling = watched.enter();
        let inner = self.inner.call(request);
        InferenceFuture {
            inner,
            watched: polling.leave(),
            bodiless,
            classify,
            spare: self.models.spare(),
        }
    }
}

impl<S, M: fmt::Debug> fmt::Debug for InferenceService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceService")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}
