//! The job over real files: what the engine counts, what the job makes of it, and what is published.
//!
//! One program, because linking the engine takes longer than every test here.

mod awkward;
mod awkward_labels;
mod compaction;
mod compare;
#[cfg(feature = "delta")]
mod delta;
mod files;
mod flights;
mod log;
mod performance;
mod performance_job;
mod publish;
mod reports;
mod training;
mod windows;
