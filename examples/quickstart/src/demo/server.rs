//! The service under watch: two versions of the model behind one route.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use modelwatch::{Feature, Model, Monitor, Stage};
use modelwatch_log::{ModelLog, PredictionLog};
use modelwatch_tower::{InferenceLayer, Serving, metrics_route, page_route};
use serde::{Deserialize, Serialize};

use super::incident::{DELAY, Incident, Kind};
use crate::model::{MODEL, class};
use flights::data::{FEATURES, Features, RANGES};
use flights::model::DelayModel;
use flights::version;

/// The version nine requests in ten go to.
pub const STABLE: &str = version::STABLE.name;
/// The version the tenth goes to.
pub const CANARY: &str = version::CANARY.name;

/// The release of the feature pipeline that feeds them.
const PIPELINE: &str = "flights-2013.1";
/// The release that forgets a feature, or sends one in another unit.
pub const BROKEN_PIPELINE: &str = "flights-2013.2";

/// A version: what predicts, what watches it, and where its predictions are kept.
#[derive(Debug)]
struct Version {
    predictor: DelayModel,
    watched: Model,
    logged: ModelLog,
}

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    stable: Version,
    canary: Version,
    requests: AtomicU64,
    /// Answers of the canary while it breaks.
    breaking: AtomicU64,
    /// Whether the broken release of the pipeline feeds them.
    broken_pipeline: AtomicBool,
    incident: Incident,
}

#[derive(Deserialize)]
struct Request {
    /// When it happened, in seconds since the epoch, where that is not now: in a replay.
    time: Option<u64>,
    features: BTreeMap<String, Option<f64>>,
}

#[derive(Serialize)]
struct Answer {
    probability_late: f64,
    model_version: String,
}

impl Service {
    /// Registers both versions.
    ///
    /// # Errors
    ///
    /// When the monitor has them already, with another declaration, or the log can't keep them.
    pub fn new(
        monitor: &Monitor,
        log: &PredictionLog,
        stable: DelayModel,
        canary: DelayModel,
        incident: Incident,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let features = || {
            FEATURES
                .iter()
                .zip(RANGES)
                .map(|(name, range)| Feature::numeric(*name).range(range))
        };
        let version = |version, predictor| {
            let model = monitor
                .model(MODEL, version)
                .framework("smartcore")
                .features(features());
            let watched = model
                .classes(["late", "on_time"])
                .pipeline_version(PIPELINE)
                .register()?;
            let logged = log.model(&watched)?;
            Ok::<_, Box<dyn std::error::Error>>(Version {
                predictor,
                watched,
                logged,
            })
        };
        Ok(Self(Arc::new(Shared {
            stable: version(STABLE, stable)?,
            canary: version(CANARY, canary)?,
            requests: AtomicU64::new(0),
            breaking: AtomicU64::new(0),
            broken_pipeline: AtomicBool::new(false),
            incident,
        })))
    }

    /// The application: `POST /predict`, `GET /metrics`, `GET /modelwatch` and `GET /healthz`.
    pub fn into_router(self, monitor: &Monitor) -> Router {
        Router::new()
            .route("/predict", post(predict))
            .layer(InferenceLayer::new(&self.0.stable.watched))
            .route("/metrics", metrics_route(monitor))
            .route("/modelwatch", page_route(monitor))
            .route("/healthz", get(async || "ok\n"))
            .with_state(self)
    }
}

impl Shared {
    /// One request in ten goes to the canary.
    fn choose(&self) -> &Version {
        let tenth = self.requests.fetch_add(1, Ordering::Relaxed) % 10 == 9;
        if tenth { &self.canary } else { &self.stable }
    }

    /// Says so when another release of the feature pipeline feeds the model from now on.
    fn follow_the_pipeline(&self, model: &Model) {
        let broken = self.incident.now().is_some_and(Kind::is_of_the_pipeline);
        if self.broken_pipeline.swap(broken, Ordering::Relaxed) != broken {
            model.set_pipeline_version(if broken { BROKEN_PIPELINE } else { PIPELINE });
        }
    }

    /// Whether this answer of the canary is one that breaks: every other one.
    fn breaks(&self) -> bool {
        self.incident.now() == Some(Kind::CanaryErrors)
            && self.breaking.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    }
}

async fn predict(
    serving: Serving,
    State(Service(service)): State<Service>,
    Json(request): Json<Request>,
) -> Result<Json<Answer>, (StatusCode, String)> {
    let version = service.choose();
    let model = &version.watched;
    serving.by(model);
    let features = {
        let _preprocess = model.start_stage(Stage::Preprocess);
        features(&request)?
    };
    service.follow_the_pipeline(model);
    model.record_features(features);
    if std::ptr::eq(version, &service.canary) {
        if service.breaks() {
            return Err((
                StatusCode::INTERNAL_SERVER_ERROR,
                "the canary can't load its weights".into(),
            ));
        }
        if service.incident.now() == Some(Kind::CanarySlow) {
            tokio::time::sleep(DELAY).await;
        }
    }
    let probability_late = {
        let _compute = model.start_stage(Stage::Compute);
        version.predictor.score(&features)
    };
    let class = class(probability_late);
    model.record_prediction(probability_late).class(class);
    model.record_outcome(if class == "late" { "passengers_warned" } else { "none" });
    let time = request
        .time
        .map(Duration::from_secs)
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    let mut logged = version.logged.record(features, probability_late).class(class);
    if let Some(time) = time {
        logged = logged.at(time);
    }
    drop(logged); // on its way to the writer
    Ok(Json(Answer {
        probability_late,
        model_version: model.version().into(),
    }))
}

/// A row in the order of the declaration, from names in any order.
fn features(request: &Request) -> Result<Features, (StatusCode, String)> {
    if let Some(stranger) = request.features.keys().find(|name| !FEATURES.contains(&name.as_str())) {
        let line = format!("no feature {stranger:?}; there are {}\n", FEATURES.join(", "));
        return Err((StatusCode::UNPROCESSABLE_ENTITY, line));
    }
    Ok(FEATURES.map(|name| request.features.get(name).copied().flatten()))
}
