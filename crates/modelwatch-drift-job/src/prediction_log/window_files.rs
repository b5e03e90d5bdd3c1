//! Lists the files of a window, for an engine that reads their rows elsewhere.

use arrow_schema::SchemaRef;

use crate::engine::{LeftOut, Looked};

/// Lists the files with a window's rows, and what was left out. [`PredictionLog::files`](super::PredictionLog::files)
/// finds them.
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
    /// The readable files, in the order of their names.
    pub files: Vec<WindowFile>,
    /// The files that can't be read, and why.
    pub left_out: LeftOut,
    /// The places where they were looked for.
    pub looked: Looked,
}

/// Describes a file of the log by its footer.
/// The example of [`WindowFiles`](crate::WindowFiles) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowFile {
    /// The path below the log's root, as storage spells it.
    pub path: String,
    /// Its columns.
    pub schema: SchemaRef,
    /// The number of all its rows, including those outside the window.
    pub rows: u64,
}
