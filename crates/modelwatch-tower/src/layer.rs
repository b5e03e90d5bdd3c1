use std::fmt;
use std::sync::Arc;

use http::Request;
use modelwatch::{Model, Status};
use tower_layer::Layer;

use crate::classify::ResponseHead;
use crate::select::{Fixed, PerRequest};
use crate::service::InferenceService;

/// The `route` of requests for which there is no name: no matched path, and none given to the layer.
pub const UNMATCHED: &str = "__unmatched__";

/// Records every request to the services it wraps: status, latency, in flight.
///
/// One layer around the whole service is enough; two around each other count twice. See the [crate](crate) for what
/// is counted when.
pub struct InferenceLayer<M = Fixed> {
    /// Shared, because routers clone their services for every request.
    pub(crate) models: Arc<M>,
    pub(crate) classify: Option<Classifier>,
}

pub(crate) type Classifier = Arc<dyn Fn(&ResponseHead<'_>) -> Status + Send + Sync>;

impl InferenceLayer {
    /// For a service that serves one model version, or whose handlers decide late by answering with
    /// [`ServedBy`](crate::ServedBy).
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self {
            models: Arc::new(Fixed::new(model, UNMATCHED)),
            classify: None,
        }
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
        Self {
            models: Arc::new(self.models.with_route(name)),
            classify: self.classify,
        }
    }
}

impl<F> InferenceLayer<PerRequest<F>> {
    /// For a service where the request tells the model. `select` returns it, or nothing where it can't tell: such a
    /// request belongs to `otherwise`, unless its handler answers with [`ServedBy`](crate::ServedBy).
    ///
    /// Names that clients choose are safe with [`Monitor::resolve`](modelwatch::Monitor::resolve): it bounds them.
    ///
    /// ```
    /// use http::Request;
    /// use modelwatch_tower::InferenceLayer;
    ///
    /// let monitor = modelwatch::Monitor::new();
    /// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let layer = InferenceLayer::per_request(&stable, move |request: &Request<String>| {
    ///     let version = request.headers().get("x-model-version")?.to_str().ok()?;
    ///     Some(monitor.resolve("claims-risk", version))
    /// });
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn per_request<B>(otherwise: &Model, select: F) -> Self
    where
        F: Fn(&Request<B>) -> Option<Model>,
    {
        Self {
            models: Arc::new(PerRequest {
                otherwise: Fixed::new(otherwise, UNMATCHED),
                select: Arc::new(select),
            }),
            classify: None,
        }
    }

    /// The `route` of requests that have no matched path: every request, outside axum.
    #[must_use]
    pub fn route(self, name: &str) -> Self {
        Self {
            models: Arc::new(PerRequest {
                otherwise: self.models.otherwise.with_route(name),
                select: self.models.select.clone(),
            }),
            classify: self.classify,
        }
    }
}

impl<M> InferenceLayer<M> {
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
        self.classify = Some(Arc::new(classify));
        self
    }
}

impl<S, M> Layer<S> for InferenceLayer<M> {
    type Service = InferenceService<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        InferenceService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<M> Clone for InferenceLayer<M> {
    fn clone(&self) -> Self {
        Self {
            models: self.models.clone(),
            classify: self.classify.clone(),
        }
    }
}

impl<M: fmt::Debug> fmt::Debug for InferenceLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceLayer")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}
