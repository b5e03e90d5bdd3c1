//! What the README says of axum-prometheus and of modelwatch: the same three requests to the same service.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use axum_prometheus::PrometheusMetricLayer;
use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::BodyExt;
use modelwatch::{Format, Monitor};
use modelwatch_tower::InferenceLayer;
use tower::ServiceExt;

const STREAM: Duration = Duration::from_millis(300);

/// A body whose only frame takes its time.
struct Late(Option<Pin<Box<tokio::time::Sleep>>>);

impl http_body::Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(sleep) = &mut self.0 else {
            return Poll::Ready(None);
        };
        ready!(sleep.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"0.82")))))
    }
}

fn service() -> Router {
    let stream = async || Body::new(Late(Some(Box::pin(tokio::time::sleep(STREAM)))));
    Router::new()
        .route("/stream", get(stream))
        .route("/slow", get(std::future::pending::<&'static str>))
}

/// A streamed answer, a request whose client goes away, and a path that a scanner made up.
async fn visit(service: Router) {
    let get = |path| Request::get(path).body(Body::empty()).expect("valid");
    let streamed = service.clone().oneshot(get("/stream")).await.expect("infallible");
    streamed.into_body().collect().await.expect("whole");
    let left = tokio::time::timeout(Duration::from_millis(20), service.clone().oneshot(get("/slow"))).await;
    left.expect_err("nobody waits so long");
    let stranger = service.oneshot(get("/wp-login/7f3a")).await.expect("infallible");
    stranger.into_body().collect().await.expect("whole");
}

/// The sum of a page's samples whose lines begin so and hold these parts.
fn sum(page: &str, name: &str, parts: &[&str]) -> f64 {
    let lines = page
        .lines()
        .filter(|line| line.starts_with(name) && parts.iter().all(|part| line.contains(part)));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[tokio::test]
async fn modelwatch_times_the_stream_counts_the_cancel_and_folds_the_stranger() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    visit(service().layer(InferenceLayer::new(&model))).await;
    let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
    assert!(sum(&page, "ml_inference_latency_seconds_sum", &["/stream"]) >= STREAM.as_secs_f64());
    assert_eq!(sum(&page, "ml_inference_requests_total", &["/slow", "cancelled"]), 1.0);
    assert_eq!(
        sum(&page, "ml_inference_requests_total", &["__unmatched__", "client_error"]),
        1.0
    );
    assert!(!page.contains("wp-login"));
}

#[tokio::test]
async fn axum_prometheus_does_none_of_it_as_it_comes() {
    let (layer, handle) = PrometheusMetricLayer::pair();
    visit(service().layer(layer)).await;
    let page = handle.render();
    assert!(sum(&page, "axum_http_requests_duration_seconds_sum", &["/stream"]) < STREAM.as_secs_f64() / 2.0);
    // The request that was cancelled has begun, and never ends in any count.
    assert_eq!(sum(&page, "axum_http_requests_duration_seconds_count", &["/slow"]), 0.0);
    assert_eq!(sum(&page, "axum_http_requests_total", &["/wp-login/7f3a"]), 1.0);
}
