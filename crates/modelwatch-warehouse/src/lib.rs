//! Rows that lie in a warehouse, counted there.
//!
//! A [`Warehouse`] is an engine of the drift job: a window, columns and bins go in as one SQL statement, counts come back, and the rows
//! stay where they are. It speaks ADBC, so a driver of the database is loaded when it is needed, and Arrow is what comes
//! back. Apache Spark has no such driver: with the feature `spark` it is asked through Spark Connect, for tables of its catalogue, and by
//! `SparkLog` for a prediction log whose files its executors read.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use modelwatch_drift_job::{Clock, DriftJob, ModelSettings};
//! use modelwatch_warehouse::{Access, Dialect, Warehouse};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let access = Access::Variable("WAREHOUSE_URI".into());
//! let warehouse = Warehouse::new(Dialect::PostgreSql, ["analytics", "predictions"], access);
//! let mut settings = ModelSettings::new("claims-risk", "baselines/claims-risk.json", warehouse.to_string());
//! settings.engine = Some(Arc::new(warehouse));
//! let mut job = DriftJob::new([settings], Clock::system());
//! for report in job.run_due().await {
//!     println!("{}", report?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What the counts are
//!
//! Those that the engine over files gives for the same rows: a number's place is the number of edges at or below it, NaN is missing,
//! infinite values lie below and above, and a category is looked up by its text. Numbers of a numeric column are placed by the
//! database. Categories, and texts where numbers belong, come as each text with its rows. What files have and a warehouse does not is a
//! sample of a window's values, so a report names fewer kinds of change.
//!
//! Labels of predictions that lie in a table are another matter: an [`OutcomeSource`](modelwatch_drift_job::performance::OutcomeSource) hands
//! each over, with no more than its id, its text and its time, and they are joined where the predictions are.
//!
//! # What it does not do
//!
//! It writes nothing, makes no table and keeps no connection between windows.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod adbc;
mod answer;
mod asking;
mod connection;
mod dialect;
mod kind;
mod outcomes;
mod profiles;
mod quantiles;
mod session;
#[cfg(feature = "spark")]
mod spark;
mod statement;
mod stop;
mod table;
mod warehouse;

pub use access::Access;
pub use dialect::{Dialect, UnknownDialect};
#[cfg(feature = "spark")]
#[cfg_attr(docsrs, doc(cfg(feature = "spark")))]
pub use spark::SparkLog;
pub use warehouse::Warehouse;
