//! The layer in an axum application, over a real socket.
#![cfg(feature = "axum")]

use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use modelwatch::{Format, Model, Monitor};
use modelwatch_testkit::{HttpResponse, MetricsPage, http_get, openmetrics_strict, protobuf_decode};
use modelwatch_tower::{InferenceLayer, ServedBy, UNMATCHED, metrics_route};

struct App {
    monitor: Monitor,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl App {
    fn serve(router: impl FnOnce(&Monitor, Model) -> Router) -> Self {
        let monitor = Monitor::new();
        let model = monitor.model("claims-risk", "1").register().expect("a valid model");
        let router = router(&monitor, model);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(axum::serve(listener, router).into_future());
        Self {
            monitor,
            address,
            _runtime: runtime,
        }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> HttpResponse {
        http_get(self.address, path, headers).expect("an answer")
    }

    fn page(&self) -> MetricsPage {
        MetricsPage::parse(&self.monitor.encode(Format::PrometheusText))
    }
}

#[test]
fn routes_are_patterns_and_strangers_share_one() {
    let app = App::serve(|_, model| {
        Router::new()
            .route("/predict", post(async || "0.5").get(async || "0.5"))
            .nest("/models", Router::new().route("/{name}/score", get(async || "0.5")))
            .layer(InferenceLayer::new(&model))
    });
    for path in [
        "/predict",
        "/models/a/score",
        "/models/b/score",
        "/wp-admin.php",
        "/a/b/c",
        "/models/a/other",
    ] {
        app.get(path, &[]);
    }
    app.page().assert_counted(&[
        ("/predict", "1", "success", 1),
        ("/models/{name}/score", "1", "success", 2),
        (UNMATCHED, "1", "client_error", 3),
    ]);
}

#[test]
fn a_handler_says_late_which_version_served() {
    let app = App::serve(|monitor, stable| {
        let canary = monitor.model("claims-risk", "2").register().expect("a valid model");
        Router::new()
            .route(
                "/predict",
                get(async |State(canary): State<Model>| (ServedBy(canary), "0.5")),
            )
            .layer(InferenceLayer::new(&stable))
            .with_state(canary)
    });
    app.get("/predict", &[]);
    app.page().assert_counted(&[("/predict", "2", "success", 1)]);
}

#[test]
fn a_panicking_handler_is_an_error() {
    let app = App::serve(|_, model| {
        let panics = async || -> &'static str { panic!("in the handler") };
        Router::new()
            .route("/predict", get(panics))
            .layer(InferenceLayer::new(&model))
    });
    // The connection just ends, maybe before the runtime has dropped the handler.
    let _ = http_get(app.address, "/predict", &[]);
    let deadline = Instant::now() + Duration::from_secs(5);
    while app.page().requests().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    app.page().assert_counted(&[("/predict", "1", "error", 1)]);
}

#[test]
fn judged_the_page_is_in_the_format_and_coding_asked_for() {
    let app = App::serve(|monitor, model| {
        Router::new()
            .route("/predict", get(async || "0.5"))
            .layer(InferenceLayer::new(&model))
            .route("/metrics", metrics_route(monitor))
    });
    app.get("/predict", &[]);
    let default = app.get("/metrics", &[]);
    assert_eq!(
        default.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(default.header("vary"), Some("accept, accept-encoding"));
    // A scrape is no inference.
    MetricsPage::parse(&default.body).assert_counted(&[("/predict", "1", "success", 1)]);

    let open_metrics = app.get("/metrics", &[("accept", "application/openmetrics-text;version=1.0.0")]);
    openmetrics_strict(&open_metrics.body).expect("OpenMetrics");

    let zipped = app.get(
        "/metrics",
        &[
            (
                "accept",
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
            ),
            ("accept-encoding", "gzip"),
        ],
    );
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&*zipped.body)
        .read_to_end(&mut body)
        .expect("gzip");
    protobuf_decode(&body).expect("protobuf");
}
