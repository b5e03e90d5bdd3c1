//! A tower layer that records what an inference service does, with [`modelwatch`].
//!
//! ```
//! use http::{Request, Response};
//! use modelwatch::Monitor;
//! use modelwatch_tower::InferenceLayer;
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let monitor = Monitor::new();
//! let model = monitor.model("claims-risk", "2026-04-01").framework("xgboost").register()?;
//! let mut service = ServiceBuilder::new()
//!     .layer(InferenceLayer::new(&model).route("predict"))
//!     .service(service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::from("0.82")))));
//!
//! let response = service.ready().await?.call(Request::new(())).await?;
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
//! | the last frame of the body, or its last byte where `content-length` told how many | by the head: 4xx `client_error`, 5xx `error`, the rest `success` |
//! | the head, where no body follows (HEAD, 1xx, 204, 304, a CONNECT that succeeds) | by the head |
//! | a body shorter or longer than its `content-length` | `error` |
//! | a body dropped before its end, such as that of a 503 before a retry | by the head; `cancelled` where the head is a success |
//! | gRPC trailers, a head with `grpc-status`, the last message of gRPC-Web | by the code: the caller's mistakes `client_error`, CANCELLED `cancelled`, OK `success`, the rest `error` |
//! | a gRPC body that ends without trailers | `error` |
//! | an error of the service or of the body | `error` |
//! | a panic in the call, the future or the body | `error` |
//! | the future dropped before its end | `cancelled` |
//! | `poll_ready` failing, so that the request never gets in | `error`, with a latency of zero |
//!
//! Not counted are CORS preflights and pages of metrics, which are no inference. [`InferenceLayer::classify`] decides otherwise about
//! heads.
//!
//! Of gRPC's codes, UNIMPLEMENTED is the caller's mistake where the path is no known method, and so are INTERNAL, UNIMPLEMENTED and
//! RESOURCE_EXHAUSTED where their message is that of tonic or prost for a request they can't read.
//!
//! # Which model, which route
//!
//! [`InferenceLayer::new`] takes the one model a service serves; [`InferenceLayer::per_request`] asks the request. Either
//! way a handler that chooses a version says so before the work, with [`Serving`](modelwatch::Serving), and from then on everything counts
//! for that version. [`ServingExtension`] puts it among the request's extensions, for handlers in other tasks and those of tonic.
//! [`ServedBy`] on the answer is for what is decided last.
//!
//! The route is the pattern axum matched (feature `axum`), else the method of a gRPC request (feature `tonic`) that has answered
//! OK once or is declared, else the name given to the layer, else [`UNMATCHED`]: never the path itself, which clients choose.
//!
//! # Order of layers
//!
//! What answers outside of this layer is not counted, and what happens outside of it is not in the latency. So put it
//! outside of whatever answers in the model's name.
//!
//! | the other layer | outside of this one | inside of this one |
//! | --- | --- | --- |
//! | `TimeoutLayer` of tower | its late requests count as `cancelled`, since it drops them | `error` |
//! | `TimeoutLayer` of tower-http | `cancelled` | by the status it answers: 408 is `client_error`, 503 is `error` |
//! | `LoadShedLayer` | what it sheds is not counted | `error` |
//! | `ConcurrencyLimitLayer` | the wait for a place is in no latency | the same: a request begins when the service is called, and that is after the wait |
//! | `TraceLayer` | counts once; its span is open where the request ends, so exemplars and events have the trace | counts once; the span ends before the request does |
//! | `CompressionLayer` | counts once; the latency ends as it takes the last frame | counts once; the latency includes compressing that frame |
//! | authentication | what it refuses is not counted | by the status it answers |
//!
//! tonic's own timeouts, the server's and the deadline a client sends, are outside of every layer.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
mod axum;
mod body;
mod classify;
mod future;
mod grpc_status;
mod grpc_web;
mod layer;
mod methods;
mod select;
mod served_by;
mod service;
mod serving_extension;
mod settings;
#[cfg(feature = "tokio")]
mod watch_runtime;

#[cfg(feature = "page")]
pub use crate::axum::page_route;
#[cfg(feature = "axum")]
pub use crate::axum::{
    MatchedRoute, MetricsServer, Serving, TellsRoute, WatchedRouter, WatchedRouterFuture, metrics_route, serve_metrics,
};
pub use body::InferenceBody;
pub use classify::ResponseHead;
pub use future::InferenceFuture;
pub use layer::InferenceLayer;
pub use select::{Begun, Fixed, PerRequest, Select, UNMATCHED};
pub use served_by::ServedBy;
pub use service::InferenceService;
pub use serving_extension::{HandsOnServing, ServingExtension};
#[cfg(feature = "tokio")]
pub use watch_runtime::watch_runtime;

/// The snippets of the guide and of the README compile.
#[cfg(all(doctest, feature = "page", feature = "tonic"))]
mod pages {
    #[doc = include_str!("../../../docs/guide.md")]
    struct Guide;
    #[doc = include_str!("../../../README.md")]
    struct Readme;
}
