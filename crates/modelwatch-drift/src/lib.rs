//! Drift of features, scores and classes: a window of predictions against the training baseline.
//!
//! Rooms, and arrows that point one way. [`baseline`] says where values fall and how many fell there in
//! training. [`statistics`] are functions of two rows of counts, or of two sorted samples, and know nothing else: no
//! Arrow, no files, no Prometheus. [`decision`] joins the two: how far a window is from its baseline, whether chance
//! explains it, and when that is called drift.

pub mod baseline;
mod clock;
pub mod decision;
pub mod engine;
pub mod exporter;
pub mod job;
pub mod statistics;
mod time_window;
mod training;

pub use clock::{Clock, ManualClock};
pub use job::{DriftJob, JobError, ModelSettings, WindowReport};
pub use time_window::TimeWindow;
pub use training::{TrainingError, TrainingOptions, TrainingWarning};
