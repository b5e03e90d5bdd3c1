//! From training files to the baseline.
//!
//! `columns` decides what each column is and which are features, `read` takes their values, `profile` counts them and learns
//! what is usual, `summary` tells what was read, and `build` makes the baseline of it. A `source` is a table
//! elsewhere that says of its columns what `read` and `profile` would. Whatever is wrong with columns is told
//! of all of them at once; what can't be a feature is left out with a warning, unless it was asked for by name.

mod build;
mod columns;
mod error;
mod options;
mod profile;
mod read;
mod source;
mod summary;

pub use error::{Role, TrainingError, TrainingWarning};
pub use options::{TrainingOptions, TrainingProgress};
pub use source::{ColumnHolds, SourceColumn, TrainingColumns, TrainingSource};
pub use summary::{ColumnKind, ColumnSummary, Trained};
