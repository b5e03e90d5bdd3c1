//! The files of a window, for an engine that reads their rows elsewhere.

use arrow::datatypes::SchemaRef;

use crate::engine::{LeftOut, Looked};

/// The files that have a window's rows, and what was left out. [`PredictionLog::files`](super::PredictionLog::files) finds them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowFiles {
    /// Those that can be read, in the order of their names.
    pub files: Vec<WindowFile>,
    /// Those that can't, and why.
    pub left_out: LeftOut,
    /// Where they were looked for.
    pub looked: Looked,
}

/// A file of the log, by what its footer says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowFile {
    /// Its path below the log's root, as storage spells it.
    pub path: String,
    /// Its columns.
    pub schema: SchemaRef,
    /// All of its rows, those outside of the window included.
    pub rows: u64,
}
