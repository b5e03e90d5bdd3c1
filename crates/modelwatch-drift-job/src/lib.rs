//! The drift job: windows of the prediction log against the training baseline.
//!
//! [`DriftJob`] compares a window of each model when it is due and keeps a [`Board`](exporter::Board), which
//! [`exporter::serve`] shows to Prometheus and [`publish`] takes to a Pushgateway or a textfile. What a score means and when it
//! counts as drift is in [`modelwatch_drift`], which knows neither files nor a runtime; this crate reads Parquet with
//! DataFusion and counts.
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
//! Start with [`TrainingOptions`] for the baseline, [`DriftJob`] for the windows and [`report`] for people.

mod clock;
pub mod engine;
pub mod exporter;
mod job;
pub mod publish;
pub mod report;
mod time_window;
mod training;
mod window_report;

pub use clock::{Clock, ManualClock};
pub use job::{BaselineProblem, DriftJob, JobError, ModelSettings};
pub use time_window::TimeWindow;
pub use training::{TrainingError, TrainingOptions, TrainingWarning};
pub use window_report::{Subject, SubjectReport, Verdict, VersionReport, WindowReport};
