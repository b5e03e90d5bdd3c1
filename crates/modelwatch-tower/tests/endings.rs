//! Every way a request can end, at a bare tower service: counted once, in the right status, nothing left in flight.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use modelwatch::{Limits, Model, Monitor, Status};
use modelwatch_testkit::{MetricsPage, page};
use modelwatch_tower::{InferenceLayer, InferenceService, ServedBy, UNMATCHED};
use tower::{Layer, Service, ServiceExt, service_fn};

fn monitor() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "1").register().expect("a valid model");
    (monitor, model)
}

fn layer(model: &Model) -> InferenceLayer {
    InferenceLayer::new(model).route("predict")
}

/// A body that does what it is told, frame by frame, and then ends.
struct Script(Vec<Step>);

enum Step {
    Data(&'static str),
    Trailers(&'static [(&'static str, &'static str)]),
    Error,
    Panic,
    Pending,
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match self.0.remove(0) {
            Step::Data(data) => Ok(Frame::data(Bytes::from_static(data.as_bytes()))),
            Step::Trailers(trailers) => {
                let parse = |(name, value): &(&'static str, &'static str)| {
                    (
                        http::HeaderName::from_static(name),
                        http::HeaderValue::from_static(value),
                    )
                };
                Ok(Frame::trailers(trailers.iter().map(parse).collect::<HeaderMap>()))
            }
            Step::Error => Err(io::Error::other("broken")),
            Step::Panic => panic!("in the body"),
            Step::Pending => return Poll::Pending,
        }))
    }
}

/// Answers with what `answer` makes, and reads its body to the end as far as it goes.
fn answered<B>(answer: impl Fn() -> Response<B>) -> MetricsPage
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    let (monitor, model) = monitor();
    let service = layer(&model).layer(service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(answer()))));
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let response = poll_once(service.oneshot(Request::new(())))
            .expect("ready")
            .expect("infallible");
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {}
    }));
    drop(ended);
    page(&monitor)
}

fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn with_status(code: u16) -> Response<Full<Bytes>> {
    Response::builder()
        .status(code)
        .body(Full::from("answer"))
        .expect("a valid response")
}

fn grpc(headers: &[(&str, &str)], steps: Vec<Step>) -> Response<Script> {
    let head = Response::builder().header("content-type", "application/grpc+proto");
    let head = headers
        .iter()
        .fold(head, |head, (name, value)| head.header(*name, *value));
    head.body(Script(steps)).expect("a valid response")
}

#[test]
fn an_answer_counts_by_its_status_code() {
    let families = [
        (100, "success"),
        (200, "success"),
        (204, "success"),
        (302, "success"),
        (400, "client_error"),
        (404, "client_error"),
        (429, "client_error"),
        (499, "client_error"),
        (500, "error"),
        (503, "error"),
        (599, "error"),
        (600, "success"),
    ];
    for (code, status) in families {
        answered(|| with_status(code)).assert_counted(&[("predict", "1", status, 1)]);
    }
}

#[test]
fn a_body_decides_the_end_of_its_request() {
    let steps = |steps: fn() -> Vec<Step>| answered(move || Response::new(Script(steps())));
    steps(Vec::new).assert_counted(&[("predict", "1", "success", 1)]);
    steps(|| vec![Step::Data("a"), Step::Data("b")]).assert_counted(&[("predict", "1", "success", 1)]);
    steps(|| vec![Step::Trailers(&[("digest", "x")])]).assert_counted(&[("predict", "1", "success", 1)]);
    steps(|| vec![Step::Data("a"), Step::Error]).assert_counted(&[("predict", "1", "error", 1)]);
    steps(|| vec![Step::Data("a"), Step::Panic]).assert_counted(&[("predict", "1", "error", 1)]);
    // Dropped while it waits for more.
    steps(|| vec![Step::Data("a"), Step::Pending]).assert_counted(&[("predict", "1", "cancelled", 1)]);
    steps(|| vec![Step::Pending]).assert_counted(&[("predict", "1", "cancelled", 1)]);
}

#[test]
fn a_body_of_announced_length_is_whole_at_its_last_byte() {
    // A server stops asking there, and drops the body before its end is seen.
    let announced = |length: &'static str| {
        answered(move || {
            let body = Script(vec![Step::Data("abc"), Step::Data("de"), Step::Pending]);
            Response::builder()
                .header("content-length", length)
                .body(body)
                .expect("a valid response")
        })
    };
    announced("5").assert_counted(&[("predict", "1", "success", 1)]);
    announced("6").assert_counted(&[("predict", "1", "cancelled", 1)]);
}

#[test]
fn a_grpc_call_counts_by_its_code_wherever_it_stands() {
    let codes = [
        ("0", "success"),
        ("1", "cancelled"),
        ("2", "error"),
        ("3", "client_error"),
        ("4", "error"),
        ("5", "client_error"),
        ("6", "client_error"),
        ("7", "client_error"),
        ("8", "error"),
        ("9", "client_error"),
        ("10", "error"),
        ("11", "client_error"),
        ("12", "client_error"),
        ("13", "error"),
        ("14", "error"),
        ("15", "error"),
        ("16", "client_error"),
        ("17", "error"),
        ("nonsense", "error"),
    ];
    for (code, status) in codes {
        // Trailers-only: the code is in the headers and there is no body.
        answered(|| grpc(&[("grpc-status", code)], vec![])).assert_counted(&[("predict", "1", status, 1)]);
        let trailers: &'static [_] = vec![("grpc-status", code)].leak();
        answered(|| grpc(&[], vec![Step::Data("message"), Step::Trailers(trailers)]))
            .assert_counted(&[("predict", "1", status, 1)]);
    }
    // What tonic says of a message decides where the code blames the wrong side.
    let messages = [
        (
            "8",
            "Error%20decompressing: size limit, of 4194304 bytes, exceeded",
            "client_error",
        ),
        ("8", "no room", "error"),
        (
            "11",
            "Error, decoded message length too large: found 9 bytes",
            "client_error",
        ),
        ("11", "Error, encoded message length too large: found 9 bytes", "error"),
        ("13", "Error decompressing: corrupt", "client_error"),
        ("13", "tonic-web: malformed base64 request", "client_error"),
        ("13", "the database says: failed to decode Protobuf message", "error"),
        ("14", "Error decompressing: corrupt", "error"),
    ];
    for (code, message, status) in messages {
        answered(|| grpc(&[("grpc-status", code), ("grpc-message", message)], vec![]))
            .assert_counted(&[("predict", "1", status, 1)]);
    }
    // Without a code nobody knows, which gRPC calls UNKNOWN.
    answered(|| grpc(&[], vec![Step::Data("message")])).assert_counted(&[("predict", "1", "error", 1)]);
    answered(|| grpc(&[], vec![Step::Data("message"), Step::Pending])).assert_counted(&[(
        "predict",
        "1",
        "cancelled",
        1,
    )]);
}

#[test]
fn a_head_request_ends_with_its_head() {
    let (monitor, model) = monitor();
    let service = layer(&model).layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Script(vec![Step::Data(
            "never read",
        )]))))
    }));
    let request = Request::builder()
        .method(Method::HEAD)
        .body(())
        .expect("a valid request");
    drop(poll_once(service.oneshot(request)));
    page(&monitor).assert_counted(&[("predict", "1", "success", 1)]);
}

#[test]
fn an_error_value_is_an_error() {
    let (monitor, model) = monitor();
    let fails = service_fn(|_: Request<()>| ready(Err::<Response<Empty<Bytes>>, _>(io::Error::other("no model"))));
    let error = poll_once(layer(&model).layer(fails).oneshot(Request::new(()))).expect("ready");
    assert_eq!(error.expect_err("the service's own error").to_string(), "no model");
    page(&monitor).assert_counted(&[("predict", "1", "error", 1)]);
}

#[test]
fn a_future_dropped_before_its_answer_is_cancelled() {
    let (monitor, model) = monitor();
    let waits = layer(&model).layer(service_fn(|_: Request<()>| {
        pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    }));
    let mut answer = Box::pin(waits.clone().oneshot(Request::new(())));
    assert!(poll_once(answer.as_mut()).is_none());
    assert_eq!(page(&monitor).sum("ml_inference_in_flight", &[]), 1.0);
    drop(answer);
    // Never polled at all.
    drop(waits.clone().call(Request::new(())));
    page(&monitor).assert_counted(&[("predict", "1", "cancelled", 2)]);
}

#[test]
fn a_panic_is_an_error_wherever_it_is() {
    let (monitor, model) = monitor();
    let in_call = layer(&model).layer(service_fn(|request: Request<()>| {
        assert!(request.headers().contains_key("x-absent"), "in the call");
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    }));
    let in_future = layer(&model).layer(service_fn(async |request: Request<()>| {
        assert!(request.headers().contains_key("x-absent"), "in the future");
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    catch_unwind(AssertUnwindSafe(|| poll_once(in_call.oneshot(Request::new(()))))).expect_err("a panic");
    catch_unwind(AssertUnwindSafe(|| {
        poll_once(in_future.clone().oneshot(Request::new(())))
    }))
    .expect_err("a panic");
    // As a runtime does: it catches the panic and drops the future afterwards.
    let mut future = Box::pin(in_future.oneshot(Request::new(())));
    catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()))).expect_err("a panic");
    drop(future);
    page(&monitor).assert_counted(&[("predict", "1", "error", 3)]);
}

/// Fails before it takes a request.
#[derive(Clone)]
struct NeverReady;

impl Service<Request<()>> for NeverReady {
    type Response = Response<Empty<Bytes>>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("worker gone")))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        unreachable!("never ready")
    }
}

#[test]
fn a_service_that_fails_to_get_ready_is_an_error_without_latency() {
    let (monitor, model) = monitor();
    let error = poll_once(layer(&model).layer(NeverReady).oneshot(Request::new(()))).expect("ready");
    assert_eq!(error.expect_err("the service's own error").to_string(), "worker gone");
    let page = page(&monitor);
    page.assert_counted(&[("predict", "1", "error", 1)]);
    assert_eq!(page.sum("ml_inference_latency_seconds_sum", &[]), 0.0);
}

#[test]
fn a_service_that_is_not_ready_yet_counts_nothing() {
    let (monitor, model) = monitor();
    let busy = tower::limit::ConcurrencyLimit::new(
        service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))),
        1,
    );
    let mut first = layer(&model).layer(busy);
    assert!(poll_once(first.ready()).is_some());
    let mut second = first.clone();
    assert!(poll_once(second.ready()).is_none());
    page(&monitor).assert_counted(&[]);
}

#[test]
fn a_classifier_decides_about_heads_and_nothing_else() {
    let (monitor, model) = monitor();
    let strict = layer(&model).classify(|head| {
        if head.status == 404 {
            Status::Error
        } else {
            Status::Success
        }
    });
    let answers = |code: u16| service_fn(move |_: Request<()>| ready(Ok::<_, Infallible>(with_status(code))));
    for code in [200, 404, 500] {
        let response = poll_once(strict.layer(answers(code)).oneshot(Request::new(()))).expect("ready");
        poll_once(response.expect("infallible").into_body().collect())
            .expect("whole")
            .expect("infallible");
    }
    let waits = strict.layer(service_fn(|_: Request<()>| {
        pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    }));
    drop(waits.clone().call(Request::new(())));
    page(&monitor).assert_counted(&[
        ("predict", "1", "success", 2),
        ("predict", "1", "error", 1),
        ("predict", "1", "cancelled", 1),
    ]);
}

#[test]
fn a_request_counts_for_the_version_that_served_it() {
    let (monitor, stable) = monitor();
    let canary = monitor.model("claims-risk", "2").register().expect("a valid model");
    let late = canary.clone();
    let router = layer(&stable).layer(service_fn(move |request: Request<u32>| {
        let mut response = Response::new(Full::<Bytes>::from("0.5"));
        if request.into_body() % 10 == 0 {
            response.extensions_mut().insert(ServedBy(late.clone()));
        }
        ready(Ok::<_, Infallible>(response))
    }));
    for number in 0..100 {
        let response = poll_once(router.clone().oneshot(Request::new(number)))
            .expect("ready")
            .expect("infallible");
        poll_once(response.into_body().collect());
    }
    page(&monitor).assert_counted(&[("predict", "1", "success", 90), ("predict", "2", "success", 10)]);
}

#[test]
fn a_request_names_its_model_and_an_unnamed_one_falls_back() {
    let (monitor, stable) = monitor();
    let resolver = monitor.clone();
    let by_body = InferenceLayer::per_request(move |request: &Request<Option<&'static str>>| {
        request.body().map(|version| resolver.resolve("claims-risk", version))
    })
    .otherwise(&stable);
    let answers =
        service_fn(|_: Request<Option<&'static str>>| ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))));
    let service = by_body.clone().layer(answers);
    for version in [Some("1"), Some("2"), None, Some("2")] {
        poll_once(service.clone().oneshot(Request::new(version)));
    }
    poll_once(by_body.route("score").layer(answers).oneshot(Request::new(Some("2"))));
    page(&monitor).assert_counted(&[
        (UNMATCHED, "1", "success", 2),
        (UNMATCHED, "2", "success", 2),
        ("score", "2", "success", 1),
    ]);
}

#[test]
fn latency_runs_to_the_end_of_the_body() {
    let (monitor, model) = monitor();
    let streams = layer(&model).layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Script(vec![
            Step::Data("a"),
            Step::Data("b"),
        ]))))
    }));
    let started = Instant::now();
    let response = poll_once(streams.oneshot(Request::new(())))
        .expect("ready")
        .expect("infallible");
    std::thread::sleep(Duration::from_millis(60));
    poll_once(response.into_body().collect())
        .expect("ready")
        .expect("whole");
    let most = started.elapsed().as_secs_f64();
    let latency = page(&monitor).sum("ml_inference_latency_seconds_sum", &[]);
    assert!(
        (0.06..=most).contains(&latency),
        "{latency} s, where a stopwatch saw {most} s"
    );
}

#[test]
fn what_the_body_says_of_itself_is_passed_on() {
    let (_, model) = monitor();
    let service = layer(&model).layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("12345"))))
    }));
    let response = poll_once(service.oneshot(Request::new(())))
        .expect("ready")
        .expect("infallible");
    assert_eq!(response.body().size_hint().exact(), SizeHint::with_exact(5).exact());
    assert!(!response.body().is_end_stream());
}

#[test]
fn layered_services_stay_send_sync_and_clone() {
    fn check<T: Send + Sync + Clone>(_: &T) {}
    let (_, model) = monitor();
    let service: InferenceService<_> = layer(&model).layer(NeverReady);
    check(&service);
}

/// Asks with a method for an answer whose body nobody reads.
fn unread(method: Method, code: u16) -> MetricsPage {
    let (monitor, model) = monitor();
    let service = layer(&model).layer(service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(with_status(code)))
    }));
    let request = Request::builder().method(method).body(()).expect("a valid request");
    drop(poll_once(service.oneshot(request)));
    page(&monitor)
}

#[test]
fn a_body_nobody_reads_counts_by_its_head_unless_that_is_a_success() {
    for (code, status) in [
        (101, "success"),
        (200, "cancelled"),
        (204, "success"),
        (206, "cancelled"),
        (304, "success"),
        (302, "cancelled"),
        (404, "client_error"),
        (429, "client_error"),
        (500, "error"),
        (503, "error"),
    ] {
        unread(Method::POST, code).assert_counted(&[("predict", "1", status, 1)]);
        let head_only = if status == "cancelled" { "success" } else { status };
        unread(Method::HEAD, code).assert_counted(&[("predict", "1", head_only, 1)]);
    }
}

#[test]
fn a_connection_that_goes_on_as_something_else_ends_with_its_head() {
    unread(Method::CONNECT, 200).assert_counted(&[("predict", "1", "success", 1)]);
    unread(Method::CONNECT, 407).assert_counted(&[("predict", "1", "client_error", 1)]);
}

#[test]
fn a_body_of_another_length_than_announced_is_an_error() {
    let announced = |length: &'static str, steps: fn() -> Vec<Step>| {
        answered(move || {
            let head = Response::builder().header("content-length", length);
            head.body(Script(steps())).expect("a valid response")
        })
    };
    let five = || vec![Step::Data("abc"), Step::Data("de")];
    announced("5", five).assert_counted(&[("predict", "1", "success", 1)]);
    announced("6", five).assert_counted(&[("predict", "1", "error", 1)]);
    announced("4", five).assert_counted(&[("predict", "1", "error", 1)]);
    announced("1", Vec::new).assert_counted(&[("predict", "1", "error", 1)]);
    announced("0", Vec::new).assert_counted(&[("predict", "1", "success", 1)]);
    announced("nonsense", five).assert_counted(&[("predict", "1", "success", 1)]);
    let early = || vec![Step::Data("abc"), Step::Trailers(&[("digest", "x")])];
    announced("5", early).assert_counted(&[("predict", "1", "error", 1)]);
    // The head goes before what the body says of itself: it is what clients are told.
    answered(|| {
        let head = Response::builder().header("content-length", "10");
        head.body(Full::<Bytes>::from("12345")).expect("a valid response")
    })
    .assert_counted(&[("predict", "1", "error", 1)]);
}

#[test]
fn a_panicking_classifier_is_an_error() {
    let (monitor, model) = monitor();
    let broken = layer(&model).classify(|_| panic!("in the classifier"));
    let service = broken.layer(service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(with_status(200)))
    }));
    let mut future = Box::pin(service.oneshot(Request::new(())));
    catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()))).expect_err("a panic");
    drop(future);
    page(&monitor).assert_counted(&[("predict", "1", "error", 1)]);
}

#[test]
fn a_layer_inside_of_another_is_the_one_that_is_chosen_for() {
    let (monitor, outer) = monitor();
    let register = |version| monitor.model("claims-risk", version).register().expect("a valid model");
    let (inner, canary) = (register("2"), register("3"));
    let chooses = service_fn(move |_: Request<()>| {
        modelwatch::Serving::current().by(&canary);
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let service = layer(&outer).layer(layer(&inner).layer(chooses));
    poll_once(service.oneshot(Request::new(())))
        .expect("ready")
        .expect("infallible");
    page(&monitor).assert_counted(&[("predict", "1", "success", 1), ("predict", "3", "success", 1)]);
}

#[test]
fn a_choice_after_the_end_changes_nothing() {
    let (monitor, stable) = monitor();
    let canary = monitor.model("claims-risk", "2").register().expect("a valid model");
    let kept = std::sync::Arc::new(std::sync::Mutex::new(None));
    let keeps = kept.clone();
    let service = layer(&stable).layer(service_fn(move |_: Request<()>| {
        *keeps.lock().expect("nobody panics") = Some(modelwatch::Serving::current());
        pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    }));
    let mut answer = Box::pin(service.oneshot(Request::new(())));
    assert!(poll_once(answer.as_mut()).is_none());
    drop(answer);
    // Somebody has the handle still, and nothing is in flight for it.
    page(&monitor).assert_counted(&[("predict", "1", "cancelled", 1)]);
    kept.lock().expect("nobody panics").take().expect("kept").by(&canary);
    page(&monitor).assert_counted(&[("predict", "1", "cancelled", 1)]);
}

/// Whoever gives the layer a name declares it.
#[test]
fn a_name_given_to_the_layer_has_its_place_whatever_requests_brought() {
    let limits = Limits::new().routes_per_version(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("claims-risk", "1").register().expect("a valid model");
    ["a", "b", "c"].iter().for_each(|name| drop(model.route(name)));
    let select = |_: &Request<()>| None;
    drop(InferenceLayer::new(&model).route("predict"));
    drop(InferenceLayer::per_request(select).route("score").otherwise(&model));
    let page = page(&monitor);
    for name in ["predict", "score"] {
        assert!(
            page.labels_of("ml_inference_requests_total", "route").contains(name),
            "{name}"
        );
    }
    // There is no room for a third, and it is counted all the same.
    let third = InferenceLayer::new(&model).route("third");
    let answers = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(with_status(200))));
    drop(poll_once(third.layer(answers).oneshot(Request::new(()))));
    assert_eq!(self::page(&monitor).all_requests(), 1);
}
