use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse, Route};
use modelwatch::Monitor;

/// The monitor's page, in the format and coding the scraper asks for.
///
/// The page is written on a blocking thread, so that a large one delays no request.
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
    web::get().to(move |request: HttpRequest| page(monitor.clone(), request))
}

async fn page(monitor: Monitor, request: HttpRequest) -> HttpResponse {
    let accept = joined(request.headers(), &header::ACCEPT);
    let coding = joined(request.headers(), &header::ACCEPT_ENCODING);
    let scrape = web::block(move || monitor.scrape(accept.as_deref(), coding.as_deref())).await;
    // The runtime is shutting down.
    let Ok(scrape) = scrape else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, scrape.content_type));
    answer.insert_header((header::VARY, "accept, accept-encoding"));
    if let Some(coding) = scrape.content_encoding {
        answer.insert_header((header::CONTENT_ENCODING, coding));
    }
    answer.body(Bytes::from_owner(scrape.body))
}

/// The values of a header that may be there more than once.
fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
