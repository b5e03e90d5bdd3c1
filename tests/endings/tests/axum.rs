//! The table against a server of axum.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, get_service};
use endings::{
    CANARY, Choice, Chunks, FOR_EVER, Last, SLOW, STABLE, TIMEOUT, all_endings_are_counted,
    every_ending_counts_for_the_version_that_was_chosen, model, send, serve,
};
use http::request::Parts;
use http::{Request, StatusCode, Uri};
use modelwatch::{Model, Monitor};
use modelwatch_testkit::{begun, counted, page};
use modelwatch_tower::{InferenceLayer, ServedBy, Serving};
use tokio::time::sleep;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, ServiceBuilder, service_fn};

fn chunks(left: u32, last: Last) -> Body {
    Body::from_stream(Chunks::new(left, SLOW, last))
}

async fn never() -> &'static str {
    sleep(FOR_EVER).await;
    "never"
}

fn timed(route: MethodRouter) -> MethodRouter {
    let timed_out = async |_: BoxError| StatusCode::GATEWAY_TIMEOUT;
    route.layer(
        ServiceBuilder::new()
            .layer(HandleErrorLayer::new(timed_out))
            .layer(TimeoutLayer::new(TIMEOUT)),
    )
}

fn app(model: &Model) -> Router {
    let layer = InferenceLayer::new(model);
    let fails = service_fn(async |_: Request<Body>| Err::<Response, _>(io::Error::other("broken")));
    // An error of the service goes through the layer before axum makes an answer of it.
    let error_value = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: io::Error| StatusCode::BAD_GATEWAY))
        .layer(layer.clone())
        .service(fails);
    let layered = Router::new()
        .route("/ok", get(async || "fine"))
        .route("/slow", get(async || sleep(SLOW).await))
        .route("/client-error", get(async || (StatusCode::BAD_REQUEST, "why")))
        .route(
            "/server-error",
            get(async || (StatusCode::INTERNAL_SERVER_ERROR, "how")),
        )
        .route(
            "/panic",
            get(async || if true { panic!("in the handler") } else { "never" }),
        )
        .route("/panic-in-body", get(async || chunks(0, Last::Panic)))
        .route("/broken", get(async || chunks(1, Last::Error)))
        .route("/stream", get(async || chunks(2, Last::End)))
        .route("/endless", get(async || chunks(u32::MAX, Last::End)))
        .route("/empty", get(async || ""))
        .route("/no-content", get(async || StatusCode::NO_CONTENT))
        .route("/never", get(never))
        .route(
            "/upgrade",
            get(async || {
                let head = http::Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
                head.header("connection", "upgrade")
                    .header("upgrade", "echo")
                    .body(Body::empty())
                    .expect("valid")
            }),
        )
        .route("/timeout-inside", timed(get(never)))
        .layer(layer.clone());
    Router::new()
        .route("/timeout-outside", timed(get(never).layer(layer)))
        .route("/error-value", get_service(error_value))
        .merge(layered)
}

#[test]
fn all_endings_are_counted_as_the_contract_says() {
    let (monitor, model) = model();
    let server = serve!(app(&model));
    all_endings_are_counted(&monitor, server.address());
}

#[test]
fn a_graceful_stop_lets_requests_in_flight_end_and_counts_them() {
    let (monitor, model) = model();
    let server = serve!(app(&model));
    let clients: Vec<_> = (0..5)
        .map(|_| send(server.address(), "GET", "/slow").expect("sent"))
        .collect();
    begun(&monitor, 5);
    server.stop_gracefully();
    counted(&monitor, 5).assert_counted(&[("/slow", "1", "success", 5)]);
    drop(clients);
}

#[test]
fn a_stop_at_once_cancels_requests_in_flight() {
    let (monitor, model) = model();
    let server = serve!(app(&model));
    let clients: Vec<_> = ["/never", "/endless"]
        .map(|path| send(server.address(), "GET", path).expect("sent"))
        .into();
    begun(&monitor, 2);
    server.stop_at_once();
    let expected = [("/endless", "1", "cancelled", 1), ("/never", "1", "cancelled", 1)];
    counted(&monitor, 2).assert_counted(&expected);
    drop(clients);
}

#[test]
fn what_no_route_matches_has_one_series_whatever_clients_ask_for() {
    let (monitor, model) = model();
    let server = serve!(app(&model));
    for number in 0..50 {
        let mut stream = send(server.address(), "GET", &format!("/scan/{number}")).expect("sent");
        io::copy(&mut stream, &mut io::sink()).expect("an answer");
    }
    let routes = page(&monitor).labels_of("ml_inference_requests_total", "route");
    assert!(routes.iter().all(|route| !route.contains("scan")), "{routes:?}");
}

/// An extractor that takes no request.
struct Refuses;

impl<S: Sync> FromRequestParts<S> for Refuses {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Err(StatusCode::UNPROCESSABLE_ENTITY)
    }
}

/// Answers as the path asks it to, for the version that is chosen when the path says.
async fn cell(serving: Serving, uri: Uri, canary: Model) -> Result<Response, StatusCode> {
    let mut words = uri.path().split('/').skip(1);
    let (choice, ending) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let choice = Choice::parse(choice);
    if choice == Choice::Early {
        serving.by(&canary);
    }
    let answer = work(ending).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(if choice == Choice::Late {
        (ServedBy(canary), answer).into_response()
    } else {
        answer
    })
}

/// What a handler does after it has chosen.
async fn work(ending: &str) -> io::Result<Response> {
    Ok(match ending {
        "ok" => "0.82".into_response(),
        "error-by-question-mark" => return Err(io::Error::other("broken")),
        "panic" => panic!("in the handler"),
        "broken" => chunks(1, Last::Error).into_response(),
        "panic-in-body" => chunks(1, Last::Panic).into_response(),
        "endless" => chunks(u32::MAX, Last::End).into_response(),
        _ => never().await.into_response(),
    })
}

#[test]
fn every_ending_counts_for_the_version_its_handler_chose() {
    let monitor = Monitor::new();
    let register = |version| monitor.model("m", version).register().expect("valid");
    let (stable, canary) = (register(STABLE), register(CANARY));
    let layer = InferenceLayer::new(&stable);
    let handler = || {
        let canary = canary.clone();
        get(move |serving: Serving, uri: Uri| cell(serving, uri, canary.clone()))
    };
    let chosen = canary.clone();
    let refused = get(async move |_: Refuses, serving: Serving| serving.by(&chosen));
    let app = Router::new()
        .route("/{choice}/{ending}", handler())
        .route("/{choice}/refused", refused)
        .route("/{choice}/inner-timeout", timed(handler()))
        .layer(layer.clone())
        .route("/{choice}/outer-timeout", timed(handler().layer(layer)));
    let server = serve!(app);
    every_ending_counts_for_the_version_that_was_chosen(&monitor, server.address());
}
