//! A claims-risk service: a model behind axum, watched by modelwatch.
//!
//! ```sh
//! cargo run -p example-axum
//! curl 127.0.0.1:8000/predict -H 'content-type: application/json' -d '{"income": 52000, "age": 41}'
//! curl 127.0.0.1:8000/metrics
//! ```

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use modelwatch::{Feature, FeatureValue, Model, Monitor, RegisterError, Stage};
use modelwatch_tower::{InferenceLayer, metrics_route};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Claim {
    income: Option<f64>,
    age: Option<f64>,
    zipcode: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    score: f64,
    model_version: String,
}

type Refusal = (StatusCode, &'static str);

async fn predict(State(model): State<Model>, Json(claim): Json<Claim>) -> Result<Json<Answer>, Refusal> {
    // In the order they are declared below. What is missing or out of range is counted, by feature.
    model.record_features([
        FeatureValue::from(claim.income),
        claim.age.into(),
        claim.zipcode.as_deref().into(),
    ]);
    let Some(income) = claim.income else {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "income is missing")); // counts as client_error
    };
    let score = {
        let _compute = model.start_stage(Stage::Compute);
        1.0 / (1.0 + income / 50_000.0) // stands for your model
    };
    model
        .record_prediction(score)
        .class(if score > 0.5 { "review" } else { "approve" });
    Ok(Json(Answer {
        score,
        model_version: model.version().into(),
    }))
}

fn app(monitor: &Monitor) -> Result<Router, RegisterError> {
    let model = monitor
        .model("claims-risk", "2026-04-01")
        .framework("xgboost")
        .features([
            Feature::numeric("income").range(0.0..=1e6),
            Feature::numeric("age").range(18.0..=120.0),
            Feature::categorical("zipcode"),
        ])
        .register()?;
    Ok(Router::new()
        .route("/predict", post(predict))
        .layer(InferenceLayer::new(&model)) // every answer, panic and cancelled request of the routes above
        .route("/metrics", metrics_route(monitor)) // after the layer, because a scrape is no inference
        .with_state(model))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, app(&Monitor::new())?).await?)
}
