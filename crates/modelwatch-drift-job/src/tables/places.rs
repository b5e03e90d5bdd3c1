//! Expands paths, folders, patterns and URLs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
#[cfg(feature = "delta")]
use std::sync::Arc;

use modelwatch_log_format::files;

use super::format::{self, DELTA_LOG, within_delta};
use super::found::Found;
use super::objects;
use super::parquet::Parquet;
use super::sought::Sought;
use crate::engine::EngineError;

/// Returns the paths or URLs that a pattern stands for, sorted: a file, all readable files below a folder, or the files
/// of a glob; in a bucket, an object or all readable ones below a folder.
///
/// A folder that is a Delta table stands for the files of its newest version, without those that have none of the
/// sought rows.
pub(crate) async fn expand(pattern: &str, sought: Option<&Sought>) -> Result<Vec<Found>, EngineError> {
    if is_delta_table(pattern).await? {
        return live_files(pattern, sought).await;
    }
    let addresses = match pattern.split_once("://") {
        None => expand_local(pattern, pattern)?,
        Some(("file", path)) => expand_local(pattern, path)?,
        Some(_) => objects::below(pattern).await?,
    };
    Ok(addresses.into_iter().map(Found::File).collect())
}

/// Returns whether a folder or a URL is a Delta table instead of a folder of files.
pub(crate) async fn is_delta_table(address: &str) -> Result<bool, EngineError> {
    match address.split_once("://") {
        None => Ok(Path::new(address).join(DELTA_LOG).is_dir()),
        Some(("file", path)) => Ok(Path::new(path).join(DELTA_LOG).is_dir()),
        Some(_) => objects::has_delta_log(address).await,
    }
}

#[cfg(feature = "delta")]
async fn live_files(address: &str, sought: Option<&Sought>) -> Result<Vec<Found>, EngineError> {
    let files = super::delta::live_files(address, sought).await?;
    Ok(files.into_iter().map(|file| Found::Live(Arc::new(file))).collect())
}

#[cfg(not(feature = "delta"))]
async fn live_files(address: &str, _: Option<&Sought>) -> Result<Vec<Found>, EngineError> {
    Err(EngineError::store(
        address,
        "is a Delta table, which this build does not read; build modelwatch-drift-job or modelwatch-cli with the feature `delta`",
    ))
}

fn expand_local(pattern: &str, local: &str) -> Result<Vec<String>, EngineError> {
    let path = Path::new(local);
    if path.is_file() {
        return Ok(vec![local.to_owned()]);
    }
    let mut paths = Vec::new();
    if path.is_dir() {
        below(path, &mut paths).map_err(|problem| EngineError::store(pattern, problem))?;
        without_replaced(&mut paths);
        paths.sort();
        return match paths.is_empty() {
            true => Err(EngineError::store(
                pattern,
                format!("has no file that ends in {}; name another folder", format::KNOWN),
            )),
            false => Ok(paths),
        };
    }
    let found = glob::glob(local)
        .map_err(|error| EngineError::store(pattern, format!("is not a pattern of paths: {error}")))?;
    for path in found {
        let path = path.map_err(|error| EngineError::store(pattern, error.to_string()))?;
        if let Some(folder) = path.parent().filter(|folder| folder.join(DELTA_LOG).is_dir()) {
            return Err(EngineError::store(pattern, within_delta(&folder.display())));
        }
        if path.is_file() {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    without_replaced(&mut paths);
    if paths.is_empty() {
        return Err(EngineError::store(
            pattern,
            "there is no such file; fix the path or the pattern",
        ));
    }
    Ok(paths)
}

/// Leaves out the files of a prediction log that were merged into others and are about to be removed, according to the
/// others' footers.
fn without_replaced(paths: &mut Vec<String>) {
    let mut replaced = BTreeSet::new();
    for path in paths.iter().map(Path::new) {
        let is_merged = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(files::may_be_merged);
        // An unreadable file is reported when its turn comes.
        if let (true, Ok(file)) = (is_merged, Parquet::open(path)) {
            let folder = path.parent().unwrap_or(Path::new(""));
            replaced.extend(file.replaces().into_iter().map(|name| folder.join(name)));
        }
    }
    paths.retain(|path| !replaced.contains(Path::new(path)));
}

/// Finds the files whose names imply a format, except for hidden files and folders.
fn below(folder: &Path, paths: &mut Vec<String>) -> Result<(), String> {
    let unlisted = |error: std::io::Error| format!("cannot be listed: {error}");
    for entry in fs::read_dir(folder).map_err(unlisted)? {
        let path = entry.map_err(unlisted)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Next to its live files lie those that an update or a deletion removed from it. Counting all of them would
        // count rows that are gone.
        if name == DELTA_LOG {
            return Err(within_delta(&folder.display()));
        }
        if name.starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() {
            below(&path, paths)?;
        } else if format::of(&name).is_some() {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
