//! Publishes to the textfile collector of node-exporter.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::PublishError;

/// Writes a file that is whole at any time: it writes a temporary file next to it, syncs it to disk, and renames it.
/// # Example: a page for node-exporter
///
/// ```
/// use modelwatch_drift_job::publish::{PublishError, Textfile};
///
/// let folder = tempfile::tempdir()?;
/// let textfile = Textfile::new(folder.path().join("drift.prom"))?;
/// textfile.write(b"up 1\n")?;
/// assert_eq!(textfile.read()?, "up 1\n");
///
/// let refused: PublishError = Textfile::new(folder.path().join("drift.txt")).unwrap_err();
/// assert!(refused.to_string().contains(".prom"), "{refused}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Textfile {
    path: PathBuf,
}

impl Textfile {
    /// Selects the file at this path. Its name must end in `.prom`: node-exporter reads no other.
    ///
    /// # Errors
    ///
    /// The name does not end in `.prom`, or the folder does not exist.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, PublishError> {
        let path = path.into();
        if path.extension().is_none_or(|ending| ending != "prom") {
            return Err(PublishError::new(
                path.display(),
                "must end in .prom, or node-exporter does not read it",
            ));
        }
        let textfile = Self { path };
        if !textfile.folder().is_dir() {
            return Err(PublishError::new(
                textfile.folder().display(),
                "there is no such folder; create it, or fix the path",
            ));
        }
        Ok(textfile)
    }

    /// Returns the content of the file; empty if it does not exist yet.
    ///
    /// # Errors
    ///
    /// The file exists but can't be read.
    pub fn read(&self) -> Result<String, PublishError> {
        match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|error| PublishError::new(self.path.display(), format!("cannot be read: {error}"))),
        }
    }

    /// Replaces the file with a page in Prometheus text format. A concurrent reader sees either the old or the new
    /// page.
    ///
    /// # Errors
    ///
    /// The folder is not writable, or is full. The file then stays as it was.
    pub fn write(&self, page: &[u8]) -> Result<(), PublishError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        // node-exporter ignores files with another ending.
        let temporary = self.folder().join(format!(".{name}.{}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(page)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            File::open(self.folder())?.sync_all()
        });
        written.map_err(|error| {
            let removed = fs::remove_file(&temporary);
            let left = if removed.is_err() && temporary.exists() {
                format!("; {} is left over", temporary.display())
            } else {
                String::new()
            };
            PublishError::new(self.path.display(), format!("cannot be written: {error}{left}"))
        })
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}
