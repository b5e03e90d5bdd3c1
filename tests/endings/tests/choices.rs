//! Who is counted when handlers choose again, late, for others, or from afar, on axum and actix-web over real sockets.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::routing::get;
use bytes::Bytes;
use endings::{send, serve, serve_actix};
use http::StatusCode;
use http::request::Parts;
use modelwatch::{Model, Monitor};
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::{counted, http_request, page_once};
use modelwatch_tower::{InferenceLayer, Serving, ServingExtension, UNMATCHED};
use tokio_stream::{StreamExt, iter};
use tower::{ServiceBuilder, ServiceExt, service_fn};

fn ask(address: SocketAddr, path: &str) -> Option<u16> {
    http_request(address, "GET", path, &[], b"")
        .ok()
        .map(|answer| answer.status)
}

fn versions<const N: usize>(monitor: &Monitor, versions: [&str; N]) -> [Model; N] {
    versions.map(|version| monitor.model("m", version).register().expect("valid"))
}

#[test]
fn the_last_choice_counts_on_axum() {
    let monitor = Monitor::new();
    let [stable, a, b] = versions(&monitor, ["1", "a", "b"]);
    let other = monitor.model("other", "1").register().expect("valid");
    let (a2, b2) = (a.clone(), b.clone());
    let twice = async move |first: Serving, second: Serving| {
        first.by(&a2);
        second.by(&b2);
        StatusCode::BAD_GATEWAY
    };
    let (a3, stable2) = (a.clone(), stable.clone());
    let back = async move |serving: Serving| {
        serving.by(&a3);
        serving.by(&stable2);
    };
    let of_another = async move |serving: Serving| serving.by(&other);
    let after_head = {
        let (a, b) = (a.clone(), b.clone());
        async move |serving: Serving| {
            serving.by(&a);
            let chunks = iter([1, 2]).map(move |chunk| {
                if chunk == 2 {
                    serving.by(&b);
                }
                Ok::<_, Infallible>(Bytes::from_static(b"chunk"))
            });
            Body::from_stream(chunks)
        }
    };
    let app = Router::new()
        .route("/twice", get(twice))
        .route("/back", get(back))
        .route("/other", get(of_another))
        .route("/after", get(after_head))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    for path in ["/twice", "/back", "/other", "/after"] {
        ask(server.address(), path).expect("an answer");
    }
    let page = counted(&monitor, 4);
    page.assert_counted(&[
        ("/twice", "b", "error", 1),
        ("/back", "1", "success", 1),
        ("/other", "1", "success", 1),
        ("/after", "b", "success", 1),
    ]);
    assert_eq!(page.sum("ml_inference_requests_total", &[("model_name", "other")]), 1.0);
    let first = "ml_inference_time_to_first_chunk_seconds_count";
    assert_eq!(page.sum(first, &[("model_version", "a")]), 1.0);
    assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0);
}

#[test]
fn a_retired_version_that_is_chosen_counts_after_it_left_the_page() {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let [stable, canary] = versions(&monitor, ["1", "2"]);
    let chosen = canary.clone();
    let app = Router::new()
        .route("/", get(async move |serving: Serving| serving.by(&chosen)))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    ask(server.address(), "/").expect("an answer");
    counted(&monitor, 1).assert_counted(&[("/", "2", "success", 1)]);
    canary.retire();
    let _ = page_once(&monitor, "the canary to go", |page| page.all_requests() == 0);
    ask(server.address(), "/").expect("an answer");
    let _ = page_once(&monitor, "the canary to be back", |page| {
        page.sum("ml_inference_requests_total", &[("model_version", "2")]) == 2.0
    });
}

#[test]
fn layers_around_each_other_count_twice_and_the_inner_one_is_chosen() {
    let monitor = Monitor::new();
    let [outer, inner, canary] = versions(&monitor, ["outer", "inner", "canary"]);
    let chosen = canary.clone();
    let app = Router::new()
        .route(
            "/",
            get(async move |serving: Serving| {
                serving.by(&chosen);
                if true {
                    panic!("in the handler")
                }
            }),
        )
        .layer(
            ServiceBuilder::new()
                .layer(InferenceLayer::new(&outer))
                .layer(InferenceLayer::new(&inner)),
        );
    let server = serve!(app);
    assert_eq!(ask(server.address(), "/"), None);
    counted(&monitor, 2).assert_counted(&[("/", "outer", "error", 1), ("/", "canary", "error", 1)]);
}

/// A stream that no route of a router matched has its first chunk timed like any other.
#[test]
fn a_stream_of_no_route_has_its_first_chunk_on_axum() {
    let monitor = Monitor::new();
    let [stable] = versions(&monitor, ["1"]);
    let stream = async || Body::from_stream(iter([Ok::<_, Infallible>(Bytes::from_static(b"chunk"))]));
    let app = Router::new().fallback(stream).layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    ask(server.address(), "/anything").expect("an answer");
    let page = counted(&monitor, 1);
    page.assert_counted(&[(UNMATCHED, "1", "success", 1)]);
    assert_eq!(page.sum("ml_inference_time_to_first_chunk_seconds_count", &[]), 1.0);
}

/// As behind a `tower::buffer`: the handler is called and polled in a task of its own.
#[test]
fn a_handler_in_another_task_finds_the_choice_among_the_extensions() {
    let monitor = Monitor::new();
    let [stable, canary] = versions(&monitor, ["1", "2"]);
    let inside = Router::new().route(
        "/",
        get(async move |serving: Serving| {
            serving.by(&canary);
            StatusCode::BAD_GATEWAY
        }),
    );
    let elsewhere = service_fn(move |request: Request| {
        let answer = tokio::spawn(inside.clone().oneshot(request));
        async { answer.await.expect("no panic") }
    });
    let service = ServiceBuilder::new()
        .layer(InferenceLayer::new(&stable))
        .layer(ServingExtension)
        .service(elsewhere);
    let server = serve!(Router::new().route_service("/", service));
    assert_eq!(ask(server.address(), "/"), Some(502));
    counted(&monitor, 1).assert_counted(&[("/", "2", "error", 1)]);
}

/// Whoever names the model of a request may break, too.
#[test]
fn a_panic_while_the_model_is_looked_up_counts_for_the_fallback_on_axum() {
    let monitor = Monitor::new();
    let [stable] = versions(&monitor, ["1"]);
    let breaks = |request: &Request| -> Option<Model> { panic!("no model of {}", request.uri()) };
    let app = Router::new()
        .route("/", get(async || "0.82"))
        .layer(InferenceLayer::per_request(breaks).otherwise(&stable));
    let server = serve!(app);
    assert_eq!(ask(server.address(), "/"), None);
    counted(&monitor, 1).assert_counted(&[("/", "1", "error", 1)]);
}

struct Panics;

impl<S: Sync> FromRequestParts<S> for Panics {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        panic!("in the extractor")
    }
}

#[test]
fn a_panic_in_an_extractor_counts_for_whom_was_chosen_before_it() {
    let monitor = Monitor::new();
    let [stable, canary] = versions(&monitor, ["1", "2"]);
    let chooses = {
        let canary = canary.clone();
        axum::middleware::from_fn(
            move |serving: Serving, request: Request, next: axum::middleware::Next| {
                serving.by(&canary);
                next.run(request)
            },
        )
    };
    let app = Router::new()
        .route(
            "/late",
            get(async move |_: Panics, serving: Serving| serving.by(&canary)),
        )
        .route("/early", get(async move |_: Panics| ()).layer(chooses))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    assert_eq!(ask(server.address(), "/late"), None);
    assert_eq!(ask(server.address(), "/early"), None);
    counted(&monitor, 2).assert_counted(&[("/late", "1", "error", 1), ("/early", "2", "error", 1)]);
}

/// A content type that a client invents changes no route.
#[test]
fn a_client_that_says_grpc_stays_on_the_route_it_asked_for() {
    let monitor = Monitor::new();
    let [stable] = versions(&monitor, ["1"]);
    let app = Router::new()
        .route("/files/{*path}", get(async || StatusCode::BAD_GATEWAY))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    ask(server.address(), "/files/a").expect("an answer");
    let headers = [("content-type", "application/grpc")];
    http_request(server.address(), "GET", "/files/b", &headers, b"").expect("an answer");
    counted(&monitor, 2).assert_counted(&[("/files/{*path}", "1", "error", 2)]);
}

#[test]
fn a_client_that_leaves_while_its_version_is_chosen_is_cancelled_there() {
    let monitor = Monitor::new();
    let [stable, canary] = versions(&monitor, ["1", "2"]);
    let chosen = canary.clone();
    let endless = async move |serving: Serving| {
        loop {
            serving.by(&stable);
            tokio::task::yield_now().await;
            serving.by(&chosen);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let stable = monitor.find("m", "1").expect("registered");
    let app = Router::new()
        .route("/", get(async move |serving: Serving| -> () { endless(serving).await }))
        .layer(InferenceLayer::new(&stable));
    let server = serve!(app);
    let client = send(server.address(), "GET", "/").expect("sent");
    let _ = page_once(&monitor, "the canary to be chosen", |page| {
        page.sum("ml_inference_in_flight", &[("model_version", "2")]) == 1.0
    });
    drop(client);
    let page = counted(&monitor, 1);
    assert_eq!(page.sum("ml_inference_requests_total", &[("status", "cancelled")]), 1.0);
    let _ = page_once(&monitor, "nothing in flight", |page| {
        page.sum("ml_inference_in_flight", &[]) == 0.0
    });
}

#[test]
fn the_last_choice_counts_on_actix() {
    let monitor = Monitor::new();
    let [stable, a, b] = versions(&monitor, ["1", "a", "b"]);
    let server = serve_actix!(move || {
        let (a, b, c) = (a.clone(), b.clone(), stable.clone());
        let (a2, b2) = (a.clone(), b.clone());
        let twice = move |first: modelwatch_actix::Serving, second: modelwatch_actix::Serving| {
            first.by(&a);
            second.by(&b);
            ready(HttpResponse::BadGateway().finish())
        };
        let after = move |serving: modelwatch_actix::Serving| {
            let b = b2.clone();
            serving.by(&a2);
            let chunks = iter([1, 2]).map(move |chunk| {
                if chunk == 2 {
                    serving.by(&b);
                }
                Ok::<_, Infallible>(Bytes::from_static(b"chunk"))
            });
            ready(HttpResponse::Ok().streaming(chunks))
        };
        App::new()
            .wrap(InferenceMiddleware::new(&c))
            .route("/twice", web::get().to(twice))
            .route("/after", web::get().to(after))
    });
    ask(server.address(), "/twice").expect("an answer");
    ask(server.address(), "/after").expect("an answer");
    let page = counted(&monitor, 2);
    page.assert_counted(&[("/twice", "b", "error", 1), ("/after", "b", "success", 1)]);
    let first = "ml_inference_time_to_first_chunk_seconds_count";
    assert_eq!(page.sum(first, &[("model_version", "a")]), 1.0);
}

#[test]
fn a_panic_while_the_model_is_looked_up_counts_for_the_fallback_on_actix() {
    let monitor = Monitor::new();
    let [stable] = versions(&monitor, ["1"]);
    let server = serve_actix!(move || {
        let breaks = InferenceMiddleware::per_request(|request| panic!("no model of {}", request.path()));
        App::new()
            .wrap(breaks.otherwise(&stable))
            .route("/", web::get().to(async || "0.82"))
    });
    assert_eq!(ask(server.address(), "/"), None);
    counted(&monitor, 1).assert_counted(&[("/", "1", "error", 1)]);
}
