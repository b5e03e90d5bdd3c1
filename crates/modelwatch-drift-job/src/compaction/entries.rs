//! Lists the entries of a folder of the log.

use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::CompactionError;

/// Returns the entries of a folder that `is_right` accepts by type (without following links) and name, in the order of
/// their names. Returns none if the folder is gone, because retention removes empty folders.
pub(super) fn entries_in(
    folder: &Path,
    is_right: impl Fn(FileType, &str) -> bool,
) -> Result<Vec<PathBuf>, CompactionError> {
    let failed = || CompactionError::storage(folder, "listed");
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed()(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name();
        // Skips entries that are gone by now.
        let right = entry.file_type().ok().zip(name.to_str());
        if right.is_some_and(|(kind, name)| is_right(kind, name)) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
