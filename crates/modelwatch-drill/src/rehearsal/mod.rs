//! promtool: a world as a test file for it, and its answer as alerts over time.
//!
//! promtool says of a test whether it passed. So a test here expects that nothing fires, of every alert at every evaluation:
//! what promtool then says of a failure is each alert that fired, with its labels and its texts as they were at that time.
//! One more alert always fires, so that silence is an answer and not a mistake.

mod answer;
mod file;
mod firing;
mod needed;

pub use answer::{AnswerError, alerts};
pub use file::{Rehearsal, RehearsalFiles, files};
pub use firing::{Alert, Evaluation};
