use std::task::{Context, Poll};

use http::Request;
use modelwatch::Serving;
use tower_layer::Layer;
use tower_service::Service;

use crate::select::is_preflight;

/// Puts the request's [`Serving`] among its extensions, for handlers that have no extractor or run in another task.
///
/// Put it inside of the [`InferenceLayer`](crate::InferenceLayer). With tonic, a handler then has it with the call; where a `tower::buffer` is further
/// inside, axum's extractor finds it there. Each request that passes costs one allocation, so leave it out where
/// [`Serving::current`] will do.
///
/// # Example: a canary behind tonic
///
/// ```
/// use http::{Request, Response};
/// use modelwatch::Serving;
/// use modelwatch_tower::{InferenceLayer, ServingExtension};
/// use tower::{Layer, Service, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let monitor = modelwatch::Monitor::new();
/// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
/// let handler = service_fn(move |request: Request<()>| {
///     if let Some(serving) = request.extensions().get::<Serving>() { // of a tonic::Request as well
///         serving.by(&canary);
///     }
///     async { Ok::<_, std::io::Error>(Response::new(String::from("0.82"))) }
/// });
/// let service = InferenceLayer::new(&stable).route("predict").layer(ServingExtension.layer(handler));
/// service.oneshot(Request::new(())).await?;
/// # let of_canary = [("model_version", "2026-05-01")];
/// # assert_eq!(monitor.value("ml_inference_requests_total", &of_canary)?, 1.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServingExtension;

impl<S> Layer<S> for ServingExtension {
    type Service = HandsOnServing<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HandsOnServing(inner)
    }
}

/// A service whose requests carry their [`Serving`]. From [`ServingExtension`].
///
/// ```
/// use http::{Request, Response};
/// use modelwatch::Serving;
/// use modelwatch_tower::{HandsOnServing, ServingExtension};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let service: HandsOnServing<_> = ServingExtension.layer(service_fn(async |request: Request<()>| {
///     assert!(request.extensions().get::<Serving>().is_some());
///     Ok::<_, std::io::Error>(Response::new(()))
/// }));
/// service.oneshot(Request::new(())).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HandsOnServing<S>(S);

impl<S: Service<Request<B>>, B> Service<Request<B>> for HandsOnServing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // That is nobody's.
        if !is_preflight(&request) {
            request.extensions_mut().insert(Serving::current());
        }
        self.0.call(request)
    }
}
