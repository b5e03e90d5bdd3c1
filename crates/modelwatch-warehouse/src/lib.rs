//! Counts rows in a warehouse, where they are.
//!
//! A [`Warehouse`] is an engine of the drift job. It turns a window, columns and bins into one SQL statement and gets counts
//! back; the rows stay where they are. It uses ADBC, so it loads the database's driver when needed, and receives Arrow. Apache
//! Spark has no such driver. With the feature `spark`, the crate uses Spark Connect, for tables of its catalogue, and through
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
//! # What it counts
//!
//! The counts equal those of the engine over files for the same rows: a number's place is the number of edges at or below it, NaN
//! is missing, infinite values are below and above all edges, and a category is looked up by its text. The database places the
//! numbers of a numeric column. Categories, and texts in place of numbers, arrive as distinct texts with their number of rows.
//! Unlike files, a warehouse gives no sample of a window's values, so a report names fewer kinds of change.
//!
//! Labels in a table work differently. An [`OutcomeSource`](modelwatch_drift_job::performance::OutcomeSource) sends each label
//! with only its id, its text and its time, and the job joins them where the predictions are.
//!
//! # What it does not do
//!
//! It writes nothing, creates no table and keeps no connection between windows.

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
