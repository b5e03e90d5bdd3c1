//! Files that are no prediction log: plain Parquet, CSV and JSON lines, also compressed with gzip, one by one, in folders or by
//! patterns. Baselines are made of them, and [`Tables`](engine::Tables) counts windows of them.
//!
//! From below: `format` tells what a file is by its name, `places` what a pattern stands for, and `objects` what lies below a folder of a bucket; `csv`, `json` and `parquet` know one format
//! each, and `delta` the tables whose log says which files are theirs; `sought` is what is looked for, and `found` what is found at a place; `table` is one file of any, `columns` what its columns are called in the prediction log, `engine` the whole as an engine.

mod columns;
mod csv;
#[cfg(feature = "delta")]
mod delta;
mod engine;
mod format;
mod found;
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
