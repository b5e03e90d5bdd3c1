//! The prediction log of a service that serves ML models: what a model saw and said, kept as Parquet files for the drift
//! job and for whoever asks later.
//!
//! The serving path hands a prediction over and goes on. A thread beside it makes columns of the rows and files of the
//! columns.
//!
//! ```
//! use modelwatch::{Feature, Monitor};
//! use modelwatch_log::PredictionLog;
//! # let root = std::env::temp_dir().join(format!("modelwatch-log-{}", std::process::id()));
//!
//! let monitor = Monitor::new();
//! let model = monitor
//!     .model("claims-risk", "2026-04-01")
//!     .features([Feature::numeric("income"), Feature::categorical("zipcode")])
//!     .register()?;
//!
//! // At start-up: the log, and a handle for each version.
//! # let folder = root.clone();
//! let log = PredictionLog::builder(folder).retain_bytes(10 << 30).start(&monitor)?;
//! let claims = log.model(&model)?;
//!
//! // For each request: the row in the order the features were declared, the score and, where there is one, the class.
//! claims.record([52_000.0.into(), modelwatch::FeatureValue::Category("10001")], 0.82).class("fraud");
//!
//! // At shutdown, so that nothing is left behind. Dropping the log does the same without telling.
//! log.close()?;
//! # std::fs::remove_dir_all(root)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! - Recording never blocks, never fails, touches no file and, once the log has warmed up, allocates nothing. The queue
//!   is bounded; when it is full, predictions are dropped and counted in `ml_prediction_log_records_total`, which the
//!   monitor's page has with `result="written"` and `result="dropped"` for each model.
//! - A file is seen when it is whole: it is written under a hidden name, put on storage, renamed, and the folder is put
//!   on storage. A process that is killed loses what it had not finished, about
//!   [`rotate_after`](PredictionLogBuilder::rotate_after) of predictions; the next start removes the remains.
//! - A storage that is full, read-only or gone costs the predictions of that time and nothing else. One warning says so,
//!   and the log goes on by itself when it can.
//! - Several processes may write into one folder.
//!
//! # What is written
//!
//! `<root>/model=<percent-encoded name>/date=YYYY-MM-DD/hour=HH/<file>.parquet`, date and hour in UTC and of the
//! record's own time, so that a reader finds a window by names alone. Columns:
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `time` | timestamp, microseconds, UTC | never null |
//! | `model_version` | string | never null |
//! | `score` | double | null where it was NaN |
//! | `class` | string | null where none was given |
//! | `feature.<name>` | double, or string for a category | null where missing or NaN |
//! | `prediction_id`, `trace_id`, `route`, `pipeline_version` | string | null where none was given; not in files of earlier releases |
//!
//! Outcomes lie below `<root>/outcomes` in the same folders, with the columns `time`, `prediction_id` and `label`.
//!
//! Each file has the columns of one set of features. A version with other features, of this process or the next, has
//! files of its own, and a reader of both takes a column that is not in a file as missing. The file's metadata has the
//! name of the model (`modelwatch.model`) and that of this layout (`modelwatch.format`, `1`).

mod batch;
mod builder;
mod command;
mod counts;
mod error;
mod handle;
mod keeper;
mod log;
mod open_file;
mod outcome_file;
mod prediction_id;
mod row_file;
mod sampling;
mod shape;
mod shared;
mod slot;
mod stream;
mod warnings;
mod writer;

pub use builder::PredictionLogBuilder;
pub use error::{ModelError, StartError, WriteError};
pub use handle::{ModelLog, Outcome, Record};
pub use log::PredictionLog;
pub use outcome_file::{LoggedOutcome, OutcomeFile};
pub use prediction_id::PredictionId;
pub use row_file::{LoggedRow, RowFile};

/// The code of the log's page works.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/prediction-log.md")]
struct Page;
