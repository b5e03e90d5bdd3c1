//! Odd things that clients do on the wire, to axum and actix-web: each request is counted once, and nothing stays in flight.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use axum::Router;
use axum::routing::any;
use endings::{model, serve, serve_actix};
use http::StatusCode;
use modelwatch::{Model, Monitor};
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::{ActixServer, MetricsPage, TokioServer, counted, page, page_once};
use modelwatch_tower::InferenceLayer;
use tokio_stream::iter;

fn on_axum(model: &Model) -> TokioServer {
    let app = Router::new()
        .route("/read", any(async |_: bytes::Bytes| "0.82"))
        .route("/ok", any(async || "0.82"))
        .route(
            "/empty",
            any(async || (StatusCode::NO_CONTENT, "a body that is not sent")),
        )
        .route("/broken", any(async || (StatusCode::BAD_GATEWAY, "how")))
        .layer(InferenceLayer::new(model));
    serve!(app)
}

fn on_actix(model: &Model) -> ActixServer {
    let model = model.clone();
    serve_actix!(move || {
        App::new()
            .wrap(InferenceMiddleware::new(&model))
            .route("/read", web::route().to(async |_: web::Bytes| "0.82"))
            .route("/ok", web::route().to(async || "0.82"))
            .route(
                "/empty",
                web::route().to(async || HttpResponse::NoContent().body("a body that is not sent")),
            )
            .route(
                "/broken",
                web::route().to(async || HttpResponse::BadGateway().body("how")),
            )
            .route(
                "/nothing-announced",
                web::route().to(async || {
                    let none = iter(Vec::<Result<bytes::Bytes, std::io::Error>>::new());
                    HttpResponse::Ok().no_chunking(0).streaming(none)
                }),
            )
    })
}

/// What a client does once it has sent its bytes.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Reads until the server closes.
    Reads,
    /// Says that it sends no more, and reads.
    HalfCloses,
    /// Goes, once its request has begun.
    Leaves,
}

/// Sends bytes as they are.
fn send(address: SocketAddr, bytes: &str, then: Then, begun: impl FnOnce()) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a socket");
    stream.write_all(bytes.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    match then {
        Then::Reads => drop(stream.read_to_end(&mut answer)),
        Then::HalfCloses => {
            stream.shutdown(Shutdown::Write).expect("a socket");
            drop(stream.read_to_end(&mut answer));
        }
        Then::Leaves => begun(),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

const CLOSE: &str = "host: a\r\nconnection: close\r\n\r\n";

/// What is sent, and how it counts: by route and status.
type Row = (&'static str, &'static [(&'static str, &'static str, u64)]);

const ROWS: &[Row] = &[
    ("GET /ok HTTP/1.1\r\nCLOSE\r\n", &[("/ok", "success", 1)]),
    ("GET /ok HTTP/1.0\r\n\r\n", &[("/ok", "success", 1)]),
    // Three at once on one connection.
    (
        "GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /broken HTTP/1.1\r\nhost: a\r\n\r\nGET /ok HTTP/1.1\r\nCLOSE\r\n",
        &[("/ok", "success", 2), ("/broken", "error", 1)],
    ),
    ("HEAD /broken HTTP/1.1\r\nCLOSE\r\n", &[("/broken", "error", 1)]),
    ("HEAD /empty HTTP/1.1\r\nCLOSE\r\n", &[("/empty", "success", 1)]),
    ("GET /empty HTTP/1.1\r\nCLOSE\r\n", &[("/empty", "success", 1)]),
    ("OPTIONS /ok HTTP/1.1\r\nCLOSE\r\n", &[("/ok", "success", 1)]),
    ("BREW /ok HTTP/1.1\r\nCLOSE\r\n", &[("/ok", "success", 1)]),
    // A preflight is none.
    (
        "OPTIONS /ok HTTP/1.1\r\norigin: a\r\naccess-control-request-method: POST\r\nCLOSE\r\n",
        &[],
    ),
    (
        "POST /read HTTP/1.1\r\ncontent-length: 3\r\nCLOSE\r\nabc",
        &[("/read", "success", 1)],
    ),
    (
        "POST /read HTTP/1.1\r\ntransfer-encoding: chunked\r\nCLOSE\r\n3\r\nabc\r\n0\r\n\r\n",
        &[("/read", "success", 1)],
    ),
    (
        "POST /ok HTTP/1.1\r\ncontent-length: 3\r\nexpect: 100-continue\r\nCLOSE\r\nabc",
        &[("/ok", "success", 1)],
    ),
    // A path with whatever bytes a path may have.
    (
        "GET /%00%ff/../ok?y=%0a HTTP/1.1\r\nCLOSE\r\n",
        &[("__unmatched__", "client_error", 1)],
    ),
    // No requests at all.
    ("\0\0\0\r\n\r\n", &[]),
    ("GET /ok HTTP/9.9\r\n\r\n", &[]),
];

fn each_row_counts(monitor: &Monitor, address: SocketAddr, rows: &[Row]) {
    for (bytes, expected) in rows {
        let before = page(monitor);
        let sent = bytes.replace("CLOSE\r\n", CLOSE);
        send(address, &sent, Then::Reads, || ());
        let more: u64 = expected.iter().map(|(_, _, count)| count).sum();
        let after = counted(monitor, before.all_requests() + more);
        for (route, status, count) in *expected {
            let labels = &[("route", *route), ("status", *status)];
            let name = "ml_inference_requests_total";
            assert_eq!(
                after.sum(name, labels) - before.sum(name, labels),
                *count as f64,
                "{bytes:?}: {:?} after {:?}",
                after.requests(),
                before.requests()
            );
        }
        assert_eq!(after.all_requests(), before.all_requests() + more, "{bytes:?}");
        assert_eq!(after.sum("ml_inference_in_flight", &[]), 0.0, "{bytes:?}");
    }
}

#[test]
fn whatever_is_on_the_wire_counts_once_on_axum() {
    let (monitor, model) = model();
    let server = on_axum(&model);
    each_row_counts(&monitor, server.address(), ROWS);
}

#[test]
fn whatever_is_on_the_wire_counts_once_on_actix() {
    let (monitor, model) = model();
    let server = on_actix(&model);
    each_row_counts(&monitor, server.address(), ROWS);
    let announced: &[Row] = &[(
        "GET /nothing-announced HTTP/1.1\r\nCLOSE\r\n",
        &[("/nothing-announced", "success", 1)],
    )];
    each_row_counts(&monitor, server.address(), announced);
}

/// Clients that say at once that they send no more.
const HALF_CLOSING: u64 = 20;

/// How many of them were answered, and what was counted then.
fn half_closed(monitor: &Monitor, address: SocketAddr) -> (u64, MetricsPage) {
    let request = format!("GET /ok HTTP/1.1\r\n{CLOSE}");
    let answers = (0..HALF_CLOSING).map(|_| send(address, &request, Then::HalfCloses, || ()));
    let answered = answers.filter(|answer| answer.starts_with("HTTP/1.1 200")).count() as u64;
    (answered, counted(monitor, answered))
}

/// hyper lets go of a request whose client says that it sends no more, even before it has asked the service: then there was none.
#[test]
fn a_client_that_half_closes_counts_at_most_once_on_axum() {
    let (monitor, model) = model();
    let server = on_axum(&model);
    let (_, page) = half_closed(&monitor, server.address());
    assert!(page.all_requests() <= HALF_CLOSING, "{:?}", page.requests());
}

#[test]
fn a_client_that_half_closes_counts_once_on_actix() {
    let (monitor, model) = model();
    let server = on_actix(&model);
    let (answered, page) = half_closed(&monitor, server.address());
    assert_eq!(answered, HALF_CLOSING);
    let labels = &[("route", "/ok"), ("status", "success")];
    let success = page.sum("ml_inference_requests_total", labels);
    assert_eq!(success, HALF_CLOSING as f64, "{:?}", page.requests());
    assert_eq!(page.all_requests(), HALF_CLOSING);
}

/// An upload that ends early, by its length, by its chunks, and in a chunk that is none.
const BROKEN_UPLOADS: [&str; 3] = [
    "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc",
    "POST /read HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
    "POST /read HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc",
];

fn broken_uploads_are_the_clients(monitor: &Monitor, address: SocketAddr) {
    for upload in BROKEN_UPLOADS {
        for then in [Then::HalfCloses, Then::Leaves] {
            let before = page(monitor);
            send(address, upload, then, || {
                let _ = page_once(monitor, "the upload to begin", |page| {
                    page.sum("ml_inference_in_flight", &[]) == 1.0 || page.all_requests() > before.all_requests()
                });
            });
            let after = counted(monitor, before.all_requests() + 1);
            let more = |status| {
                let labels = &[("route", "/read"), ("status", status)];
                let name = "ml_inference_requests_total";
                after.sum(name, labels) - before.sum(name, labels)
            };
            let of_client = more("client_error") + more("cancelled");
            assert_eq!(of_client, 1.0, "{upload:?} and {then:?}: {:?}", after.requests());
            assert_eq!(after.sum("ml_inference_in_flight", &[]), 0.0, "{upload:?}");
        }
    }
}

#[test]
fn an_upload_that_breaks_off_is_the_clients_fault_on_axum() {
    let (monitor, model) = model();
    let server = on_axum(&model);
    broken_uploads_are_the_clients(&monitor, server.address());
}

#[test]
fn an_upload_that_breaks_off_is_the_clients_fault_on_actix() {
    let (monitor, model) = model();
    let server = on_actix(&model);
    broken_uploads_are_the_clients(&monitor, server.address());
}
