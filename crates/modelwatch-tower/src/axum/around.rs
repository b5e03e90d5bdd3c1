use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use modelwatch::Model;
use pin_project::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::axum::matched_route::MatchedRoute;
use crate::future::InferenceFuture;
use crate::layer::InferenceLayer;
use crate::select::{Fixed, PerRequest, Select};
use crate::service::InferenceService;

impl InferenceLayer {
    /// Watches a whole router, in a form that [`axum::serve()`] takes as it is: routes that match, fallbacks, and what layers of the router
    /// answer by themselves.
    ///
    /// Routes are the patterns inside; what none of them matches counts under the name given to the layer, or
    /// [`UNMATCHED`](crate::UNMATCHED). Pages of metrics do not count. Where only some routes are inference, use
    /// [`Router::layer`] after those instead.
    ///
    /// ```no_run
    /// use axum::{Router, routing::post};
    /// use modelwatch_tower::{InferenceLayer, metrics_route};
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let monitor = modelwatch::Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let app = Router::new()
    ///     .route("/predict", post(async || "0.82"))
    ///     .route("/metrics", metrics_route(&monitor));
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    /// axum::serve(listener, InferenceLayer::new(&model).around(app)).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn around(&self, router: Router) -> WatchedRouter {
        self.with_models(Fixed::around).wrap(router)
    }
}

impl<F: Fn(&Request) -> Option<Model>> InferenceLayer<PerRequest<F>> {
    /// Watches a whole router, in a form that [`axum::serve()`] takes as it is; see [`InferenceLayer::around`].
    #[must_use]
    pub fn around(&self, router: Router) -> WatchedRouter<PerRequest<F>> {
        self.with_models(PerRequest::around).wrap(router)
    }
}

impl<M> InferenceLayer<M> {
    fn wrap(&self, router: Router) -> WatchedRouter<M> {
        WatchedRouter(self.layer(router.layer(MatchedRoute)))
    }
}

/// A whole router whose requests are recorded. From [`InferenceLayer::around`].
///
/// # Example: a router that answers
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use modelwatch_tower::{InferenceLayer, WatchedRouter};
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let app = Router::new().route("/models/{name}", get(async || "0.82"));
/// let watched: WatchedRouter = InferenceLayer::new(&model).around(app);
/// watched.oneshot(Request::get("/models/one").body(Body::empty())?).await?;
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "/models/{name}")])?, 1.0);
/// # Ok(())
/// # }
/// ```
pub struct WatchedRouter<M = Fixed>(InferenceService<Router, M>);

impl<M: Select<Body>> Service<Request> for WatchedRouter<M> {
    type Response = Response;
    type Error = Infallible;
    type Future = WatchedRouterFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        WatchedRouterFuture(self.0.call(request))
    }
}

/// For each connection that [`axum::serve()`] takes.
impl<L: Listener, M> Service<IncomingStream<'_, L>> for WatchedRouter<M> {
    type Response = Self;
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: IncomingStream<'_, L>) -> Self::Future {
        ready(Ok(self.clone()))
    }
}

impl<M> Clone for WatchedRouter<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: std::fmt::Debug> std::fmt::Debug for WatchedRouter<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WatchedRouter").field(&self.0).finish()
    }
}

/// The answer of a [`WatchedRouter`], on its way.
///
/// ```
/// use axum::{Router, body::Body, http::Request};
/// use modelwatch_tower::{InferenceLayer, WatchedRouterFuture};
/// use tower::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let mut app = InferenceLayer::new(&model).around(Router::new());
/// let answer: WatchedRouterFuture = app.call(Request::new(Body::empty()));
/// assert_eq!(answer.await?.status(), 404);
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "client_error")])?, 1.0);
/// # Ok(())
/// # }
/// ```
#[pin_project]
#[derive(Debug)]
pub struct WatchedRouterFuture(#[pin] InferenceFuture<<Router as Service<Request>>::Future>);

impl Future for WatchedRouterFuture {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().0.poll(context))?;
        Poll::Ready(Ok(response.map(Body::new)))
    }
}
