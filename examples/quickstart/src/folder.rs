//! The folder of the prediction log and the baseline: the demo and its drift job share it.

use std::path::{Path, PathBuf};

use flights::error::Failure;

/// The prediction log in it.
pub const LOG: &str = "prediction-log";

/// Where the log is kept: a folder somebody named, or one that goes with the demo.
#[derive(Debug)]
pub enum Folder {
    /// Named by somebody.
    Named(PathBuf),
    /// Deleted with this.
    Temporary(tempfile::TempDir),
}

impl Folder {
    /// The folder somebody named, made if need be, or else a new one.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    pub fn new(named: Option<&PathBuf>) -> Result<Self, Failure> {
        match named {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
                Ok(Self::Named(folder.clone()))
            }
            None => tempfile::tempdir()
                .map(Self::Temporary)
                .map_err(|error| unwritable(&std::env::temp_dir(), &error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// What keeps somebody from writing there, and the flag that names another place.
pub fn unwritable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!(
        "can't write {}: {error}; name another folder with --log",
        path.display()
    ))
}
