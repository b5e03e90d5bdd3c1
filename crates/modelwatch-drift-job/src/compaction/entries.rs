//! What is in a folder of the log.

use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::CompactionError;

/// The entries of a folder that are right by what they are, links not followed, and by their names, in the order of these; none of a
/// folder that is gone, as retention removes what is empty.
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
        // What is gone meanwhile is neither.
        let right = entry.file_type().ok().zip(name.to_str());
        if right.is_some_and(|(kind, name)| is_right(kind, name)) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
