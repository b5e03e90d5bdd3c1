//! A claims-risk service on hyper alone.
//!
//! ```sh
//! cargo run -p example-hyper
//! curl 127.0.0.1:8000/predict
//! curl 127.0.0.1:8000/metrics
//! ```

use std::convert::Infallible;

use bytes::Bytes;
use example_hyper::Watch;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use modelwatch::{Feature, Model, Monitor, Watched};

type Answer = Response<Full<Bytes>>;

fn metrics(monitor: &Monitor, headers: &HeaderMap) -> Answer {
    Watched::discard_current(); // a scrape is no inference
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let scrape = monitor.scrape(header(ACCEPT), header(ACCEPT_ENCODING));
    let mut answer = Response::builder();
    for (name, value) in scrape.headers() {
        answer = answer.header(name, value);
    }
    answer.body(Full::from(scrape.body.into_vec())).expect("valid headers")
}

async fn answer(request: Request<Incoming>, monitor: Monitor, model: Model) -> Result<Answer, Infallible> {
    Ok(match request.uri().path() {
        "/predict" => {
            model.record_features([Some(52_000.0)]); // the row your model gets
            model.record_prediction(0.82).class("review");
            Response::new(Full::from("0.82"))
        }
        "/metrics" => metrics(&monitor, request.headers()),
        _ => {
            let mut answer = Response::default();
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monitor = Monitor::new();
    let income = Feature::numeric("income").range(0.0..=1e6);
    let model = monitor.model("claims-risk", "2026-04-01").features([income]);
    let model = model.routes(["/predict"]).register()?;
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let (monitor, model) = (monitor.clone(), model.clone());
        tokio::spawn(async move {
            let watched = model.clone();
            let service = service_fn(move |request| answer(request, monitor.clone(), model.clone()));
            let service = Watch::new(service, &watched, &["/predict"]);
            // A client that breaks its connection is no fault of the service.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
