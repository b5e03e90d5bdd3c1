//! The textfile collector of node-exporter.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::PublishError;

/// A file that is always whole: written beside its place, brought to the disk, and then renamed.
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
    /// The file at this path, whose name must end in `.prom`: node-exporter reads no other.
    ///
    /// # Errors
    ///
    /// The name ends otherwise, or there is no such folder.
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

    /// What the file has; nothing where there is none yet.
    ///
    /// # Errors
    ///
    /// It is there and cannot be read.
    pub fn read(&self) -> Result<String, PublishError> {
        match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|error| PublishError::new(self.path.display(), format!("cannot be read: {error}"))),
        }
    }

    /// Puts a page in Prometheus text format in the file's place. Whoever reads meanwhile reads the one or the other.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to, or is full; then the file is as it was.
    pub fn write(&self, page: &[u8]) -> Result<(), PublishError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        // node-exporter reads no file that ends otherwise.
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
