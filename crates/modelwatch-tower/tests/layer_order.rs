//! What changes with the layers around and inside, as the page of the crate says.

use std::convert::Infallible;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use modelwatch::{Format, Monitor, TraceId};
use modelwatch_testkit::MetricsPage;
use modelwatch_tower::InferenceLayer;
use tokio::time::sleep;
use tower::layer::util::Identity;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

const SLOW: Duration = Duration::from_millis(50);

/// Answers after a while.
async fn slow(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    sleep(SLOW).await;
    Ok(Response::new(Full::from("0.82 ".repeat(100))))
}

struct Seen {
    page: MetricsPage,
    /// Whether a span was open where a request ended.
    traced: bool,
}

impl Seen {
    fn requests(&self) -> Vec<(String, u64)> {
        let requests = self.page.requests().into_iter();
        requests.map(|((_, _, status), count)| (status, count)).collect()
    }

    fn latency(&self) -> f64 {
        self.page.sum("ml_inference_latency_seconds_sum", &[])
    }
}

/// Lets spans be recorded, in the whole program.
///
/// A subscriber of one thread won't do: `tracing` remembers for each call site whether anybody listens, and a test beside it that
/// comes first to a call site with no subscriber would answer "nobody" for all.
fn record_spans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(tracing_subscriber::registry()).expect("the only one"));
}

/// Sends so many requests at once to a service in which the layer stands between two others.
macro_rules! seen {
    ($outside:expr, $inside:expr, $requests:expr) => {{
        record_spans();
        let current_span = || TraceId::try_from(u128::from(tracing::Span::current().id()?.into_u64())).ok();
        let monitor = Monitor::builder().trace_id(current_span).build().expect("valid");
        let model = monitor.model("m", "1").register().expect("valid");
        let service = ServiceBuilder::new()
            .layer($outside)
            .layer(InferenceLayer::new(&model).route("predict"))
            .layer($inside)
            .service(service_fn(slow));
        at_once(service, $requests).await;
        let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
        assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0);
        let traced = monitor.encode(Format::OpenMetricsText);
        let traced = std::str::from_utf8(&traced).expect("UTF-8").contains("# {trace_id=");
        Seen { page, traced }
    }};
}

async fn at_once<S, B>(service: S, requests: usize)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    let tasks: Vec<_> = (0..requests)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move {
                let request = Request::builder().header("accept-encoding", "gzip");
                let request = request.body(Full::default()).expect("valid");
                if let Ok(response) = service.oneshot(request).await {
                    drop(response.into_body().collect().await);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

fn counts(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
    pairs
        .iter()
        .map(|(status, count)| ((*status).to_owned(), *count))
        .collect()
}

#[tokio::test]
async fn a_timeout_outside_cancels_and_one_inside_is_an_error() {
    let short = || TimeoutLayer::new(SLOW / 5);
    assert_eq!(
        seen!(short(), Identity::new(), 3).requests(),
        counts(&[("cancelled", 3)])
    );
    assert_eq!(seen!(Identity::new(), short(), 3).requests(), counts(&[("error", 3)]));
}

#[tokio::test]
async fn a_timeout_that_answers_counts_by_its_answer_inside_and_as_cancelled_outside() {
    let short = |code| tower_http::timeout::TimeoutLayer::with_status_code(code, SLOW / 5);
    for (code, inside) in [
        (StatusCode::REQUEST_TIMEOUT, "client_error"),
        (StatusCode::SERVICE_UNAVAILABLE, "error"),
    ] {
        let outside = seen!(short(code), Identity::new(), 3);
        assert_eq!(outside.requests(), counts(&[("cancelled", 3)]));
        let seen = seen!(Identity::new(), short(code), 3);
        assert_eq!(seen.requests(), counts(&[(inside, 3)]));
    }
}

#[tokio::test]
async fn the_span_of_a_trace_layer_outside_is_open_where_a_request_ends() {
    assert!(seen!(TraceLayer::new_for_http(), Identity::new(), 1).traced);
    assert!(!seen!(Identity::new(), TraceLayer::new_for_http(), 1).traced);
}

#[tokio::test]
async fn what_is_shed_outside_is_not_counted_and_what_is_shed_inside_is_an_error() {
    let one_at_a_time = || {
        ServiceBuilder::new()
            .layer(LoadShedLayer::new())
            .layer(ConcurrencyLimitLayer::new(1))
            .into_inner()
    };
    assert_eq!(
        seen!(one_at_a_time(), Identity::new(), 3).requests(),
        counts(&[("success", 1)])
    );
    let inside = seen!(Identity::new(), one_at_a_time(), 3).requests();
    assert_eq!(inside, counts(&[("error", 2), ("success", 1)]));
}

#[tokio::test]
async fn waiting_for_a_concurrency_limit_is_in_no_latency_on_either_side() {
    // A limit makes callers wait until the service is ready, and a request begins when it is called.
    let limit = || ConcurrencyLimitLayer::new(1);
    for seen in [seen!(limit(), Identity::new(), 3), seen!(Identity::new(), limit(), 3)] {
        assert_eq!(seen.requests(), counts(&[("success", 3)]));
        let (least, waited) = (3.0 * SLOW.as_secs_f64(), 6.0 * SLOW.as_secs_f64());
        assert!((least..waited).contains(&seen.latency()), "{} s", seen.latency());
    }
}

#[tokio::test]
async fn tracing_and_compression_count_once_on_either_side() {
    for seen in [
        seen!(TraceLayer::new_for_http(), Identity::new(), 3),
        seen!(Identity::new(), TraceLayer::new_for_http(), 3),
        seen!(CompressionLayer::new(), Identity::new(), 3),
        seen!(Identity::new(), CompressionLayer::new(), 3),
    ] {
        assert_eq!(seen.requests(), counts(&[("success", 3)]));
        assert!(seen.latency() >= 3.0 * SLOW.as_secs_f64());
    }
}
