//! Explains why a log can't be compacted.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Explains why a run ended early. Its finished work stays, and nothing is lost.
/// The example of [`Compaction`](crate::Compaction) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompactionError {
    /// The log is not a folder on this machine.
    NoFolder {
        /// The address of the log.
        log: String,
    },
    /// Another run is working on the log.
    Busy {
        /// The log.
        log: PathBuf,
    },
    /// A folder or file can't be read, written or removed.
    Storage {
        /// The folder or file.
        path: PathBuf,
        /// The operation that failed.
        doing: &'static str,
        /// The error of the operating system.
        error: io::Error,
    },
}

impl CompactionError {
    pub(super) fn storage(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Storage {
            path: path.to_owned(),
            doing,
            error,
        }
    }
}

impl fmt::Display for CompactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder { log } => write!(
                f,
                "{log}: there is no such folder on this machine; name the root of a prediction log"
            ),
            Self::Busy { log } => write!(
                f,
                "{}: another compaction is at work there; wait for its end",
                log.display()
            ),
            Self::Storage { path, doing, error } => {
                write!(
                    f,
                    "{}: can't be {doing}: {error}; run it again, nothing is lost",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for CompactionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Storage { error, .. } => Some(error),
            Self::NoFolder { .. } | Self::Busy { .. } => None,
        }
    }
}
