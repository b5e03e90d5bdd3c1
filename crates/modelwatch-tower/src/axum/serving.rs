use std::convert::Infallible;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// Extracts the request's [`Serving`](modelwatch::Serving): a handler says which version serves, before the work.
///
/// ```
/// use axum::Router;
/// use axum::extract::State;
/// use axum::http::StatusCode;
/// use axum::routing::post;
/// use modelwatch::Model;
/// use modelwatch_tower::{InferenceLayer, Serving};
///
/// async fn predict(serving: Serving, State(canary): State<Model>) -> Result<String, StatusCode> {
///     serving.by(&canary);
///     let score = compute().await.map_err(|_| StatusCode::BAD_GATEWAY)?; // an error of the canary
///     Ok(score.to_string())
/// }
/// # async fn compute() -> std::io::Result<f64> { Ok(0.82) }
///
/// # let monitor = modelwatch::Monitor::new();
/// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
/// let app: Router = Router::new()
///     .route("/predict", post(predict))
///     .layer(InferenceLayer::new(&stable))
///     .with_state(canary);
/// # use tower::ServiceExt as _;
/// # let ask = app.oneshot(axum::http::Request::post("/predict").body(axum::body::Body::empty())?);
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(ask)?;
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("model_version", "2026-05-01")])?, 1.0); // asked once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One among the request's extensions goes before: a middleware puts it there where the handler runs in another task than the layer, as behind
/// a `tower::buffer`.
#[derive(Clone, Debug)]
pub struct Serving(modelwatch::Serving);

impl<S: Send + Sync> FromRequestParts<S> for Serving {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let handed_on = parts.extensions.get::<modelwatch::Serving>().cloned();
        Ok(Self(handed_on.unwrap_or_else(modelwatch::Serving::current)))
    }
}

impl Deref for Serving {
    type Target = modelwatch::Serving;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
