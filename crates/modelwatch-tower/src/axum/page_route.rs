use axum::body::Body;
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use modelwatch::{Monitor, Watched};
use modelwatch_page::{HEADERS, Wanted, wanted};

use super::metrics_route::scrape;

/// A page for people: versions, rates, latency, features and scores, from this process's own numbers, drawn by the browser.
///
/// It may have any path; whoever may not read `/metrics` should not see it, either. A layer around the route does not count it
/// as inference.
///
/// ```
/// use axum::Router;
/// use modelwatch::Monitor;
/// use modelwatch_tower::page_route;
///
/// let monitor = Monitor::new();
/// let app: Router = Router::new().route("/modelwatch", page_route(&monitor));
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "page")))]
pub fn page_route<S: Clone + Send + Sync + 'static>(monitor: &Monitor) -> MethodRouter<S> {
    let monitor = monitor.clone();
    get(move |uri: Uri, headers: HeaderMap| answer(monitor.clone(), uri, headers))
}

async fn answer(monitor: Monitor, uri: Uri, headers: HeaderMap) -> Response<Body> {
    Watched::discard_current();
    let mut response = match wanted(uri.query()) {
        Wanted::File(file) => {
            let mut response = Response::new(Body::from(file.body));
            let content_type = HeaderValue::from_static(file.content_type);
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            response
        }
        Wanted::Metrics => scrape(monitor, headers).await,
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}
