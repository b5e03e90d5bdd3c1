use actix_web::guard::{Any, Get, Head};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Route, web};
use modelwatch::{Monitor, Watched};
use modelwatch_page::{HEADERS, Wanted, wanted};

use crate::metrics_route::scrape;

/// A page for people: versions, rates, latency, features and scores, from this process's own numbers, drawn by the browser.
///
/// It may have any path; whoever may not read `/metrics` should not see it, either. A middleware around the route does not count
/// it as inference.
///
/// ```
/// use actix_web::App;
/// use modelwatch::Monitor;
/// use modelwatch_actix::page_route;
///
/// let monitor = Monitor::new();
/// let app = App::new().route("/modelwatch", page_route(&monitor));
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "page")))]
pub fn page_route(monitor: &Monitor) -> Route {
    let monitor = monitor.clone();
    web::route()
        .guard(Any(Get()).or(Head()))
        .to(move |request: HttpRequest| answer(monitor.clone(), request))
}

async fn answer(monitor: Monitor, request: HttpRequest) -> HttpResponse {
    Watched::discard_current();
    let query = request.uri().query();
    let mut response = match wanted(query) {
        Wanted::File(file) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, file.content_type))
            .body(file.body),
        Wanted::Metrics => scrape(monitor, request).await,
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}
