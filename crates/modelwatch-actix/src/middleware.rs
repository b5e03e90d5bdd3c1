use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ResponseHead, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use modelwatch::{Model, Status};

use crate::body::InferenceBody;
use crate::future::InferenceFuture;
use crate::select::{Fixed, PerRequest, Select};

/// The `route` of requests for which there is no name: no pattern matched, and none given to the middleware.
pub const UNMATCHED: &str = "__unmatched__";

/// Records every request to what it wraps: status, latency, in flight.
///
/// See the [crate](crate) for what is counted when. Wrapping twice counts twice.
pub struct InferenceMiddleware<M = Fixed> {
    models: M,
    classify: Option<Classifier>,
}

pub(crate) type Classifier = Rc<dyn Fn(&ResponseHead) -> Status>;

impl InferenceMiddleware {
    /// For a service that serves one model version, or whose handlers decide late by answering with
    /// [`ServedBy`](crate::ServedBy).
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self {
            models: Fixed::new(model, UNMATCHED),
            classify: None,
        }
    }

    /// The `route` of requests that no pattern matches.
    #[must_use]
    pub fn route(self, name: &str) -> Self {
        Self {
            models: self.models.with_route(name),
            classify: self.classify,
        }
    }
}

impl<F> InferenceMiddleware<PerRequest<F>>
where
    F: Fn(&ServiceRequest) -> Option<Model>,
{
    /// For a service where the request tells the model. `select` returns it, or nothing where it can't tell: such a
    /// request belongs to `otherwise`, unless its handler answers with [`ServedBy`](crate::ServedBy).
    ///
    /// Names that clients choose are safe with [`Monitor::resolve`](modelwatch::Monitor::resolve): it bounds them.
    ///
    /// ```
    /// use modelwatch_actix::InferenceMiddleware;
    ///
    /// let monitor = modelwatch::Monitor::new();
    /// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let middleware = InferenceMiddleware::per_request(&stable, move |request| {
    ///     let version = request.headers().get("x-model-version")?.to_str().ok()?;
    ///     Some(monitor.resolve("claims-risk", version))
    /// });
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn per_request(otherwise: &Model, select: F) -> Self {
        Self {
            models: PerRequest {
                otherwise: Fixed::new(otherwise, UNMATCHED),
                select: Rc::new(select),
            },
            classify: None,
        }
    }

    /// The `route` of requests that no pattern matches.
    #[must_use]
    pub fn route(self, name: &str) -> Self {
        Self {
            models: PerRequest {
                otherwise: self.models.otherwise.with_route(name),
                select: self.models.select,
            },
            classify: self.classify,
        }
    }
}

impl<M> InferenceMiddleware<M> {
    /// Decides the status of an answer by its head, in place of [`Status::from_http`]. It has no say over panics, broken
    /// bodies and cancelled requests.
    ///
    /// ```
    /// use modelwatch::Status;
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// // A 4xx is an error, too.
    /// let middleware = modelwatch_actix::InferenceMiddleware::new(&model)
    ///     .classify(|head| if head.status.as_u16() < 400 { Status::Success } else { Status::Error });
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use]
    pub fn classify(mut self, classify: impl Fn(&ResponseHead) -> Status + 'static) -> Self {
        self.classify = Some(Rc::new(classify));
        self
    }
}

impl<S, B, M> Transform<S, ServiceRequest> for InferenceMiddleware<M>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
    M: Select + Clone,
{
    type Response = ServiceResponse<InferenceBody<B>>;
    type Error = Error;
    type Transform = InferenceService<S, M>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(InferenceService {
            inner,
            models: self.models.clone(),
            classify: self.classify.clone(),
        }))
    }
}

/// A service whose requests are recorded. From [`InferenceMiddleware`].
pub struct InferenceService<S, M = Fixed> {
    inner: S,
    models: M,
    classify: Option<Classifier>,
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
            self.models.fallback().record(Status::Error, Duration::ZERO);
        }
        Poll::Ready(ready)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Begun before the call, so that a service that panics in it is counted.
        let in_flight = self.models.start(&request);
        let head_only = *request.method() == Method::HEAD;
        InferenceFuture {
            inner: self.inner.call(request),
            in_flight: Some(in_flight),
            head_only,
            classify: self.classify.clone(),
        }
    }
}

impl<M: fmt::Debug> fmt::Debug for InferenceMiddleware<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceMiddleware")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}

impl<S, M: fmt::Debug> fmt::Debug for InferenceService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceService")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}
