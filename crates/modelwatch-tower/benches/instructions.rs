//! Instructions of a request through the layer, counted by callgrind: a figure that does not depend on the machine's mood.
//!
//! `cargo bench -p modelwatch-tower --bench instructions` fails when a path takes a tenth more than `instructions.txt` beside
//! this file says; with `-- --update` it writes the file. `bare` is the service without a layer.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use modelwatch::{Monitor, Serving};
use modelwatch_testkit::compare_instructions;
use modelwatch_tower::InferenceLayer;
use tower::{Layer, Service, service_fn};

const PATHS: [&str; 5] = ["bare", "one_model", "per_request", "cloned", "chosen_early"];
const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

fn main() -> Result<(), Box<dyn Error>> {
    compare_instructions(FIGURES, &PATHS, repeat)
}

fn answer(_: Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::from("0.82"))))
}

/// One request, its answer read to the end.
fn drive<S, B>(service: &mut S)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    let mut context = Context::from_waker(Waker::noop());
    let answer = pin!(service.call(Request::new(()))).as_mut().poll(&mut context);
    let Poll::Ready(Ok(response)) = answer else {
        return;
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut context) {}
}

fn repeat(path: &str, times: u64) -> Result<(), Box<dyn Error>> {
    let monitor = Monitor::new();
    let stable = monitor.model("claims-risk", "2026-04-01").register()?;
    let canary = monitor.model("claims-risk", "2026-05-01").register()?;
    let layer = InferenceLayer::new(&stable).route("predict");
    match path {
        "bare" => {
            let mut service = service_fn(answer);
            (0..times).for_each(|_| drive(&mut service));
        }
        "one_model" => {
            let mut service = layer.layer(service_fn(answer));
            (0..times).for_each(|_| drive(&mut service));
        }
        "per_request" => {
            let finder = monitor.clone();
            let select = move |_: &Request<()>| finder.find("claims-risk", "2026-05-01");
            let layer = InferenceLayer::per_request(select).route("predict");
            let mut service = layer.layer(service_fn(answer));
            (0..times).for_each(|_| drive(&mut service));
        }
        "cloned" => {
            let service = layer.layer(service_fn(answer));
            (0..times).for_each(|_| drive(&mut service.clone()));
        }
        "chosen_early" => {
            let mut service = layer.layer(service_fn(move |request| {
                Serving::current().by(&canary);
                answer(request)
            }));
            (0..times).for_each(|_| drive(&mut service));
        }
        unknown => return Err(format!("no path {unknown:?}; there are {}", PATHS.join(", ")).into()),
    }
    Ok(())
}
