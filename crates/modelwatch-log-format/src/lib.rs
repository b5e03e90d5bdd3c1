//! The format of the prediction log: what its columns, folders, files and metadata are called.
//!
//! The writer (`modelwatch-log`), the drift job and whoever else reads or writes the log take every name from here, so that a
//! change of the format is a change of this crate. It knows no Parquet and no storage.
//!
//! ```text
//! <root>/model=<percent-encoded name>/date=YYYY-MM-DD/hour=HH/modelwatch-<begun>-<writer>-<number>.parquet
//! <root>/outcomes/model=<percent-encoded name>/date=YYYY-MM-DD/hour=HH/modelwatch-<begun>-<writer>-<number>.parquet
//! ```
//!
//! ```
//! use modelwatch_log_format::{columns, folders};
//!
//! assert_eq!(folders::model("claims/risk"), "model=claims%2Frisk");
//! assert_eq!(columns::feature("income"), "feature.income");
//! ```
//!
//! Start with [`columns`] for what is in a file, [`folders`] for where it lies, [`files`] for how it is called and [`metadata`]
//! for what its footer says.

pub mod columns;
pub mod files;
pub mod folders;
pub mod metadata;
mod pattern;
mod time;

pub use time::micros;
