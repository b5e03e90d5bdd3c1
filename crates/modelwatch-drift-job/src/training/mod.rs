//! Builds the baseline from training files.
//!
//! `columns` decides what each column is and which ones are features, `read` reads their values, `profile` counts them
//! and learns how far windows stray, `summary` describes what was read, and `build` makes the baseline from it. A
//! `source` is a table elsewhere that returns for its columns what `read` and `profile` would. An error lists the
//! problems of all columns at once. A column that can't be a feature is left out with a warning, unless you asked for
//! it by name.

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
