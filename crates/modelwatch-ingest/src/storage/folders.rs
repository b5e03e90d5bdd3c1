//! Folders whose names survive a crash.

use std::fs::{self, File};
use std::path::Path;

use crate::error::IngestError;

/// Creates a folder and its parents.
pub(crate) fn create(folder: &Path) -> Result<(), IngestError> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.is_dir()).collect();
    fs::create_dir_all(folder).map_err(IngestError::storage(folder, "made"))?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(sync)
}

/// Puts the names in a folder on storage.
pub(crate) fn sync(folder: &Path) -> Result<(), IngestError> {
    // A relative path's last ancestor is empty, which means the working directory.
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(IngestError::storage(folder, "put on storage"))
}
