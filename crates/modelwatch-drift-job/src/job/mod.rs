//! Runs the job: which window is due for which model, and what follows from it.
//!
//! An engine counts, the statistics measure, the memory of earlier windows decides, and the
//! [`Board`](crate::exporter::Board) publishes. Models are independent: if one fails, the rest carry on. The files,
//! from the bottom up: `settings`, `subjects`, `memory`, `progress`, `error`; `watched` is one model, `drift_job` all of them;
//! `contrast` compares the time before and after a moment.

mod contrast;
mod drift_job;
mod error;
mod explained;
mod memory;
mod progress;
mod settings;
mod subjects;
mod watched;

pub(crate) use memory::{Counted, Memory};
pub(crate) use subjects::{by_segment, column, subjects};

pub use contrast::{Contrast, Moved};
pub use drift_job::DriftJob;
pub use error::{BaselineProblem, JobError};
pub use progress::DriftProgress;
pub use settings::ModelSettings;
