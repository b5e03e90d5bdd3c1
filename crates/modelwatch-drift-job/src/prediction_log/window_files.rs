//! The files of a window, for an engine that reads their rows elsewhere.

use arrow::datatypes::SchemaRef;

use crate::engine::{LeftOut, Looked};

/// The files that have a window's rows, and what was left out. [`PredictionLog::files`](super::PredictionLog::files) finds them.
/// # Example: a log without a model
///
/// ```
/// use modelwatch_drift_job::{PredictionLog, WindowFile, WindowFiles};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let log = PredictionLog::open(&folder.path().display().to_string())?;
/// let found: WindowFiles = log.files("claims-risk", None).await?;
/// let files: &[WindowFile] = &found.files;
/// assert!(files.is_empty());
/// assert!(found.looked.to_string().contains("which is not there"), "{}", found.looked);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
/// The example of [`WindowFiles`] has one.
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
