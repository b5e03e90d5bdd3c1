//! Reads files outside the prediction log: plain Parquet, CSV and JSON lines, optionally compressed with gzip, one by
//! one, in folders or by patterns. Baselines are built from them, and [`Tables`](engine::Tables) counts windows of
//! them.
//!
//! The files, from the bottom up: `format` recognizes a file by its name, `places` expands patterns, and `objects`
//! lists a folder of a bucket; `csv`, `json` and `parquet` know one format each, and `delta` the tables whose log lists
//! their files; `sought` says which rows are wanted, and `found` what a place holds; `table` is one file of any format,
//! `columns` maps its columns to the prediction log, `engine` makes it all an engine.

mod columns;
#[cfg(feature = "texts")]
mod csv;
#[cfg(feature = "delta")]
mod delta;
mod engine;
mod format;
mod found;
#[cfg(feature = "texts")]
mod json;
mod kind;
mod objects;
mod parquet;
mod places;
mod sought;
mod table;

pub use columns::TableColumns;
pub use engine::Tables;

pub(crate) use found::Found;
pub(crate) use kind::Kind;
pub(crate) use places::{expand, is_delta_table};
pub(crate) use sought::Sought;
pub(crate) use table::Table;
