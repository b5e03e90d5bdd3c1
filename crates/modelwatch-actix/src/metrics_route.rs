use actix_web::guard::{Any, Get, Head};
use actix_web::http::header::{self, HeaderMap};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse, Route};
use bytes::Bytes;
use modelwatch::{Monitor, Scrape, Watched};
use tokio::sync::oneshot;

/// The monitor's page, in the format and coding the scraper asks for.
///
/// The page is written on the monitor's own thread: a large one delays no request, and one that is asked for while every blocking
/// thread is busy waits for none of them. An answer needs a worker all the same; where handlers block those, too, have
/// [`serve_metrics`](crate::serve_metrics) in its place. A middleware around the route does not count scrapes as inference.
///
/// ```
/// use actix_web::App;
/// use modelwatch::Monitor;
/// use modelwatch_actix::metrics_route;
///
/// let monitor = Monitor::new();
/// let app = App::new().route("/metrics", metrics_route(&monitor));
/// ```
pub fn metrics_route(monitor: &Monitor) -> Route {
    let monitor = monitor.clone();
    web::route()
        .guard(Any(Get()).or(Head()))
        .to(move |request: HttpRequest| scrape(monitor.clone(), request))
}

/// What a scraper that asks so gets.
pub(crate) async fn scrape(monitor: Monitor, request: HttpRequest) -> HttpResponse {
    Watched::discard_current();
    let accept = joined(request.headers(), &header::ACCEPT);
    let coding = joined(request.headers(), &header::ACCEPT_ENCODING);
    let (tell, told) = oneshot::channel();
    let scraped = monitor.clone();
    monitor.on_scrape_thread(move || {
        // A scraper that has gone needs no page.
        if !tell.is_closed() {
            let _ = tell.send(scraped.scrape(accept.as_deref(), coding.as_deref()));
        }
    });
    match told.await {
        Ok(scrape) => answer(scrape),
        // Somebody's collector panicked.
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn answer(scrape: Scrape) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    for header in scrape.headers() {
        answer.insert_header(header);
    }
    answer.body(Bytes::from_owner(scrape.body))
}

/// The values of a header that may be there more than once.
fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
