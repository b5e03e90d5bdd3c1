//! Compares windows of the prediction log with the training baseline, on a schedule or on demand.
//!
//! [`DriftJob`] compares a window of each model when it is due and keeps a [`Board`](exporter::Board), which
//! [`exporter::serve`] exposes to Prometheus and [`publish`] sends to a Pushgateway or a textfile. [`modelwatch_drift`]
//! defines what a score means and when it counts as drift; it knows neither files nor a runtime. This crate finds the
//! rows and counts them.
//!
//! ```no_run
//! use modelwatch_drift_job::{Clock, DriftJob, ModelSettings};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = ModelSettings::new("claims-risk", "baselines/claims-risk.json", "prediction-log");
//! let mut job = DriftJob::new([settings], Clock::system());
//! for report in job.run_due().await {
//!     println!("{}", report?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start with [`TrainingOptions`] for the baseline, [`DriftJob`] for the windows, and [`report`] for output that people
//! read.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod compaction;
mod compare;
mod counting;
pub mod engine;
pub mod exporter;
mod job;
mod joint_report;
pub mod performance;
mod prediction_log;
pub mod publish;
pub mod report;
mod store;
mod subject;
mod tables;
mod time_window;
mod training;
mod warning;
mod window_report;

pub use clock::{Clock, ManualClock};
pub use compaction::{Compacted, Compaction, CompactionError, CompactionProgress};
pub use compare::Comparison;
pub use job::{BaselineProblem, Contrast, DriftJob, DriftProgress, JobError, ModelSettings, Moved};
pub use joint_report::JointReport;
pub use prediction_log::{PredictionLog, WindowFile, WindowFiles};
pub use subject::Subject;
pub use tables::{TableColumns, Tables};
pub use time_window::TimeWindow;
pub use training::{
    ColumnHolds, ColumnKind, ColumnSummary, Role, SourceColumn, Trained, TrainingColumns, TrainingError,
    TrainingOptions, TrainingProgress, TrainingSource, TrainingWarning,
};
pub use warning::Warning;
pub use window_report::{Past, SegmentReport, SubjectReport, Verdict, VersionReport, WindowReport};
