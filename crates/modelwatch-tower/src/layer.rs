use std::fmt;

use http::Request;
use modelwatch::{Model, Status, StripedArc};
use tower_layer::Layer;

use crate::classify::ResponseHead;
use crate::select::{Fixed, PerRequest, UNMATCHED};
use crate::service::InferenceService;
use crate::settings::Settings;

/// Records every request to the services it wraps: status, latency, in flight.
///
/// One layer around the whole service is enough; two around each other count twice. See the [crate](crate) for what
/// is counted when.
///
/// # Example: count requests by status
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use modelwatch_tower::InferenceLayer;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = service_fn(async |_: Request<()>| {
///     let mut response = Response::new(String::new());
///     *response.status_mut() = StatusCode::BAD_GATEWAY;
///     Ok::<_, std::io::Error>(response)
/// });
/// let service = ServiceBuilder::new().layer(InferenceLayer::new(&model).route("predict")).service(handler);
///
/// service.oneshot(Request::new(())).await?;
/// let failed = [("route", "predict"), ("status", "error")];
/// assert_eq!(monitor.value("ml_inference_requests_total", &failed)?, 1.0);
/// # Ok(())
/// # }
/// ```
pub struct InferenceLayer<M = Fixed>(Settings<M>);

impl InferenceLayer {
    /// Counts every request for one version, unless a handler chooses another with [`Serving`](modelwatch::Serving).
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self::of(Fixed::new(model, UNMATCHED))
    }

    /// The `route` of requests that have no matched path: every request, outside axum.
    ///
    /// ```
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let layer = modelwatch_tower::InferenceLayer::new(&model).route("predict");
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use]
    pub fn route(self, name: &str) -> Self {
        let models = self.0.models.with_route(name);
        self.with(models)
    }
}

impl<F> InferenceLayer<PerRequest<F>> {
    /// Chooses the model by the request. `select` returns the model, or `None` for a request that names none. Such a request counts
    /// for the model of [`otherwise`](Self::otherwise) or, without one, only if its handler chooses a version.
    ///
    /// Clients choose what is in a request, so use [`Monitor::find`](modelwatch::Monitor::find), which returns registered versions
    /// and creates none.
    ///
    /// ```
    /// use http::Request;
    /// use modelwatch_tower::InferenceLayer;
    ///
    /// let monitor = modelwatch::Monitor::new();
    /// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let layer = InferenceLayer::per_request(move |request: &Request<String>| {
    ///     let version = request.headers().get("x-model-version")?.to_str().ok()?;
    ///     monitor.find("claims-risk", version)
    /// })
    /// .otherwise(&stable);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn per_request<B>(select: F) -> Self
    where
        F: Fn(&Request<B>) -> Option<Model>,
    {
        Self::of(PerRequest::new(select))
    }

    /// Sets the model of requests that name none.
    #[must_use]
    pub fn otherwise(self, model: &Model) -> Self {
        let models = self.0.models.otherwise(model);
        self.with(models)
    }

    /// The `route` of requests that have no matched path: every request, outside axum.
    #[must_use]
    pub fn route(self, name: &str) -> Self {
        let models = self.0.models.with_route(name);
        self.with(models)
    }
}

impl<M> InferenceLayer<M> {
    fn of(models: M) -> Self {
        Self(Settings {
            models: StripedArc::new(models),
            classify: None,
        })
    }

    /// The same with other models.
    #[cfg(feature = "axum")]
    pub(crate) fn with_models(&self, models: impl FnOnce(&M) -> M) -> Self {
        self.clone().with(models(&self.0.models))
    }

    fn with(self, models: M) -> Self {
        Self(Settings {
            models: StripedArc::new(models),
            classify: self.0.classify,
        })
    }

    /// Decides the status of an answer by its head, in place of [`Status::from_http`] and of the gRPC code in the
    /// headers. It has no say over errors, panics, broken bodies and cancelled requests, nor over a gRPC code in the
    /// trailers that is not OK.
    ///
    /// ```
    /// use modelwatch::Status;
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// // A 4xx is an error, too.
    /// let layer = modelwatch_tower::InferenceLayer::new(&model)
    ///     .classify(|head| if head.status.as_u16() < 400 { Status::Success } else { Status::Error });
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use]
    pub fn classify(mut self, classify: impl Fn(&ResponseHead<'_>) -> Status + Send + Sync + 'static) -> Self {
        self.0.classify = Some(StripedArc::new(Box::new(classify)));
        self
    }
}

impl<S, M> Layer<S> for InferenceLayer<M> {
    type Service = InferenceService<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        InferenceService {
            inner,
            settings: self.0.clone(),
        }
    }
}

impl<M> Clone for InferenceLayer<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: fmt::Debug> fmt::Debug for InferenceLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InferenceLayer").field(&self.0.models).finish()
    }
}
