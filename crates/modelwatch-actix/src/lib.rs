//! Middleware for actix-web that records what an inference service does, with [`modelwatch`].
//!
//! ```
//! use actix_web::{App, HttpServer, web};
//! use modelwatch::{Model, Monitor};
//! use modelwatch_actix::{InferenceMiddleware, metrics_route};
//!
//! async fn predict(model: web::Data<Model>) -> &'static str {
//!     model.record_prediction(0.82);
//!     "0.82"
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let monitor = Monitor::new();
//! let model = monitor.model("claims-risk", "2026-04-01").framework("xgboost").register()?;
//! let server = HttpServer::new(move || {
//!     App::new()
//!         .app_data(web::Data::new(model.clone()))
//!         .service(
//!             web::resource("/predict")
//!                 .wrap(InferenceMiddleware::new(&model))
//!                 .route(web::post().to(predict)),
//!         )
//!         .route("/metrics", metrics_route(&monitor))
//! });
//! # Ok(())
//! # }
//! ```
//!
//! # When a request is counted
//!
//! Every request is counted exactly once, in `ml_inference_requests_total` and `ml_inference_latency_seconds`, and
//! is in `ml_inference_in_flight` from the call until then. Latency runs from the call to:
//!
//! | the end | status |
//! | --- | --- |
//! | the last chunk of the body, or its last byte where the head told how many | by the head: 4xx `client_error`, 5xx `error`, the rest `success` |
//! | the head, where no body follows (HEAD, 1xx, 204, 304, a CONNECT that succeeds) | by the head |
//! | a body shorter or longer than its length | `error` |
//! | a body dropped before its end, such as when the client has gone | by the head; `cancelled` where the head is a success |
//! | an error of the wrapped service | by the status of the answer it makes |
//! | an error of the body | `error` |
//! | a panic in the call, the future or the body | `error` |
//! | the future dropped before its end | `cancelled` |
//! | a service that is not ready and fails | `error`, with a latency of zero |
//!
//! Not counted are CORS preflights and pages of metrics, which are no inference. [`InferenceMiddleware::classify`] decides
//! otherwise about heads.
//!
//! # Which model, which route
//!
//! [`InferenceMiddleware::new`] takes the one model a service serves; [`InferenceMiddleware::per_request`] asks the request, and puts
//! the model it tells among the request's extensions, where a handler has it as `web::ReqData<Model>`. Either way a handler that
//! chooses a version says so before the work, with the extractor [`Serving`], and from then on everything counts for that version.
//! [`ServedBy`] on the answer is for what is decided last. The route is the pattern that matched (`/models/{name}`), else the name given
//! to the middleware, else [`UNMATCHED`]: never the path itself, which clients choose.
//!
//! # Where to wrap
//!
//! Around the resources or the scope that serve predictions, so that scrapes and health checks do not count as inference. What is wrapped
//! later is outside: its answers are not counted and its time is not in the latency. `Compress` inside of this middleware makes the
//! latency include the compression.
//!
//! # Clients that leave
//!
//! By default actix-web lets a client close its half of a connection and still have the answer, so it does not notice one
//! that has gone until it writes. Such a request counts as what the handler answers. With
//! `HttpServer::h1_allow_half_closed(false)` the handler is dropped as the client goes, and the request counts as `cancelled`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod classify;
mod future;
mod metrics_route;
mod metrics_server;
mod middleware;
#[cfg(feature = "page")]
mod page_route;
mod select;
mod served_by;
mod service;
mod serving;
mod watch_runtime;

pub use body::InferenceBody;
pub use future::InferenceFuture;
pub use metrics_route::metrics_route;
pub use metrics_server::{MetricsServer, serve_metrics};
pub use middleware::InferenceMiddleware;
#[cfg(feature = "page")]
pub use page_route::page_route;
pub use select::{Fixed, PerRequest, Select, Spare, UNMATCHED};
pub use served_by::ServedBy;
pub use service::InferenceService;
pub use serving::Serving;
pub use watch_runtime::watch_runtime;
