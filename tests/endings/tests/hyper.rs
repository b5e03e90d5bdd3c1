//! The tables against an adapter that somebody else could have written: `examples/hyper`, on the core alone.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use endings::{
    CANARY, Choice, Chunks, FOR_EVER, Last, SLOW, STABLE, TIMEOUT, all_endings_are_counted,
    every_ending_counts_for_the_version_that_was_chosen, model,
};
use example_hyper::Watch;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use modelwatch::{Model, Monitor, Serving};
use modelwatch_testkit::{TokioServer, counted};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;

type Answer = Response<BoxBody<Bytes, io::Error>>;

fn chunks(left: u32, last: Last) -> Answer {
    let chunks = Chunks::new(left, SLOW, last).map(|chunk| chunk.map(Frame::data));
    Response::new(BodyExt::boxed(StreamBody::new(chunks)))
}

fn answer(code: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(text).map_err(|never| match never {}).boxed());
    *answer.status_mut() = code;
    answer
}

async fn never() -> Answer {
    sleep(FOR_EVER).await;
    answer(StatusCode::OK, "never")
}

/// What a server answers that has a page for each ending.
async fn pages(path: &str) -> io::Result<Answer> {
    Ok(match path {
        "/ok" => answer(StatusCode::OK, "fine"),
        "/slow" => {
            sleep(SLOW).await;
            answer(StatusCode::OK, "slow")
        }
        "/client-error" => answer(StatusCode::BAD_REQUEST, "why"),
        "/server-error" => answer(StatusCode::INTERNAL_SERVER_ERROR, "how"),
        "/error-value" => return Err(io::Error::other("broken")),
        "/panic" => panic!("in the handler"),
        "/panic-in-body" => chunks(0, Last::Panic),
        "/broken" => chunks(1, Last::Error),
        "/stream" => chunks(2, Last::End),
        "/endless" => chunks(u32::MAX, Last::End),
        "/empty" => answer(StatusCode::OK, ""),
        "/no-content" => answer(StatusCode::NO_CONTENT, ""),
        "/upgrade" => {
            let mut answer = answer(StatusCode::SWITCHING_PROTOCOLS, "");
            let headers = answer.headers_mut();
            headers.insert("connection", "upgrade".parse().expect("valid"));
            headers.insert("upgrade", "echo".parse().expect("valid"));
            answer
        }
        "/timeout-inside" => timeout(TIMEOUT, never())
            .await
            .unwrap_or_else(|_| answer(StatusCode::GATEWAY_TIMEOUT, "")),
        _ => never().await,
    })
}

/// Serves each connection with a service that `make` makes, which gives up on what ends in `timeout-outside` or `outer-timeout`.
fn serve<S, B>(make: impl Fn() -> S + Send + Sync + 'static) -> TokioServer
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: http_body::Body<Data = Bytes, Error = io::Error> + Send + Sync + 'static,
{
    TokioServer::start(|listener, stopped| async move {
        let accept = async {
            while let Ok((stream, _)) = listener.accept().await {
                let service = make();
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let path = request.uri().path();
                        let limited = path.ends_with("/timeout-outside") || path.ends_with("/outer-timeout");
                        let limit = if limited { TIMEOUT } else { FOR_EVER };
                        let answering = service.call(request);
                        async move {
                            match timeout(limit, answering).await {
                                Ok(answered) => answered.map(|answer| answer.map(BodyExt::boxed)),
                                Err(_) => Ok(answer(StatusCode::GATEWAY_TIMEOUT, "")),
                            }
                        }
                    });
                    // What a client or a handler breaks is what the tables are about.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        };
        tokio::select! {
            () = accept => {}
            () = stopped => {}
        }
    })
}

const ROUTES: &[&str] = &[
    "/ok",
    "/slow",
    "/client-error",
    "/server-error",
    "/error-value",
    "/panic",
    "/panic-in-body",
    "/broken",
    "/stream",
    "/endless",
    "/empty",
    "/no-content",
    "/never",
    "/upgrade",
    "/timeout-inside",
    "/timeout-outside",
];

fn watched_pages(model: &Model) -> TokioServer {
    let model = model.clone();
    serve(move || {
        let pages = service_fn(async |request: Request<Incoming>| pages(request.uri().path()).await);
        Watch::new(pages, &model, ROUTES)
    })
}

#[test]
fn all_endings_are_counted_as_the_contract_says() {
    let (monitor, model) = model();
    let server = watched_pages(&model);
    all_endings_are_counted(&monitor, server.address());
}

#[test]
fn what_is_no_route_has_one_series_whatever_clients_ask_for() {
    let (monitor, model) = model();
    let server = serve(move || {
        let missing = service_fn(async |_| Ok::<_, Infallible>(answer(StatusCode::NOT_FOUND, "")));
        Watch::new(missing, &model, ROUTES)
    });
    for number in 0..50 {
        let path = format!("/scan/{number}");
        modelwatch_testkit::http_get(server.address(), &path, &[]).expect("an answer");
    }
    counted(&monitor, 50).assert_counted(&[("__unmatched__", "1", "client_error", 50)]);
}

/// Answers as the path asks it to, for the version that is chosen when the path says.
async fn cell(request: Request<Incoming>, canary: Model) -> Result<Answer, io::Error> {
    let mut words = request.uri().path().split('/').skip(1);
    let choice = Choice::parse(words.next().unwrap_or_default());
    let ending = words.next().unwrap_or_default();
    if ending == "refused" {
        return Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, ""));
    }
    if choice == Choice::Early {
        Serving::current().by(&canary);
    }
    let mut answer = match ending {
        "ok" => answer(StatusCode::OK, "0.82"),
        "error-by-question-mark" => return Err(io::Error::other("broken")),
        "panic" => panic!("in the handler"),
        "broken" => chunks(1, Last::Error),
        "panic-in-body" => chunks(1, Last::Panic),
        "endless" => chunks(u32::MAX, Last::End),
        "inner-timeout" => return timeout(TIMEOUT, never()).await.map_err(io::Error::other),
        _ => never().await,
    };
    if choice == Choice::Late {
        answer.extensions_mut().insert(canary);
    }
    Ok(answer)
}

#[test]
fn every_ending_counts_for_the_version_its_handler_chose() {
    let monitor = Monitor::new();
    let register = |version| monitor.model("m", version).register().expect("valid");
    let (stable, canary) = (register(STABLE), register(CANARY));
    let server = serve(move || {
        let canary = canary.clone();
        Watch::new(service_fn(move |request| cell(request, canary.clone())), &stable, &[])
    });
    every_ending_counts_for_the_version_that_was_chosen(&monitor, server.address());
}
