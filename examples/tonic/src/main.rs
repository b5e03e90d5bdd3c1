//! A flight-delay service: a model behind tonic, watched by modelwatch. Predictions on one port, metrics on another.
//!
//! ```sh
//! cargo run --release -p example-tonic -- 127.0.0.1:50051 127.0.0.1:8000
//! curl 127.0.0.1:8000/metrics
//! ```

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use example_tonic::proto::delays_server::{Delays, DelaysServer};
use example_tonic::proto::{Delay, Flight};
use flights::data::{self, FEATURES, RANGES};
use flights::model::DelayModel;
use modelwatch::{Feature, Model, Monitor};
use modelwatch_tower::{InferenceLayer, serve_metrics};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

type Each = Pin<Box<dyn Stream<Item = Result<Delay, Status>> + Send>>;

#[derive(Clone)]
struct Service(Arc<DelayModel>, Model);

impl Service {
    fn predict_one(&self, flight: &Flight) -> Result<Delay, Status> {
        let Self(delays, model) = self;
        let row = FEATURES.map(|name| flight.features.get(name).copied());
        model.record_features(row); // what is missing or out of range is counted, by feature
        if row.iter().all(Option::is_none) {
            return Err(Status::invalid_argument("no feature is named")); // counts as client_error
        }
        let probability = delays.score(&row);
        model.record_prediction(probability);
        Ok(Delay { probability })
    }
}

#[tonic::async_trait]
impl Delays for Service {
    type PredictEachStream = Each;

    async fn predict(&self, flight: Request<Flight>) -> Result<Response<Delay>, Status> {
        self.predict_one(flight.get_ref()).map(Response::new)
    }

    async fn predict_each(&self, flights: Request<Streaming<Flight>>) -> Result<Response<Each>, Status> {
        let service = self.clone();
        let delays = flights.into_inner().map(move |flight| service.predict_one(&flight?));
        Ok(Response::new(Box::pin(delays)))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flights = data::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/flights/train-2013q1.parquet"))?;
    let monitor = Monitor::new();
    let features = FEATURES.into_iter().zip(RANGES);
    let features = features.map(|(name, range)| Feature::numeric(name).range(range));
    let model = monitor
        .model("flight-delay", "2013-04-01")
        .framework("smartcore")
        .features(features)
        .routes(["/flights.Delays/Predict", "/flights.Delays/PredictEach"])
        .register()?;
    let service = Service(Arc::new(DelayModel::train(&flights, &FEATURES)?), model.clone());
    let address = |position, or: &str| std::env::args().nth(position).unwrap_or_else(|| or.into());
    let calls = TcpListener::bind(address(1, "127.0.0.1:50051")).await?;
    let metrics = serve_metrics(address(2, "127.0.0.1:8000"), &monitor)?; // answers while handlers block
    eprintln!(
        "listening on {} and, for scrapes, {}",
        calls.local_addr()?,
        metrics.local_addr()
    );
    let mut server = tonic::transport::Server::builder().layer(InferenceLayer::new(&model)); // every call
    let router = server.add_service(DelaysServer::new(service));
    Ok(router.serve_with_incoming(TcpListenerStream::new(calls)).await?)
}
