use std::task::{Context, Poll};

use http::Request;
use modelwatch::Watched;
use tower_layer::Layer;
use tower_service::Service;

use crate::select::pattern;

/// Tells an [`InferenceLayer`](crate::InferenceLayer) further outside which pattern a router matched.
///
/// A layer outside of a router comes before the match, and a nested router that is looked up at run time (behind a `fallback_service`, in an
/// `Arc` that is replaced) matches where nobody outside can see it. Their requests would all count under
/// [`UNMATCHED`](crate::UNMATCHED). With this layer on the router inside they count under its patterns:
///
/// ```
/// use axum::{Router, routing::post};
/// use modelwatch_tower::{InferenceLayer, MatchedRoute};
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let inside: Router = Router::new().route("/{model}/predict", post(async || "0.82")).layer(MatchedRoute);
/// let app: Router = Router::new().fallback_service(inside).layer(InferenceLayer::new(&model));
/// # use tower::ServiceExt as _;
/// # let ask = app.oneshot(axum::http::Request::post("/one/predict").body(axum::body::Body::empty())?);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(ask)?;
/// // … POST /one/predict …
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "/{model}/predict")])?, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A route that the layer was given a name for, or that a pattern outside has matched, stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct MatchedRoute;

impl<S> Layer<S> for MatchedRoute {
    type Service = TellsRoute<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TellsRoute(inner)
    }
}

/// A service that tells its pattern. From [`MatchedRoute`].
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use modelwatch_tower::{MatchedRoute, TellsRoute};
/// use tower::{Layer, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let inside: Router = Router::new().route("/predict", get(async || "0.82"));
/// let service: TellsRoute<Router> = MatchedRoute.layer(inside);
/// let response = service.oneshot(Request::get("/predict").body(Body::empty())?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TellsRoute<S>(S);

impl<S: Service<Request<B>>, B> Service<Request<B>> for TellsRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if let Some(pattern) = pattern(&request) {
            Watched::route_current(pattern);
        }
        self.0.call(request)
    }
}
