//! A layer around a whole router, and routers inside of others, on axum over real sockets.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use endings::{model, serve};
use http::StatusCode;
use modelwatch_testkit::{MetricsPage, counted, http_request};
use modelwatch_tower::{InferenceLayer, MatchedRoute, Serving, UNMATCHED, metrics_route};
use tower::ServiceExt;

fn ask(address: SocketAddr, method: &str, path: &str) -> u16 {
    http_request(address, method, path, &[], b"").expect("an answer").status
}

#[test]
fn a_layer_around_a_whole_router_is_served_as_it_is() {
    let (monitor, stable) = model();
    let canary = monitor.model("m", "2").register().expect("valid");
    let chosen = canary.clone();
    let app = Router::new()
        .route("/predict", post(async || "0.82"))
        .route("/broken", get(async || StatusCode::BAD_GATEWAY))
        .route("/canary", get(async move |serving: Serving| serving.by(&chosen)))
        .nest("/models", Router::new().route("/{name}", get(async || "0.82")))
        .route("/metrics", metrics_route(&monitor));
    let watched = InferenceLayer::new(&stable).around(app);
    let server = serve!(watched);
    let address = server.address();
    assert_eq!(ask(address, "POST", "/predict"), 200);
    assert_eq!(ask(address, "GET", "/predict"), 405);
    assert_eq!(ask(address, "GET", "/broken"), 502);
    assert_eq!(ask(address, "GET", "/canary"), 200);
    assert_eq!(ask(address, "GET", "/models/a"), 200);
    assert_eq!(ask(address, "GET", "/models/b"), 200);
    assert_eq!(ask(address, "GET", "/nowhere"), 404);
    assert_eq!(ask(address, "GET", "/wp-admin.php"), 404);
    let scraped = http_request(address, "GET", "/metrics", &[], b"").expect("a page");
    let expected: &[(&str, &str, &str, u64)] = &[
        ("/predict", "1", "success", 1),
        ("/predict", "1", "client_error", 1),
        ("/broken", "1", "error", 1),
        ("/canary", "2", "success", 1),
        ("/models/{name}", "1", "success", 2),
        (UNMATCHED, "1", "client_error", 2),
    ];
    MetricsPage::parse(&scraped.body).assert_counted(expected);
    counted(&monitor, 8).assert_counted(expected);
}

/// What a middleware chooses before the router has matched stays chosen.
#[test]
fn a_choice_before_the_match_keeps_its_version_and_gets_the_route() {
    let (monitor, stable) = model();
    let canary = monitor.model("m", "2").register().expect("valid");
    let chooses = from_fn(move |serving: Serving, request: Request, next: Next| {
        serving.by(&canary);
        next.run(request)
    });
    let inside = Router::new().route("/predict", get(async || StatusCode::BAD_GATEWAY));
    let app = Router::new()
        .fallback_service(inside.layer(MatchedRoute))
        .layer(chooses)
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    assert_eq!(ask(server.address(), "GET", "/predict"), 502);
    counted(&monitor, 1).assert_counted(&[("/predict", "2", "error", 1)]);
}

/// A router that is looked up for each request, as one that changes at run time is.
#[test]
fn a_router_that_is_looked_up_at_run_time_tells_its_patterns() {
    let (monitor, model) = model();
    let scoring = Router::new()
        .route("/{model}/score", get(async || "0.82"))
        .layer(MatchedRoute);
    let current = Arc::new(RwLock::new(scoring));
    let looks_up = move |request: Request| {
        let router = current.read().expect("nobody panics").clone();
        async { router.oneshot(request).await.into_response() }
    };
    let app = Router::new().fallback(looks_up).layer(InferenceLayer::new(&model));
    let server = serve!(app);
    for path in ["/a/score", "/b/score", "/nowhere"] {
        ask(server.address(), "GET", path);
    }
    counted(&monitor, 3).assert_counted(&[
        ("/{model}/score", "1", "success", 2),
        (UNMATCHED, "1", "client_error", 1),
    ]);
}

#[test]
fn a_name_given_to_the_layer_stays_unless_it_is_around_the_router() {
    let (monitor, model) = model();
    let inside = || Router::new().route("/predict", get(async || "0.82"));
    let named = InferenceLayer::new(&model).route("named");
    let app = Router::new()
        .fallback_service(inside().layer(MatchedRoute))
        .layer(named.clone());
    let server = serve!(app);
    ask(server.address(), "GET", "/predict");
    counted(&monitor, 1).assert_counted(&[("named", "1", "success", 1)]);
    let around = named.around(inside());
    let server = serve!(around);
    ask(server.address(), "GET", "/predict");
    ask(server.address(), "GET", "/nowhere");
    counted(&monitor, 3).assert_counted(&[
        ("named", "1", "success", 1),
        ("named", "1", "client_error", 1),
        ("/predict", "1", "success", 1),
    ]);
}

#[test]
fn requests_that_name_a_model_count_for_it_around_a_whole_router() {
    let (monitor, _) = model();
    let finder = monitor.clone();
    let select = move |request: &Request| {
        let version = request.headers().get("x-model-version")?.to_str().ok()?;
        finder.find("m", version)
    };
    let app = Router::new().route("/predict", get(async || "0.82"));
    let watched = InferenceLayer::per_request(select).around(app);
    let server = serve!(watched);
    for version in ["1", "invented", "1"] {
        let headers = [("x-model-version", version)];
        http_request(server.address(), "GET", "/predict", &headers, b"").expect("an answer");
    }
    counted(&monitor, 2).assert_counted(&[("/predict", "1", "success", 2)]);
    let versions = counted(&monitor, 2).labels_of("ml_inference_requests_total", "model_version");
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["1"]);
}
