//! A closure for trace ids that panics harms no request, on axum and actix-web over real sockets.

use actix_web::{App, web};
use axum::Router;
use axum::routing::get;
use endings::{Client, serve, serve_actix};
use modelwatch::{Model, Monitor};
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::counted;
use modelwatch_tower::InferenceLayer;

fn monitor() -> (Monitor, Model) {
    let broken = Monitor::builder().trace_id(|| panic!("no span"));
    let monitor = broken.build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

const COUNTED: &[(&str, &str, &str, u64)] = &[("/ok", "1", "success", 1), ("/panic", "1", "error", 1)];

fn ask(address: std::net::SocketAddr) {
    Client::Reads.ask(address, "GET", "/ok", || {}).expect("an answer");
    // Here the trace id is asked for while the handler's panic unwinds.
    Client::Reads.ask(address, "GET", "/panic", || {}).expect("no answer");
}

async fn panics() -> &'static str {
    panic!("in the handler")
}

#[test]
fn a_trace_id_that_panics_keeps_no_request_in_flight_on_axum() {
    let (monitor, model) = monitor();
    let app = Router::new()
        .route("/ok", get(async || "0.82"))
        .route("/panic", get(panics))
        .layer(InferenceLayer::new(&model));
    let server = serve!(app);
    ask(server.address());
    counted(&monitor, 2).assert_counted(COUNTED);
}

#[test]
fn a_trace_id_that_panics_keeps_no_request_in_flight_on_actix() {
    let (monitor, model) = monitor();
    let server = serve_actix!(move || {
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route("/ok", web::get().to(async || "0.82"))
            .route("/panic", web::get().to(panics))
    });
    ask(server.address());
    counted(&monitor, 2).assert_counted(COUNTED);
}
