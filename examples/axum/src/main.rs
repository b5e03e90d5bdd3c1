//! A claims-risk service: two versions of a model behind axum, watched by modelwatch.
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
use modelwatch_tower::{InferenceLayer, Serving, metrics_route};
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

/// The version that serves, and the one that is to replace it.
#[derive(Clone)]
struct Versions {
    stable: Model,
    canary: Model,
}

impl Versions {
    /// A tenth of the applicants get the canary, the same ones each time.
    fn choose(&self, claim: &Claim) -> &Model {
        let age = claim.age.unwrap_or_default() as u64;
        if age % 10 == 9 { &self.canary } else { &self.stable }
    }
}

async fn predict(
    serving: Serving,
    State(versions): State<Versions>,
    Json(claim): Json<Claim>,
) -> Result<Json<Answer>, Refusal> {
    let model = versions.choose(&claim);
    serving.by(model); // from here on everything counts for this version, however it ends
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
    let register = |version| {
        let model = monitor.model("claims-risk", version).framework("xgboost");
        let features = model.features([
            Feature::numeric("income").range(0.0..=1e6),
            Feature::numeric("age").range(18.0..=120.0),
            Feature::categorical("zipcode"),
        ]);
        features.register()
    };
    let versions = Versions {
        stable: register("2026-04-01")?,
        canary: register("2026-05-01")?,
    };
    Ok(Router::new()
        .route("/predict", post(predict))
        .layer(InferenceLayer::new(&versions.stable)) // every answer, panic and cancelled request of the routes above
        .route("/metrics", metrics_route(monitor)) // a scrape is no inference
        .with_state(versions))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, app(&Monitor::new())?).await?)
}
