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
//!
//! # What it costs
//!
//! Recording through a handle takes no lock, allocates nothing and hashes nothing: each thread adds to cells of its
//! own, which a scrape sums. The first measurement of a thread on a series makes those cells. A scrape holds no lock
//! while it encodes.
//!
//! # Features
//!
//! - `tsc`: durations come from the processor's time stamp counter where it is steady, which is cheaper than reading the
//!   system's clock (how much depends on the machine); elsewhere from the system's clock, as without it. The counter is calibrated once, as the
//!   program starts.
//!
//! # What can go wrong
//!
//! Set-up returns typed errors that say what to do ([`ConfigError`], [`RegisterError`]). Recording never fails.

mod clock;
pub mod contract;
mod error;
mod exposition;
mod feature;
mod generation;
mod global;
mod histogram;
mod interop;
mod label;
mod layout;
mod limits;
mod model;
mod monitor;
mod names;
mod prediction;
mod process;
mod readings;
mod route;
mod scrape_thread;
mod serving;
mod stage;
mod stripes;
mod sync;
mod thread_slot;
#[cfg(feature = "tracing")]
mod trace;
mod watched;
mod window;

pub use error::{BucketsError, ConfigError, RegisterError};
pub use exposition::{Format, Scrape, ScrapeBody};
pub use feature::{Feature, FeatureValue};
pub use generation::{Generation, Tokens};
pub use global::{global, model, resolve, scrape};
pub use label::{OTHER, Stage, Status, UNKNOWN};
pub use limits::Limits;
pub use model::{Model, ModelBuilder};
pub use monitor::{Monitor, MonitorBuilder};
pub use prediction::{Class, ClassRef, Prediction};
pub use readings::Readings;
pub use route::{InFlight, Route};
pub use serving::Serving;
pub use stage::StageTimer;
#[cfg(feature = "tracing")]
pub use trace::{TraceId, ZeroTraceId};
pub use watched::Watched;
