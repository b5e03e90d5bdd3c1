//! A runtime that handlers block is late, and says so, on axum and actix-web over real sockets.

use std::thread;
use std::time::{Duration, Instant};

use actix_web::{App, web};
use axum::Router;
use axum::routing::get;
use endings::{model, serve_actix};
use modelwatch::Monitor;
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::{TokioServer, counted, http_get, page, page_once};
use modelwatch_tower::InferenceLayer;

const BLOCKED: Duration = Duration::from_millis(300);
const DELAY: &str = "ml_runtime_delay_seconds";

/// What blocks the thread it runs on, as a model does that is called in a handler.
fn infer() -> &'static str {
    thread::sleep(BLOCKED);
    "0.82"
}

/// The task wakes while nothing is done, and is late by most of what the handler took once it was blocked.
fn lateness_is_seen(monitor: &Monitor, address: std::net::SocketAddr) {
    let idle = page_once(monitor, "the task to wake", |page| {
        page.sum(&format!("{DELAY}_count"), &[]) >= 3.0
    });
    let started = Instant::now();
    http_get(address, "/predict", &[]).expect("an answer");
    let busy = counted(monitor, 1);
    let most = started.elapsed().as_secs_f64();
    let before = idle.sum(&format!("{DELAY}_sum"), &[]);
    let late = page_once(monitor, "the task to be late", |page| {
        page.sum(&format!("{DELAY}_sum"), &[]) - before >= BLOCKED.as_secs_f64() / 2.0
    });
    assert!(late.sum(&format!("{DELAY}_bucket"), &[("le", "+Inf")]) > 0.0);
    assert!(busy.sum("ml_inference_latency_seconds_sum", &[]) <= most);
}

#[test]
fn a_blocked_runtime_is_late_on_axum() {
    let (monitor, model) = model();
    let app = Router::new()
        .route("/predict", get(async || infer()))
        .layer(InferenceLayer::new(&model));
    let server = TokioServer::with_threads(1, 1, |listener, stopped| {
        modelwatch_tower::watch_runtime(&monitor).expect("a runtime");
        axum::serve(listener, app).with_graceful_shutdown(stopped).into_future()
    });
    lateness_is_seen(&monitor, server.address());
}

#[test]
fn a_blocked_worker_is_late_on_actix() {
    let (monitor, model) = model();
    let watched = monitor.clone();
    let server = serve_actix!(move || {
        modelwatch_actix::watch_runtime(&watched).expect("a worker");
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route("/predict", web::get().to(async || infer()))
    });
    lateness_is_seen(&monitor, server.address());
}

#[test]
fn a_runtime_that_nobody_watches_has_no_series_and_there_is_none_outside() {
    let monitor = Monitor::new();
    let error = modelwatch_tower::watch_runtime(&monitor).expect_err("no runtime");
    assert!(
        error.to_string().contains("call watch_runtime in an async function"),
        "{error}"
    );
    let error = modelwatch_actix::watch_runtime(&monitor).expect_err("no runtime");
    assert!(error.to_string().contains("HttpServer::new"), "{error}");
    assert_eq!(page(&monitor).labels_of(&format!("{DELAY}_bucket"), "le").len(), 0);
}

#[test]
fn the_task_ends_with_its_monitor() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let monitor = Monitor::new();
    runtime.block_on(async { modelwatch_tower::watch_runtime(&monitor).expect("a runtime") });
    let alive = || runtime.metrics().num_alive_tasks();
    assert_eq!(alive(), 1);
    drop(monitor);
    let deadline = Instant::now() + Duration::from_secs(20);
    while alive() > 0 {
        assert!(Instant::now() < deadline, "the task goes on");
        thread::sleep(Duration::from_millis(5));
    }
}
