//! The job: which window is due for which model, and what comes of it.
//!
//! It joins the rooms: the engine counts, the statistics measure, the decision remembers, and the
//! [`Board`](crate::exporter::Board) shows. Models do not depend on each other: one that fails leaves the rest as they are.

mod counting;
mod drift_job;
mod settings;

pub use drift_job::{BaselineProblem, DriftJob, JobError};
pub use settings::ModelSettings;
