//! A file that an option names and a command writes whole.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file that is written beside its place, brought to the disk and renamed, so that whoever reads it reads a whole one.
///
/// What is no file, such as `/dev/stdout` or a named pipe, is written to: a rename would put a file in its place.
pub(crate) struct OutputFile {
    /// As it was named.
    named: PathBuf,
    /// Where it is, behind links.
    path: PathBuf,
    folder: PathBuf,
    option: &'static str,
}

impl OutputFile {
    /// Makes the folder, before anything is read: without it, the work would be in vain. `option` is what names the file.
    pub(crate) fn new(named: &Path, option: &'static str) -> Result<Self, Failure> {
        let path = fs::canonicalize(named).unwrap_or_else(|_| named.to_owned());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let output = Self {
            named: named.to_owned(),
            folder: folder.to_owned(),
            path: path.clone(),
            option,
        };
        if path.is_dir() {
            return Err(output.unwritable(&"it is a folder"));
        }
        if output.is_special() {
            return Ok(output);
        }
        let of_folder = |error| output.unwritable(&format_args!("{}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(of_folder)?;
        let metadata = fs::metadata(folder).map_err(of_folder)?;
        if metadata.permissions().readonly() {
            return Err(output.unwritable(&format_args!("{} is read-only", folder.display())));
        }
        Ok(output)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.is_special() {
            let written = File::options().write(true).open(&self.named);
            let written = written.and_then(|mut file| file.write_all(bytes));
            return written.map_err(|error| self.unwritable(&error));
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = self.folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            File::open(&self.folder)?.sync_all()
        });
        written.map_err(|error| {
            // It may never have been made.
            let _ = fs::remove_file(&temporary);
            self.unwritable(&error)
        })
    }

    /// Whether the path leads to a device, a pipe or a socket.
    fn is_special(&self) -> bool {
        fs::metadata(&self.named).is_ok_and(|of| !of.is_file() && !of.is_dir())
    }

    fn unwritable(&self, why: &dyn std::fmt::Display) -> Failure {
        let (named, option) = (self.named.display(), self.option);
        Failure::new(format!(
            "{named} can't be written: {why}; name another file with {option}"
        ))
    }
}
