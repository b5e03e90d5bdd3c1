//! Sugar for axum.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponseParts, ResponseParts};
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use modelwatch::Monitor;

use crate::guard::ServedBy;

/// The monitor's page, in the format and coding the scraper asks for.
///
/// The page is written on a blocking thread, so that a large one delays no request.
///
/// ```
/// use axum::Router;
/// use modelwatch::Monitor;
/// use modelwatch_tower::metrics_route;
///
/// let monitor = Monitor::new();
/// let app: Router = Router::new().route("/metrics", metrics_route(&monitor));
/// ```
pub fn metrics_route<S: Clone + Send + Sync + 'static>(monitor: &Monitor) -> MethodRouter<S> {
    let monitor = monitor.clone();
    get(move |headers: HeaderMap| page(monitor.clone(), headers))
}

async fn page(monitor: Monitor, headers: HeaderMap) -> Response<Body> {
    let scrape = tokio::task::spawn_blocking(move || {
        let joined = |name| {
            let values: Vec<_> = headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        monitor.scrape(
            joined(header::ACCEPT).as_deref(),
            joined(header::ACCEPT_ENCODING).as_deref(),
        )
    });
    let response = match scrape.await {
        Ok(scrape) => {
            let coding = scrape.content_encoding.map(|coding| (header::CONTENT_ENCODING, coding));
            let head = [
                (header::CONTENT_TYPE, scrape.content_type),
                (header::VARY, "accept, accept-encoding"),
            ];
            let with = |response: http::response::Builder, (name, value): (HeaderName, &'static str)| {
                response.header(name, value)
            };
            head.into_iter()
                .chain(coding)
                .fold(Response::builder(), with)
                .body(Body::from(Bytes::from_owner(scrape.body)))
        }
        // The runtime is shutting down.
        Err(_) => Response::builder()
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .body(Body::empty()),
    };
    response.unwrap_or_default()
}

/// `(ServedBy(model), answer)` in a handler.
impl IntoResponseParts for ServedBy {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}
