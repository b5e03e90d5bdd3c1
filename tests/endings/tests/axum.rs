//! The table against a server of axum.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::routing::{MethodRouter, get, get_service};
use bytes::Bytes;
use endings::{FOR_EVER, SLOW, TIMEOUT, all_endings_are_counted, begun, counted, page, send};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use modelwatch::{Model, Monitor};
use modelwatch_tower::InferenceLayer;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};
use tower::timeout::TimeoutLayer;
use tower::{BoxError, ServiceBuilder, service_fn};

/// Chunks with a pause before each, and then what `last` says.
struct Chunks {
    left: u32,
    pause: Pin<Box<Sleep>>,
    last: Last,
}

#[derive(Clone, Copy)]
enum Last {
    End,
    Error,
    Panic,
}

fn chunks(left: u32, last: Last) -> Body {
    let pause = Box::pin(sleep(SLOW));
    Body::new(Chunks { left, pause, last })
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(match self.last {
                Last::End => None,
                Last::Error => Some(Err(io::Error::other("broken"))),
                Last::Panic => panic!("in the body"),
            });
        }
        std::task::ready!(self.pause.as_mut().poll(context));
        self.pause = Box::pin(sleep(SLOW));
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"chunk")))))
    }
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
    let fails = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(io::Error::other("broken")));
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
                let head = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
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

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    runtime: Runtime,
    ended: tokio::task::JoinHandle<()>,
}

fn serve(model: &Model) -> Server {
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel();
    let app = app(model);
    let ended = runtime.spawn(async move {
        let stopped = async { stopped.await.unwrap_or(()) };
        axum::serve(listener, app)
            .with_graceful_shutdown(stopped)
            .await
            .expect("served");
    });
    Server {
        address,
        stop,
        runtime,
        ended,
    }
}

fn model() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

#[test]
fn all_endings_are_counted_as_the_contract_says() {
    let (monitor, model) = model();
    let server = serve(&model);
    all_endings_are_counted(&monitor, server.address);
}

#[test]
fn a_graceful_stop_lets_requests_in_flight_end_and_counts_them() {
    let (monitor, model) = model();
    let server = serve(&model);
    let clients: Vec<_> = (0..5)
        .map(|_| send(server.address, "GET", "/slow").expect("sent"))
        .collect();
    begun(&monitor, 5.0);
    server.stop.send(()).expect("serving");
    server.runtime.block_on(server.ended).expect("ended");
    counted(&monitor, 5.0).assert_counted(&[("/slow", "1", "success", 5)]);
    drop(clients);
}

#[test]
fn a_stop_at_once_cancels_requests_in_flight() {
    let (monitor, model) = model();
    let server = serve(&model);
    let clients: Vec<_> = ["/never", "/endless"]
        .map(|path| send(server.address, "GET", path).expect("sent"))
        .into();
    begun(&monitor, 2.0);
    server.runtime.shutdown_timeout(Duration::from_secs(5));
    let expected = [("/endless", "1", "cancelled", 1), ("/never", "1", "cancelled", 1)];
    counted(&monitor, 2.0).assert_counted(&expected);
    drop(clients);
}

#[test]
fn what_no_route_matches_has_one_series_whatever_clients_ask_for() {
    let (monitor, model) = model();
    let server = serve(&model);
    for number in 0..50 {
        let mut stream = send(server.address, "GET", &format!("/scan/{number}")).expect("sent");
        io::copy(&mut stream, &mut io::sink()).expect("an answer");
    }
    let routes = page(&monitor).labels_of("ml_inference_requests_total", "route");
    assert!(routes.iter().all(|route| !route.contains("scan")), "{routes:?}");
}
