//! A flight-delay service: a model behind actix-web, watched by modelwatch.
//!
//! ```sh
//! cargo run --release -p example-actix
//! curl 127.0.0.1:8000/predict -H 'content-type: application/json' -d '{"dep_delay": 25, "distance": 1400, "hour": 17}'
//! curl 127.0.0.1:8000/metrics
//! ```

use std::collections::HashMap;
use std::path::Path;

use actix_web::web::{Data, Json};
use actix_web::{App, HttpServer, error, web};
use flights::data::{self, FEATURES, RANGES};
use flights::model::DelayModel;
use modelwatch::{Feature, Model, Monitor, Stage};
use modelwatch_actix::{InferenceMiddleware, metrics_route};
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    probability: f64,
    model_version: String,
}

/// A flight by the names of its features; what is not named is missing.
type Flight = Json<HashMap<String, Option<f64>>>;

async fn predict_flight(
    flight: Flight,
    delays: Data<DelayModel>,
    model: Data<Model>,
) -> actix_web::Result<Json<Answer>> {
    let row = FEATURES.map(|name| flight.get(name).copied().flatten());
    model.record_features(row); // what is missing or out of range is counted, by feature
    if row.iter().all(Option::is_none) {
        return Err(error::ErrorUnprocessableEntity("no feature is named")); // counts as client_error
    }
    let probability = {
        let _compute = model.start_stage(Stage::Compute);
        delays.score(&row)
    };
    let class = if probability > 0.5 { "late" } else { "on_time" };
    model.record_prediction(probability).class(class);
    Ok(Json(Answer {
        probability,
        model_version: model.version().into(),
    }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flights = data::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/flights/train-2013q1.parquet"))?;
    let delays = DelayModel::train(&flights, &FEATURES)?;
    let monitor = Monitor::new();
    let features = FEATURES.into_iter().zip(RANGES);
    let model = monitor
        .model("flight-delay", "2013-04-01")
        .framework("smartcore")
        .features(features.map(|(name, range)| Feature::numeric(name).range(range)))
        .classes(["late", "on_time"])
        .register()?;
    let (delays, shared) = (Data::new(delays), Data::new(model.clone()));
    let server = HttpServer::new(move || {
        let predict = web::resource("/predict").wrap(InferenceMiddleware::new(&model)); // every answer, panic, …
        App::new()
            .app_data(delays.clone())
            .app_data(shared.clone())
            .service(predict.route(web::post().to(predict_flight)))
            .route("/metrics", metrics_route(&monitor)) // beside what is wrapped, because a scrape is no inference
    });
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let server = server.bind(&address)?;
    eprintln!("listening on {}", server.addrs()[0]);
    Ok(server.run().await?)
}
