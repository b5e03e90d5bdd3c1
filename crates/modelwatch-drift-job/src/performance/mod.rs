//! Measures how right a model is: reads predictions and their labels from files, joins and counts them, and compares
//! the result with what was estimated before the labels came.
//!
//! The files, from the bottom up: `error`; `deadline`; `progress`; `rows` reads columns of tables as rows; `spool` holds rows on
//! disk by their ids; `outcome_source` reads labels that lie elsewhere than in files; `join` joins predictions and
//! outcomes; `task` says what kind of model it is; `counters` counts rows for one kind; `score_budget` bounds the
//! memory for scores; `cells` cuts the columns in which to look for what made the model worse; `options` and `study`
//! are the whole, `report` its result; `table`, `json` and `metrics` are its formats. `settings`, `job` and `board`
//! repeat it on a schedule.

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
mod progress;
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
pub use progress::PerformanceProgress;
pub use report::{Group, GroupKind, PerformanceReport};
pub use settings::PerformanceSettings;
pub use task::Task;
