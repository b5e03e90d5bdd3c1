//! Why ingesting can't continue. Nothing is lost: records that are not in a commit are read again.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use modelwatch_log::WriteError;

/// Why ingesting can't continue.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum IngestError {
    /// A folder or file can't be read, written or moved.
    Storage {
        /// The folder or file.
        path: PathBuf,
        /// The operation that failed.
        doing: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// A file of rows can't be written.
    Rows(WriteError),
    /// Another process is using it.
    Busy {
        /// The source.
        source: String,
        /// The partition, if only one is in use.
        partition: Option<i32>,
    },
    /// A ledger beside the log can't be understood.
    Ledger {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Something that is needed to read the next record is not available now. You can pass the record again.
    Later(String),
}

impl IngestError {
    pub(crate) fn storage(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Storage {
            path: path.to_owned(),
            doing,
            error,
        }
    }
}

impl From<WriteError> for IngestError {
    fn from(error: WriteError) -> Self {
        Self::Rows(error)
    }
}

impl fmt::Display for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage { path, doing, error } => write!(
                f,
                "{}: can't be {doing}: {error}; see that the log's folder has room and may be written to",
                path.display()
            ),
            Self::Rows(error) => error.fmt(f),
            Self::Busy {
                source,
                partition: Some(partition),
            } => write!(
                f,
                "another process takes partition {partition} of {source} into this log; end it, or give each its own with --partitions"
            ),
            Self::Busy {
                source,
                partition: None,
            } => write!(
                f,
                "another process takes {source} into this log; end it, or give this one another --name"
            ),
            Self::Ledger { path, problem } => write!(
                f,
                "{}: {problem}; use the release that wrote it, or remove the file to begin anew, which doubles what is in the log",
                path.display()
            ),
            Self::Later(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for IngestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Storage { error, .. } => Some(error),
            Self::Rows(error) => Some(error),
            Self::Busy { .. } | Self::Ledger { .. } | Self::Later(_) => None,
        }
    }
}
