//! How answers count by their heads, their lengths and what their clients do, on axum and actix-web over real sockets.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::{App, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use endings::{Chunks, Client, Last, model, serve, serve_actix};
use http::{Method, StatusCode};
use modelwatch::Monitor;
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::{HttpResponse as Answer, counted, http_get, http_request, page};
use modelwatch_tower::InferenceLayer;
use tokio::time::sleep;
use tower::ServiceBuilder;
use tower::retry::{Policy, RetryLayer};
use tower_http::cors::{Any, CorsLayer};

const PAUSE: Duration = Duration::from_millis(5);

fn chunks(left: u32) -> Chunks {
    Chunks::new(left, PAUSE, Last::End)
}

const ENDLESS: u32 = u32::MAX;

/// Answers with a status and a stream of so many chunks, and a length in its head if there is one.
#[derive(Clone, Copy)]
struct Says {
    code: u16,
    chunks: u32,
    length: Option<u64>,
}

/// By path: what is said, what the client does, and how it counts.
const ROWS: &[(&str, Says, Client, &str)] = &[
    (
        "/unavailable-left",
        says(503, ENDLESS, None),
        Client::LeavesHalfWay,
        "error",
    ),
    (
        "/unavailable-reset",
        says(503, ENDLESS, None),
        Client::ResetsHalfWay,
        "error",
    ),
    (
        "/not-found-left",
        says(404, ENDLESS, None),
        Client::LeavesHalfWay,
        "client_error",
    ),
    (
        "/fine-left",
        says(200, ENDLESS, None),
        Client::LeavesHalfWay,
        "cancelled",
    ),
    (
        "/moved-left",
        says(302, ENDLESS, None),
        Client::LeavesHalfWay,
        "cancelled",
    ),
    ("/as-announced", says(200, 2, Some(10)), Client::Reads, "success"),
    ("/shorter", says(200, 2, Some(11)), Client::Reads, "error"),
    ("/empty-and-announced", says(200, 0, Some(5)), Client::Reads, "error"),
    ("/longer", says(200, 2, Some(9)), Client::Reads, "error"),
    ("/unavailable-shorter", says(503, 2, Some(11)), Client::Reads, "error"),
    (
        "/not-modified-with-length",
        says(304, 0, Some(5)),
        Client::Reads,
        "success",
    ),
    ("/unannounced", says(200, 2, None), Client::Reads, "success"),
];

const fn says(code: u16, chunks: u32, length: Option<u64>) -> Says {
    Says { code, chunks, length }
}

fn each_row_counts(monitor: &Monitor, address: SocketAddr) {
    for (path, _, client, status) in ROWS {
        let before = page(monitor);
        let asked = client.ask(address, "GET", path, || std::thread::sleep(4 * PAUSE));
        asked.unwrap_or_else(|error| panic!("{path}: {error}"));
        let after = counted(monitor, before.all_requests() + 1);
        let labels = &[("route", *path), ("status", *status)];
        assert_eq!(
            after.sum("ml_inference_requests_total", labels),
            1.0,
            "{path}: {:?}",
            after.requests()
        );
    }
    assert_eq!(page(monitor).all_requests(), ROWS.len() as u64, "none is counted twice");
}

#[test]
fn heads_and_lengths_decide_on_axum() {
    let (monitor, model) = model();
    let pages = ROWS.iter().fold(Router::new(), |app, (path, says, _, _)| {
        let answer = async || {
            let mut head = http::Response::builder().status(says.code);
            if let Some(length) = says.length {
                head = head.header("content-length", length);
            }
            head.body(Body::from_stream(chunks(says.chunks))).expect("valid")
        };
        app.route(path, get(answer))
    });
    let server = serve!(pages.layer(InferenceLayer::new(&model)));
    each_row_counts(&monitor, server.address());
}

#[test]
fn heads_and_lengths_decide_on_actix() {
    let (monitor, model) = model();
    let server = serve_actix!(move || {
        ROWS.iter().fold(App::new(), |app, (path, says, _, _)| {
            let answer = async || {
                let mut head = HttpResponse::build(actix_web::http::StatusCode::from_u16(says.code).expect("a code"));
                if let Some(length) = says.length {
                    head.no_chunking(length);
                }
                head.streaming(chunks(says.chunks))
            };
            let watched = web::resource(*path).wrap(InferenceMiddleware::new(&model));
            app.service(watched.to(answer))
        })
    });
    each_row_counts(&monitor, server.address());
}

/// Tries once more after a 503.
#[derive(Clone)]
struct Once;

impl<E> Policy<Request, http::Response<modelwatch_tower::InferenceBody<Body>>, E> for Once {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request,
        result: &mut Result<http::Response<modelwatch_tower::InferenceBody<Body>>, E>,
    ) -> Option<Self::Future> {
        let unavailable = matches!(result, Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE);
        unavailable.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        let mut copy = Request::new(Body::empty());
        *copy.uri_mut() = request.uri().clone();
        *copy.extensions_mut() = request.extensions().clone();
        Some(copy)
    }
}

#[test]
fn an_answer_that_a_retry_drops_is_what_its_head_said_on_axum() {
    let (monitor, model) = model();
    let tries = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let fails_first = tower::service_fn(move |_: Request| {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let answer = if first {
            (StatusCode::SERVICE_UNAVAILABLE, "a body nobody reads").into_response()
        } else {
            "0.82".into_response()
        };
        ready(Ok::<_, Infallible>(answer))
    });
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(Once))
        .layer(InferenceLayer::new(&model))
        .service(fails_first);
    let server = serve!(Router::new().route_service("/predict", service));
    assert_eq!(
        http_get(server.address(), "/predict", &[]).expect("an answer").body,
        b"0.82"
    );
    counted(&monitor, 2).assert_counted(&[("/predict", "1", "error", 1), ("/predict", "1", "success", 1)]);
}

#[test]
fn an_answer_that_is_replaced_outside_is_what_its_head_said_on_actix() {
    let (monitor, model) = model();
    let server = serve_actix!(move || {
        let unavailable = async || HttpResponse::ServiceUnavailable().body("a body nobody reads");
        let predict = web::resource("/predict").wrap(InferenceMiddleware::new(&model));
        let apologises = predict.wrap_fn(|request, service| {
            let answer = service.call(request);
            async { Ok(answer.await?.into_response(HttpResponse::Ok().body("sorry"))) }
        });
        App::new().service(apologises.to(unavailable))
    });
    assert_eq!(
        http_get(server.address(), "/predict", &[]).expect("an answer").body,
        b"sorry"
    );
    counted(&monitor, 1).assert_counted(&[("/predict", "1", "error", 1)]);
}

const PREFLIGHT: &[(&str, &str)] = &[
    ("origin", "https://a.example"),
    ("access-control-request-method", "POST"),
];

fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    http_request(address, method, path, headers, b"").expect("an answer")
}

#[test]
fn a_preflight_is_no_inference_and_any_other_options_is_one_on_axum() {
    let (monitor, model) = model();
    let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::POST]);
    let app = Router::new()
        .route("/predict", any(async || "0.82"))
        .layer(ServiceBuilder::new().layer(InferenceLayer::new(&model)).layer(cors));
    let server = serve!(app);
    let answer = ask(server.address(), "OPTIONS", "/predict", PREFLIGHT);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    ask(server.address(), "POST", "/predict", &PREFLIGHT[..1]);
    counted(&monitor, 1).assert_counted(&[("/predict", "1", "success", 1)]);
    // tower-http takes every OPTIONS for a preflight; without an origin it is none.
    ask(server.address(), "OPTIONS", "/predict", &[]);
    counted(&monitor, 2).assert_counted(&[("/predict", "1", "success", 2)]);
}

#[test]
fn a_preflight_is_no_inference_and_any_other_options_is_one_on_actix() {
    let (monitor, model) = model();
    let server = serve_actix!(move || {
        let predict = web::resource("/predict").wrap(InferenceMiddleware::new(&model));
        App::new().service(predict.to(async || "0.82"))
    });
    ask(server.address(), "OPTIONS", "/predict", PREFLIGHT);
    ask(server.address(), "POST", "/predict", &PREFLIGHT[..1]);
    counted(&monitor, 1).assert_counted(&[("/predict", "1", "success", 1)]);
    ask(server.address(), "OPTIONS", "/predict", &[]);
    counted(&monitor, 2).assert_counted(&[("/predict", "1", "success", 2)]);
}

/// A request that names no model counts if its handler says whose it is, with its whole latency, and not otherwise.
#[test]
fn a_request_of_nobody_counts_once_its_handler_says_whose_it_is_on_axum() {
    let (monitor, model) = model();
    let claimed = model.clone();
    let claims = async move |serving: modelwatch_tower::Serving| {
        sleep(4 * PAUSE).await;
        serving.by(&claimed);
        StatusCode::BAD_GATEWAY
    };
    let app = Router::new()
        .route("/predict", get(claims))
        .route("/health", get(async || "fine"))
        .layer(InferenceLayer::per_request(|_: &Request| None));
    let server = serve!(app);
    ask(server.address(), "GET", "/health", &[]);
    ask(server.address(), "GET", "/predict", &[]);
    let page = counted(&monitor, 1);
    page.assert_counted(&[("/predict", "1", "error", 1)]);
    assert!(page.sum("ml_inference_latency_seconds_sum", &[]) >= (4 * PAUSE).as_secs_f64());
}

#[test]
fn a_request_of_nobody_counts_once_its_handler_says_whose_it_is_on_actix() {
    let (monitor, model) = model();
    let server = serve_actix!(move || {
        let claimed = model.clone();
        let claims = move |serving: modelwatch_actix::Serving| {
            serving.by(&claimed);
            async { HttpResponse::BadGateway().finish() }
        };
        App::new()
            .wrap(InferenceMiddleware::per_request(|_| None))
            .route("/predict", web::get().to(claims))
            .route("/health", web::get().to(async || "fine"))
    });
    ask(server.address(), "GET", "/health", &[]);
    ask(server.address(), "GET", "/predict", &[]);
    counted(&monitor, 1).assert_counted(&[("/predict", "1", "error", 1)]);
}

/// A handler that runs in another task has the request's handle all the same.
#[test]
fn a_choice_in_another_task_or_thread_counts() {
    let (monitor, stable) = model();
    let canary = monitor.model("m", "2").register().expect("valid");
    let (in_task, in_thread) = (canary.clone(), canary);
    let spawns = async move |serving: modelwatch_tower::Serving| {
        let chosen = in_task.clone();
        let work = tokio::spawn(async move {
            serving.by(&chosen);
            panic!("in a task of its own")
        });
        let ended: Result<(), _> = work.await;
        ended.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    };
    let blocks = async move |serving: modelwatch_tower::Serving| {
        let chosen = in_thread.clone();
        let work = tokio::task::spawn_blocking(move || serving.by(&chosen));
        work.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    };
    let app = Router::new()
        .route("/task", get(spawns))
        .route("/thread", get(blocks))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    ask(server.address(), "GET", "/task", &[]);
    ask(server.address(), "GET", "/thread", &[]);
    counted(&monitor, 2).assert_counted(&[("/task", "2", "error", 1), ("/thread", "2", "success", 1)]);
}
