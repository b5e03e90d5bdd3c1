//! The guide's recipes, run: the code between the marks stands in the guide as it stands here, and what it counts is
//! asserted. The recipes for streams and tokens and for tests assert their counts in the guide itself, that for tonic is
//! `examples/tonic`.
#![cfg(feature = "axum")]

use axum::Router;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use modelwatch::Monitor;
use tower::ServiceExt as _;

const HERE: &str = include_str!("recipes.rs");
const GUIDE: &str = include_str!("../../../docs/guide.md");

/// Counts of `ml_inference_requests_total`.
fn requests(monitor: &Monitor, labels: &[(&str, &str)]) -> f64 {
    monitor.value("ml_inference_requests_total", labels).expect("a metric")
}

async fn ask(app: &Router, request: Builder) -> (StatusCode, String) {
    let request = request.body(Body::empty()).expect("a request");
    let answer = app.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn the_guide_shows_these_recipes_as_they_are() {
    let mut shown = 0;
    for recipe in HERE.split("// recipe\n").skip(1) {
        let Some((recipe, _)) = recipe.split_once("// end\n") else {
            continue;
        };
        let lines: Vec<_> = recipe.trim_end_matches([' ', '\n']).lines().collect();
        let indent = lines
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| line.len() - line.trim_start().len())
            .min();
        let dedented: Vec<_> = lines
            .iter()
            .map(|line| line.get(indent.unwrap_or(0)..).unwrap_or(""))
            .collect();
        let recipe = dedented.join("\n");
        assert!(GUIDE.contains(&recipe), "the guide does not show:\n{recipe}");
        shown += 1;
    }
    assert_eq!(shown, 4);
}

mod one_model {
    use axum::{Router, routing::post};
    use modelwatch::{Feature, Monitor};
    use modelwatch_tower::{InferenceLayer, metrics_route};

    use super::*;

    #[tokio::test]
    async fn counts_requests_by_route_and_status_and_serves_the_page() -> Result<(), Box<dyn std::error::Error>> {
        // recipe
        let monitor = Monitor::new();
        let model = monitor
            .model("claims-risk", "2026-04-01")
            .framework("xgboost")
            .features([
                Feature::numeric("income").range(0.0..=1e6),
                Feature::categorical("zipcode"),
            ])
            .classes(["approve", "review"])
            .register()?;
        let app: Router = Router::new()
            .route("/predict", post(async || "0.82"))
            .layer(InferenceLayer::new(&model))
            .route("/metrics", metrics_route(&monitor));
        // end
        for _ in 0..3 {
            let (status, body) = ask(&app, Request::post("/predict")).await;
            assert_eq!((status, &*body), (StatusCode::OK, "0.82"));
        }
        let (status, _) = ask(&app, Request::get("/predict")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        let (status, page) = ask(&app, Request::get("/metrics")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(
            "ml_model_info{model_name=\"claims-risk\",model_version=\"2026-04-01\",framework=\"xgboost\"} 1"
        ));
        let of = |status| {
            requests(
                &monitor,
                &[
                    ("route", "/predict"),
                    ("model_version", "2026-04-01"),
                    ("status", status),
                ],
            )
        };
        assert_eq!([of("success"), of("client_error"), of("error")], [3.0, 1.0, 0.0]);
        assert_eq!(
            monitor.value("ml_inference_latency_seconds_count", &[("route", "/predict")])?,
            4.0
        );
        assert_eq!(monitor.value("ml_inference_in_flight", &[])?, 0.0);
        assert_eq!(monitor.value("ml_prediction_class_total", &[("class", "review")])?, 0.0);
        Ok(())
    }
}

mod canary {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::extract::State;
    use axum::http::StatusCode;
    use axum::{Router, routing::post};
    use modelwatch::{Model, Monitor};
    use modelwatch_tower::{InferenceLayer, Serving};

    use super::*;

    static REQUESTS: AtomicUsize = AtomicUsize::new(0);

    fn one_in_ten() -> bool {
        REQUESTS.fetch_add(1, Ordering::Relaxed) % 10 == 9
    }

    /// The canary's every second computation fails.
    async fn compute() -> std::io::Result<f64> {
        match REQUESTS.load(Ordering::Relaxed) % 20 {
            0 => Err(std::io::Error::other("no answer")),
            _ => Ok(0.82),
        }
    }

    // recipe
    async fn predict(serving: Serving, State((stable, canary)): State<(Model, Model)>) -> Result<String, StatusCode> {
        let model = if one_in_ten() { canary } else { stable };
        serving.by(&model);
        let score = compute().await.map_err(|_| StatusCode::BAD_GATEWAY)?; // counts for the chosen version
        model.record_prediction(score);
        Ok(score.to_string())
    }
    // end

    #[tokio::test]
    async fn counts_each_request_for_the_version_that_was_chosen() -> Result<(), Box<dyn std::error::Error>> {
        // recipe
        let monitor = Monitor::new();
        let stable = monitor.model("claims-risk", "2026-04-01").register()?;
        let canary = monitor.model("claims-risk", "2026-05-01").register()?;
        let app: Router = Router::new()
            .route("/predict", post(predict))
            .layer(InferenceLayer::new(&stable)) // counts requests that fail before the choice
            .with_state((stable, canary));
        // end
        for _ in 0..40 {
            ask(&app, Request::post("/predict")).await;
        }
        let of = |version, status| requests(&monitor, &[("model_version", version), ("status", status)]);
        assert_eq!([of("2026-04-01", "success"), of("2026-04-01", "error")], [36.0, 0.0]);
        assert_eq!([of("2026-05-01", "success"), of("2026-05-01", "error")], [2.0, 2.0]);
        let scores = |version| monitor.value("ml_prediction_score_count", &[("model_version", version)]);
        assert_eq!((scores("2026-04-01")?, scores("2026-05-01")?), (36.0, 2.0));
        Ok(())
    }
}

mod requests_that_name_their_model {
    use axum::body::Body;
    use axum::http::Request;
    use modelwatch::Monitor;
    use modelwatch_tower::InferenceLayer;

    use super::*;

    #[tokio::test]
    async fn counts_known_names_for_themselves_and_the_rest_for_the_fallback() -> Result<(), Box<dyn std::error::Error>>
    {
        // recipe
        let monitor = Monitor::new();
        let fallback = monitor.model("claims-risk", "2026-04-01").register()?;
        let models = monitor.clone();
        let layer = InferenceLayer::per_request(move |request: &Request<Body>| {
            let version = request.headers().get("x-model-version")?.to_str().ok()?;
            models.find("claims-risk", version)
        })
        .otherwise(&fallback);
        // end
        monitor.model("claims-risk", "2026-05-01").register()?;
        let app = Router::new()
            .route("/predict", axum::routing::post(async || "0.82"))
            .layer(layer);
        for version in ["2026-05-01", "2026-05-01", "2026-04-01", "invented", "another\u{e9}"] {
            ask(&app, Request::post("/predict").header("x-model-version", version)).await;
        }
        ask(&app, Request::post("/predict")).await;
        let of = |version| requests(&monitor, &[("model_version", version), ("status", "success")]);
        assert_eq!([of("2026-05-01"), of("2026-04-01"), of("invented")], [2.0, 4.0, 0.0]);
        assert_eq!(
            monitor.value("ml_model_info", &[])?,
            2.0,
            "an invented name makes no version"
        );
        assert_eq!(monitor.value("ml_label_overflow_total", &[])?, 0.0);
        Ok(())
    }
}
