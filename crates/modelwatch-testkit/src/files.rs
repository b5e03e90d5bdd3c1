//! Files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the files of a folder and of those below it whose names end so, in the order of their paths. What begins with a dot is left
/// out, as readers leave it out. A folder that is not there has none.
#[must_use]
pub fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        match path.is_dir() {
            _ if name.starts_with('.') => {}
            true => found.extend(files_below(&path, ending)),
            false if name.ends_with(ending) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}
