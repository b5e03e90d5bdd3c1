use axum::body::{Body, Bytes};
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use modelwatch::{Monitor, Scrape, Watched};
use tokio::sync::oneshot;

/// The monitor's page, in the format and coding the scraper asks for.
///
/// The page is written on the monitor's own thread: a large one delays no request, and one that is asked for while every blocking
/// thread is busy waits for none of them. An answer needs a worker all the same; where handlers block those, too, have
/// [`serve_metrics`](crate::serve_metrics) in its place. A layer around the route does not count scrapes as inference.
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
    get(move |headers: HeaderMap| scrape(monitor.clone(), headers))
}

/// What a scraper that sends these headers gets.
pub(super) async fn scrape(monitor: Monitor, headers: HeaderMap) -> Response<Body> {
    Watched::discard_current();
    let (tell, told) = oneshot::channel();
    let scraped = monitor.clone();
    monitor.on_scrape_thread(move || {
        // A scraper that has gone needs no page.
        if !tell.is_closed() {
            let accept = joined(&headers, &header::ACCEPT);
            let coding = joined(&headers, &header::ACCEPT_ENCODING);
            let _ = tell.send(scraped.scrape(accept.as_deref(), coding.as_deref()));
        }
    });
    match told.await {
        Ok(scrape) => answer(scrape),
        // Somebody's collector panicked.
        Err(_) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

fn answer(scrape: Scrape) -> Response<Body> {
    let head = scrape.headers();
    head.fold(Response::builder(), |response, (name, value)| {
        response.header(name, value)
    })
    .body(Body::from(Bytes::from_owner(scrape.body)))
    .unwrap_or_default()
}

/// The values of a header that may be there more than once.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
