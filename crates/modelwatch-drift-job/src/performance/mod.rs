//! How right a model is: predictions and their labels read from files, joined, counted, and compared with what was estimated before
//! the labels came.
//!
//! From below: `error`; `deadline`; `rows` reads columns of tables as rows; `spool` holds rows on disk by their ids; `outcome_source` is for labels that lie elsewhere than in
//! files; `join` brings predictions and outcomes together; `task` says what kind of model it is; `counters` counts rows of one kind, `score_budget` bounds what scores take; `cells` cuts columns in which what made it worse is looked for; `options` and `study` are the whole,
//! `report` its result, `table`, `json` and `metrics` what that looks like. `settings`, `job` and `board` tell it again and again.

mod board;
mod cells;
mod counters;
mod deadline;
mod error;
mod job;
mod join;
mod json;
mod metrics;
mod options;
mod outcome_source;
mod report;
mod rows;
mod score_budget;
mod settings;
mod spool;
mod study;
mod table;
mod task;

pub use board::PerformanceBoard;
pub use error::{Files, PerformanceError};
pub use job::{PerformanceJob, PerformanceRun};
pub use join::JoinCounts;
pub use json::json;
pub use metrics::page;
pub use options::PerformanceOptions;
pub use outcome_source::{OutcomeQuery, OutcomeRow, OutcomeSource, Outcomes, TakeOutcome};
pub use report::{Group, GroupKind, PerformanceReport};
pub use settings::PerformanceSettings;
pub use task::Task;
