//! Which version and route a request counts for, what its status is, and the page of metrics.

use std::io::Read;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{self, ReqData};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse};
use modelwatch::{Limits, Model, Monitor, Status};
use modelwatch_actix::{InferenceMiddleware, ServedBy, Serving, metrics_route};
use modelwatch_testkit::{openmetrics_strict, page, promtool_check_metrics};

fn monitor() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

/// Asks for a path and reads the answer to its end.
macro_rules! ask {
    ($app:expr, $path:expr) => {
        read_body(call_service(&$app, TestRequest::get().uri($path).to_request()).await).await
    };
}

#[actix_web::test]
async fn the_route_is_the_pattern_that_matched() {
    let (monitor, model) = monitor();
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::new(&model).route("elsewhere"))
            .service(web::scope("/v1").service(web::resource("/models/{name}/predict").to(async || "fine"))),
    )
    .await;
    for path in [
        "/v1/models/a/predict",
        "/v1/models/a/predict",
        "/nowhere",
        "/v1/models/b/predict",
        "/v1/nowhere",
    ] {
        ask!(app, path);
    }
    page(&monitor).assert_counted(&[
        ("/v1/models/{name}/predict", "1", "success", 3),
        ("elsewhere", "1", "client_error", 2),
    ]);
}

/// The middleware remembers the latest path: not that it had no room.
#[actix_web::test]
async fn counts_each_request_past_the_limit_of_routes_when_its_path_comes_again() {
    let limits = Limits::new().routes_per_version(1);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    let page_of = |path| web::resource(path).to(async || "fine");
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .service(page_of("/first"))
            .service(page_of("/second")),
    )
    .await;
    for path in ["/first", "/second", "/second", "/second", "/first"] {
        ask!(app, path);
    }
    page(&monitor).assert_counted(&[("/first", "1", "success", 2), ("__other__", "1", "success", 3)]);
    let overflow = monitor.value("ml_label_overflow_total", &[("label", "route")]);
    assert_eq!(overflow.expect("a counter"), 3.0);
}

#[actix_web::test]
async fn a_request_names_its_model_and_the_handler_has_it() {
    let (monitor, model) = monitor();
    let resolver = monitor.clone();
    let select = move |request: &ServiceRequest| {
        let version = request.headers().get("x-model-version")?.to_str().ok()?;
        Some(resolver.resolve("m", version))
    };
    let handler = async |model: ReqData<Model>| model.version().to_owned();
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::per_request(select).otherwise(&model).route("x"))
            .route("/predict", web::get().to(handler)),
    )
    .await;
    let named = TestRequest::get()
        .uri("/predict")
        .insert_header(("x-model-version", "2"));
    assert_eq!(read_body(call_service(&app, named.to_request()).await).await, "2");
    assert_eq!(ask!(app, "/predict"), "1");
    page(&monitor).assert_counted(&[("/predict", "1", "success", 1), ("/predict", "2", "success", 1)]);
}

#[actix_web::test]
async fn a_request_counts_for_the_version_its_handler_names() {
    let (monitor, model) = monitor();
    let canary = monitor.model("m", "2").register().expect("valid");
    let (in_request, in_response) = (canary.clone(), canary);
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route(
                "/request",
                web::get().to(move |request: HttpRequest| {
                    request.extensions_mut().insert(ServedBy(in_request.clone()));
                    async { "fine" }
                }),
            )
            .route(
                "/response",
                web::get().to(move || {
                    let mut response = HttpResponse::Ok().body("fine");
                    response.extensions_mut().insert(ServedBy(in_response.clone()));
                    async { response }
                }),
            ),
    )
    .await;
    ask!(app, "/request");
    ask!(app, "/response");
    page(&monitor).assert_counted(&[("/request", "2", "success", 1), ("/response", "2", "success", 1)]);
}

/// A request that ends hands the handle of its route on: only to one that goes there, too.
#[actix_web::test]
async fn counts_where_it_belongs_whatever_path_and_version_came_before() {
    let (monitor, model) = monitor();
    let canary = monitor.model("m", "2").register().expect("valid");
    let choosing = move |serving: Serving, request: HttpRequest| {
        if request.query_string() == "canary" {
            serving.by(&canary);
        }
        std::future::ready("fine")
    };
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route("/one", web::get().to(choosing.clone()))
            .route("/other", web::get().to(choosing)),
    )
    .await;
    for path in [
        "/one",
        "/one",
        "/one?canary",
        "/one",
        "/other",
        "/one",
        "/other?canary",
        "/other",
        "/other",
    ] {
        ask!(app, path);
    }
    // Both are under way at once, and one of them is never read.
    let request = |path| TestRequest::get().uri(path).to_request();
    let (first, second) = (
        call_service(&app, request("/one")).await,
        call_service(&app, request("/one")).await,
    );
    read_body(second).await;
    drop(call_service(&app, request("/one")).await);
    read_body(first).await;
    ask!(app, "/one?canary");
    ask!(app, "/one");
    page(&monitor).assert_counted(&[
        ("/one", "1", "success", 7),
        ("/one", "1", "cancelled", 1),
        ("/one", "2", "success", 2),
        ("/other", "1", "success", 3),
        ("/other", "2", "success", 1),
    ]);
    assert_eq!(monitor.value("ml_inference_in_flight", &[]), Ok(0.0));
}

#[actix_web::test]
async fn a_classifier_decides_about_heads() {
    let (monitor, model) = monitor();
    let classify = |head: &actix_web::dev::ResponseHead| {
        if head.status.as_u16() < 400 {
            Status::Success
        } else {
            Status::Error
        }
    };
    let app = init_service(App::new().wrap(InferenceMiddleware::new(&model).classify(classify).route("x"))).await;
    ask!(app, "/nowhere");
    page(&monitor).assert_counted(&[("x", "1", "error", 1)]);
}

#[actix_web::test]
async fn a_body_taken_whole_is_at_its_end_and_one_dropped_unread_is_cancelled() {
    let (monitor, model) = monitor();
    let app = init_service(
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route("/predict", web::get().to(async || "0.82")),
    )
    .await;
    let request = || TestRequest::get().uri("/predict").to_request();
    let body = call_service(&app, request()).await.into_body();
    assert_eq!(body.try_into_bytes().expect("whole"), "0.82");
    drop(call_service(&app, request()).await);
    page(&monitor).assert_counted(&[("/predict", "1", "success", 1), ("/predict", "1", "cancelled", 1)]);
}

#[actix_web::test]
async fn judged_metrics_are_served_as_the_scraper_asks_for_them() {
    let (monitor, model) = monitor();
    model
        .route("predict")
        .record(Status::Success, std::time::Duration::from_millis(3));
    let app = init_service(App::new().route("/metrics", metrics_route(&monitor))).await;
    let plain = ask!(app, "/metrics");
    promtool_check_metrics(&plain).expect("accepted");
    let request = TestRequest::get()
        .uri("/metrics")
        .insert_header((header::ACCEPT, "application/openmetrics-text;version=1.0.0"))
        .insert_header((header::ACCEPT_ENCODING, "gzip"));
    let response = call_service(&app, request.to_request()).await;
    let header = |name| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
    };
    assert_eq!(header(header::CONTENT_ENCODING).as_deref(), Some("gzip"));
    assert_eq!(header(header::VARY).as_deref(), Some("accept, accept-encoding"));
    assert!(
        header(header::CONTENT_TYPE)
            .expect("a type")
            .starts_with("application/openmetrics-text")
    );
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&*read_body(response).await)
        .read_to_end(&mut text)
        .expect("gzip");
    openmetrics_strict(&text).expect("OpenMetrics");
}

/// Whoever gives the middleware a name declares it.
#[actix_web::test]
async fn a_name_given_to_the_middleware_has_its_place_whatever_requests_brought() {
    let limits = Limits::new().routes_per_version(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    ["a", "b", "c"].iter().for_each(|name| drop(model.route(name)));
    drop(InferenceMiddleware::new(&model).route("predict"));
    drop(
        InferenceMiddleware::per_request(|_| None)
            .route("score")
            .otherwise(&model),
    );
    let page = page(&monitor);
    for name in ["predict", "score"] {
        assert!(
            page.labels_of("ml_inference_requests_total", "route").contains(name),
            "{name}"
        );
    }
}
