//! Production monitoring for ML models served from Rust.
//!
//! A service gets a [`Model`] handle for each version it serves and tells it what happens; Prometheus scrapes the
//! [`Monitor`]. Metric names, labels and buckets are fixed by one [`contract`], so dashboards and alerts made for it fit
//! every service. Label values are bounded by [`Limits`]: no request can make series without end.
//!
//! ```
//! use modelwatch::{Feature, Monitor, Stage, Status};
//!
//! let monitor = Monitor::new();
//! let model = monitor
//!     .model("claims-risk", "2026-04-01")
//!     .framework("xgboost")
//!     .features([Feature::numeric("income").range(0.0..=1e6), Feature::categorical("zipcode"), Feature::numeric("age")])
//!     .register()?;
//!
//! let request = model.route("predict").start();
//! model.record_features([Some(52_000.0), None, Some(41.0)]);
//! let score = {
//!     let _compute = model.start_stage(Stage::Compute);
//!     0.82
//! };
//! model.record_prediction(score).class("fraud");
//! request.finish(Status::Success);
//!
//! let scrape = monitor.scrape(None, None); // headers Accept and Accept-Encoding
//! assert!(std::str::from_utf8(&scrape.body)?.contains("ml_inference_requests_total"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to start
//!
//! - A tower service, axum or tonic: the `modelwatch-tower` crate has a layer that does what `route` and `start` do here.
//! - Anything else: [`Model::route`] once, then [`Route::start`] and [`InFlight::finish`] around each request.
//! - Requests that name their model: [`Monitor::resolve`].
//! - Something else: the [cookbook](#cookbook).
//!
//! # What it costs
//!
//! Recording through a handle takes no lock, allocates nothing and hashes nothing: each thread adds to cells of its
//! own, which a scrape sums. The first measurement of a thread on a series makes those cells. A scrape holds no lock
//! while it encodes.
//!
//! # Features
//!
//! - `derive`: [`#[derive(Features)]`](derive@Features) on a request and [`#[derive(Category)]`](derive@Category) on an enum.
//! - `serde_json`: JSON values as features and classes.
//! - `prometheus-client`: a `prometheus-client` registry on this monitor's page (`Monitor::include`), or a monitor in such a
//!   registry (`Monitor::collector`).
//! - `stage-spans`: a layer for `tracing` subscribers that records stages from spans: `Monitor::stage_layer`.
//! - `tsc`, on by default: durations come from the processor's time stamp counter where Linux itself counts time by it, at a third of what
//!   asking for the time costs. [`Monitor::new`] measures its speed once for the process, which takes two milliseconds. Everywhere else,
//!   and without the feature, they come from the system's clock.
//!
//! # What can go wrong
//!
//! Set-up returns typed errors that say what to do ([`ConfigError`], [`RegisterError`]). Recording never fails.
//!
#![doc = include_str!("cookbook.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod catalog;
mod cells;
pub mod contract;
mod error;
mod exposition;
mod global;
mod handles;
mod labels;
mod monitor;
#[cfg(feature = "prometheus-client")]
mod prometheus_client;
mod series;
#[cfg(feature = "stage-spans")]
mod stage_spans;

pub use cells::striped_arc::StripedArc;
pub use contract::as_feature_value::AsFeatureValue;
pub use contract::bodiless::Bodiless;
pub use contract::feature::{Categorical, Declared, Feature, MaybeCategorical, MaybeNumeric, Numeric};
pub use contract::feature_value::FeatureValue;
pub use contract::features::{CategoricalType, FeatureType, Features, NumericType};
pub use contract::finish_reason::FinishReason;
pub use contract::reserved::{OTHER, UNKNOWN};
pub use contract::score::{IntoScore, NoScore};
pub use contract::stage::{AsStage, Stage, StageRef};
pub use contract::status::Status;
pub use contract::tokens::Tokens;
#[cfg(feature = "tracing")]
pub use contract::trace_id::{TraceId, ZeroTraceId};
pub use contract::unknown_name::UnknownName;
pub use error::{BucketsError, ConfigError, RegisterError};
pub use exposition::format::Format;
pub use exposition::readings::Readings;
pub use exposition::scrape::Scrape;
pub use exposition::scrape_body::ScrapeBody;
pub use exposition::value::ValueError;
pub use global::global;
pub use handles::class::{AsClass, Class, ClassRef};
pub use handles::generation::Generation;
pub use handles::in_flight::InFlight;
pub use handles::model::Model;
pub use handles::model_builder::ModelBuilder;
pub use handles::prediction::Prediction;
pub use handles::recorded::Recorded;
pub use handles::route::Route;
pub use handles::runtime_delay::RuntimeDelay;
pub use handles::serving::Serving;
pub use handles::stage_timer::StageTimer;
pub use handles::watched::{Polling, Watched};
pub use labels::limits::Limits;
#[cfg(feature = "derive")]
pub use modelwatch_derive::{Category, Features};
pub use monitor::{Monitor, MonitorBuilder};
pub use series::prediction_sink::{PendingPrediction, PredictionContext, PredictionSink};
