use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ResponseHead, Service, ServiceRequest, ServiceResponse, Transform};
use modelwatch::{Model, Status};

use crate::body::InferenceBody;
use crate::classify::Classifier;
use crate::select::{Fixed, PerRequest, Select, UNMATCHED};
use crate::service::InferenceService;

/// Records every request to what it wraps: status, latency, in flight.
///
/// See the [crate](crate) for what is counted when. Wrapping twice counts twice.
///
/// # Example: count requests by status
///
/// ```
/// use actix_web::{App, HttpResponse, test, web};
/// use modelwatch_actix::InferenceMiddleware;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let watched = web::resource("/predict").wrap(InferenceMiddleware::new(&model));
/// let app = App::new().service(watched.to(async || HttpResponse::BadGateway()));
/// let app = test::init_service(app).await;
///
/// let request = test::TestRequest::post().uri("/predict").to_request();
/// test::call_and_read_body(&app, request).await;
/// let failed = [("route", "/predict"), ("status", "error")];
/// assert_eq!(monitor.value("ml_inference_requests_total", &failed)?, 1.0);
/// # Ok(()) })
/// # }
/// ```
pub struct InferenceMiddleware<M = Fixed> {
    models: M,
    classify: Option<Classifier>,
}

impl InferenceMiddleware {
    /// Counts every request for one version, unless a handler chooses another with [`Serving`](crate::Serving).
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
    /// Chooses the model by the request. `select` returns the model, or `None` for a request that names none. Such a request counts
    /// for the model of [`otherwise`](Self::otherwise) or, without one, only if its handler chooses a version.
    ///
    /// Clients choose what is in a request, so use [`Monitor::find`](modelwatch::Monitor::find), which returns registered versions
    /// and creates none.
    ///
    /// ```
    /// use modelwatch_actix::InferenceMiddleware;
    ///
    /// let monitor = modelwatch::Monitor::new();
    /// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let middleware = InferenceMiddleware::per_request(move |request| {
    ///     let version = request.headers().get("x-model-version")?.to_str().ok()?;
    ///     monitor.find("claims-risk", version)
    /// })
    /// .otherwise(&stable);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn per_request(select: F) -> Self {
        Self {
            models: PerRequest::new(select),
            classify: None,
        }
    }

    /// Sets the model of requests that name none.
    #[must_use]
    pub fn otherwise(self, model: &Model) -> Self {
        Self {
            models: self.models.otherwise(model),
            classify: self.classify,
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

impl<M: fmt::Debug> fmt::Debug for InferenceMiddleware<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceMiddleware")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}
