//! The job: which window is due for which model, and what comes of it.
//!
//! It joins the rooms: an engine counts, the statistics measure, the memory of windows before decides, and the
//! [`Board`](crate::exporter::Board) shows. Models do not depend on each other: one that fails leaves the rest as they are.
//! From below: `settings`, `subjects`, `memory`, `error`; `watched` is one model, `drift_job` all of them; `contrast` asks of a moment.

mod contrast;
mod drift_job;
mod error;
mod explained;
mod memory;
mod settings;
mod subjects;
mod watched;

pub(crate) use memory::{Counted, Memory};
pub(crate) use subjects::{by_segment, column, subjects};

pub use contrast::{Contrast, Moved};
pub use drift_job::DriftJob;
pub use error::{BaselineProblem, JobError};
pub use settings::ModelSettings;
