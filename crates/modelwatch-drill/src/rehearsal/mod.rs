//! promtool: a world as a test file for it, and its answer as alerts over time.
//!
//! promtool says of a test whether it passed. So a test here expects that nothing fires, of every alert at every evaluation:
//! what promtool then says of a failure is each alert that fired, with its labels and its texts as they were at that time.
//! One more alert always fires, so that silence is an answer and not a mistake.
//!
//! Most of promtool's time goes by the length of the rules, not by the number of series. So several worlds may share a run: each is an
//! environment of its own, and the rules keep environments apart.

mod answer;
mod batch;
mod file;
mod firing;
mod mark;
mod needed;

pub use answer::{AnswerError, alerts};
pub use batch::Batch;
pub use file::{Rehearsal, RehearsalFiles, files};
pub use firing::{Alert, Evaluation};
