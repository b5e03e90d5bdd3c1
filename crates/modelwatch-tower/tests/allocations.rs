//! A request through the layer allocates nothing that it would not allocate without it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use modelwatch::{Monitor, Serving};
use modelwatch_tower::InferenceLayer;
use tower::{Layer, Service, service_fn};

/// Sends requests and reads their answers to the end.
fn send<S, B>(service: &mut S, requests: usize)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..requests {
        let answer = pin!(service.call(Request::new(()))).as_mut().poll(&mut context);
        let Poll::Ready(Ok(response)) = answer else {
            panic!("not ready")
        };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            assert!(frame.is_ok());
        }
    }
}

#[test]
fn neither_a_fixed_model_nor_one_already_seen_allocates() {
    let answer = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("0.82")))));
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    let fixed = InferenceLayer::new(&model).route("predict");
    let resolver = monitor.clone();
    let chosen = InferenceLayer::per_request(move |_: &Request<()>| Some(resolver.resolve("m", "2")));
    let mut bare = answer;
    let mut fixed = fixed.layer(answer);
    let mut chosen = chosen.route("predict").layer(answer);
    send(&mut bare, 1);
    send(&mut fixed, 1);
    send(&mut chosen, 1);
    assert_eq!(
        measure(|| send(&mut bare, 1000)).count_total,
        0,
        "what it is compared with"
    );
    assert_eq!(measure(|| send(&mut fixed, 1000)).count_total, 0, "a fixed model");
    assert_eq!(
        measure(|| send(&mut chosen, 1000)).count_total,
        0,
        "a model already seen"
    );
}

#[test]
fn a_choice_before_the_work_allocates_nothing_once_a_thread_has_chosen() {
    let monitor = Monitor::new();
    let stable = monitor.model("m", "1").register().expect("valid");
    let canary = monitor.model("m", "2").register().expect("valid");
    let chooses = service_fn(move |_: Request<()>| {
        Serving::current().by(&canary);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("0.82"))))
    });
    let mut service = InferenceLayer::new(&stable).route("predict").layer(chooses);
    send(&mut service, 1);
    assert_eq!(measure(|| send(&mut service, 1000)).count_total, 0);
}

/// Somebody has the handle for as long as the request goes on, and longer.
#[test]
fn a_handle_that_is_kept_is_one_allocation() {
    let monitor = Monitor::new();
    let stable = monitor.model("m", "1").register().expect("valid");
    let canary = monitor.model("m", "2").register().expect("valid");
    let kept = RefCell::new(Vec::with_capacity(1001));
    let keeps = service_fn(|_: Request<()>| {
        let serving = Serving::current();
        serving.by(&canary);
        kept.borrow_mut().push(serving);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("0.82"))))
    });
    let mut service = InferenceLayer::new(&stable).route("predict").layer(keeps);
    send(&mut service, 1);
    assert_eq!(measure(|| send(&mut service, 1000)).count_total, 1000);
}
