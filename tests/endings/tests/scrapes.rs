//! Pages of metrics while inference takes everything there is, on axum and actix-web over real sockets.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use actix_web::{App, web};
use axum::Router;
use axum::routing::get;
use endings::{model, send, serve, serve_actix};
use modelwatch::Monitor;
use modelwatch_actix::InferenceMiddleware;
use modelwatch_testkit::{MetricsPage, begun, counted, http_request, page_once};
use modelwatch_tower::InferenceLayer;

/// Blocks whoever waits, until it is dropped.
struct Gate(Option<mpsc::Sender<()>>, Arc<Mutex<mpsc::Receiver<()>>>);

impl Gate {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self(Some(sender), Arc::new(Mutex::new(receiver)))
    }

    /// What a handler calls that blocks its thread.
    fn wait(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let receiver = self.1.clone();
        move || {
            // Ends with the sender, for one waiter after the other.
            let _ = receiver.lock().map(|receiver| receiver.recv());
        }
    }

    fn open(&mut self) {
        drop(self.0.take());
    }
}

/// A page that is there while so many requests are in flight, and not after them.
fn scrape_shows_in_flight(address: SocketAddr, requests: f64) {
    let answer = http_request(address, "GET", "/metrics", &[], b"").expect("a page");
    assert_eq!(answer.status, 200);
    let page = MetricsPage::parse(&answer.body);
    assert_eq!(page.sum("ml_inference_in_flight", &[]), requests);
}

#[test]
fn scrapes_wait_for_no_blocking_thread_on_axum() {
    let (monitor, model) = model();
    let mut gate = Gate::new();
    let wait = gate.wait();
    let blocks = async move || {
        let wait = wait.clone();
        tokio::task::spawn_blocking(wait).await.expect("no panic")
    };
    let app = Router::new()
        .route("/predict", get(blocks))
        .route("/metrics", modelwatch_tower::metrics_route(&monitor))
        .layer(InferenceLayer::new(&model));
    let server = serve!(app, 2, 1);
    let clients = [(); 3].map(|()| send(server.address(), "GET", "/predict").expect("sent"));
    begun(&monitor, 3);
    scrape_shows_in_flight(server.address(), 3.0);
    gate.open();
    // Nor does the scrape count, with the layer around its route.
    counted(&monitor, 3).assert_counted(&[("/predict", "1", "success", 3)]);
    drop(clients);
}

#[test]
fn scrapes_of_a_server_of_their_own_wait_for_no_worker_on_axum() {
    let (monitor, model) = model();
    let metrics = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    let mut gate = Gate::new();
    let wait = gate.wait();
    let app = Router::new()
        .route("/predict", get(async move || wait()))
        .layer(InferenceLayer::new(&model));
    let server = serve!(app, 2, 1);
    // The only blocking thread is taken, and each worker as well.
    drop(server.runtime().spawn_blocking(gate.wait()));
    let clients = [(); 4].map(|()| send(server.address(), "GET", "/predict").expect("sent"));
    begun(&monitor, 2);
    scrape_shows_in_flight(metrics.local_addr(), 2.0);
    gate.open();
    counted(&monitor, 4).assert_counted(&[("/predict", "1", "success", 4)]);
    drop(clients);
}

#[test]
fn scrapes_wait_for_no_blocking_thread_on_actix() {
    let (monitor, model) = model();
    let mut gate = Gate::new();
    let (wait, scraped) = (gate.wait(), monitor.clone());
    let server = serve_actix!(
        move || {
            let wait = wait.clone();
            let blocks = move || {
                let wait = wait.clone();
                async { web::block(wait).await.map_or("no", |()| "yes") }
            };
            App::new()
                .wrap(InferenceMiddleware::new(&model))
                .route("/predict", web::get().to(blocks))
                .route("/metrics", modelwatch_actix::metrics_route(&scraped))
        },
        worker_max_blocking_threads(1)
    );
    let clients = [(); 3].map(|()| send(server.address(), "GET", "/predict").expect("sent"));
    begun(&monitor, 3);
    scrape_shows_in_flight(server.address(), 3.0);
    gate.open();
    counted(&monitor, 3).assert_counted(&[("/predict", "1", "success", 3)]);
    drop(clients);
}

#[test]
fn scrapes_of_a_server_of_their_own_wait_for_no_worker_on_actix() {
    let (monitor, model) = model();
    let metrics = modelwatch_actix::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    let mut gate = Gate::new();
    let wait = gate.wait();
    let server = serve_actix!(
        move || {
            let wait = wait.clone();
            let blocks = move || {
                wait();
                async { "0.82" }
            };
            App::new()
                .wrap(InferenceMiddleware::new(&model))
                .route("/predict", web::get().to(blocks))
        },
        worker_max_blocking_threads(1)
    );
    let clients = [(); 2].map(|()| send(server.address(), "GET", "/predict").expect("sent"));
    begun(&monitor, 1);
    scrape_shows_in_flight(metrics.local_addr(), 1.0);
    gate.open();
    counted(&monitor, 2).assert_counted(&[("/predict", "1", "success", 2)]);
    drop(clients);
}

/// A HEAD says what a GET would, and sends none of it.
fn head_is_answered(address: SocketAddr) {
    let head = http_request(address, "HEAD", "/metrics", &[], b"").expect("an answer");
    assert_eq!(head.status, 200);
    assert_eq!(
        head.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert!(head.header("content-length").is_some_and(|length| length != "0"));
    assert_eq!(head.body, b"");
    let post = http_request(address, "POST", "/metrics", &[], b"").expect("an answer");
    assert!([404, 405].contains(&post.status), "{}", post.status);
}

#[test]
fn scrapes_may_ask_for_the_head_alone() {
    let (monitor, _) = model();
    let app = Router::new().route("/metrics", modelwatch_tower::metrics_route(&monitor));
    let axum = serve!(app);
    head_is_answered(axum.address());
    let scraped = monitor.clone();
    let actix = serve_actix!(move || App::new().route("/metrics", modelwatch_actix::metrics_route(&scraped)));
    head_is_answered(actix.address());
    let alone = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    head_is_answered(alone.local_addr());
    let alone = modelwatch_actix::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    head_is_answered(alone.local_addr());
}

#[test]
fn scrapes_go_on_after_a_source_has_panicked() {
    let monitor = Monitor::new();
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let breaks = broken.clone();
    monitor.add_source(move |_| {
        assert!(!breaks.load(std::sync::atomic::Ordering::Relaxed), "in a source");
    });
    let metrics = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    let status = || {
        let answer = http_request(metrics.local_addr(), "GET", "/metrics", &[], b"");
        answer.expect("an answer").status
    };
    assert_eq!(status(), 500);
    broken.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(status(), 200);
}

#[test]
fn scrapes_end_with_the_server_they_ask() {
    let monitor = Monitor::new();
    for _ in 0..2 {
        let metrics = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
        let address = metrics.local_addr();
        drop(metrics);
        http_request(address, "GET", "/metrics", &[], b"").expect_err("nobody serves");
        // The address is free again.
        drop(modelwatch_actix::serve_metrics(address, &monitor).expect("serves"));
        http_request(address, "GET", "/metrics", &[], b"").expect_err("nobody serves");
    }
    let taken = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor).expect("serves");
    modelwatch_tower::serve_metrics(taken.local_addr(), &monitor).expect_err("taken");
    modelwatch_actix::serve_metrics(taken.local_addr(), &monitor).expect_err("taken");
    let _ = page_once(&monitor, "a page", |_| true);
}
