//! Compares the generated files with those on disk, and writes them.
//!
//! The tree has a list of its files with their SHA-256 that `sha256sum --check` can read. With it, [`write()`] recognises the
//! files it wrote. It does not overwrite a file that was there before or that you have edited since.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::file::File;
use crate::parallel;

/// The list of generated files, below the folder.
pub const LIST: &str = "generated.sha256";

/// How a file on disk differs from the generated one.
/// The example of [`Written`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file does not exist.
    Missing {
        /// The path below the folder.
        path: String,
    },
    /// The file has other contents.
    Changed {
        /// The path below the folder.
        path: String,
        /// The first line that differs, from 1.
        line: usize,
    },
    /// The file was generated before and is no longer needed.
    LeftOver {
        /// The path below the folder.
        path: String,
    },
}

impl Difference {
    /// Returns the file's path below the folder.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Missing { path } | Self::Changed { path, .. } | Self::LeftOver { path } => path,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "{path}: is not there; run `modelwatch stack generate`"),
            Self::Changed { path, line } => write!(
                f,
                "{path}:{line}: differs from what modelwatch.toml makes; run `modelwatch stack generate`, or move the change \
                 to modelwatch.toml"
            ),
            Self::LeftOver { path } => write!(f, "{path}: is not generated any more; run `modelwatch stack generate`"),
        }
    }
}

/// Why [`write()`] wrote nothing.
/// The example of [`Written`] has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A file or folder can't be read or written. The message names it.
    Io(io::Error),
    /// modelwatch did not write these files, or they were edited since. Nothing was written, and none of them was touched.
    NotOurs(Vec<NotOurs>),
}

/// A file that [`write()`] would have overwritten.
/// The example of [`Written`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotOurs {
    /// The path below the folder.
    pub path: String,
    /// Whether modelwatch wrote the file and it was edited since.
    pub edited: bool,
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        if self.edited {
            return write!(
                f,
                "{path}: was edited since it was generated; move the change to modelwatch.toml and delete the file"
            );
        }
        let instead = match path.as_str() {
            "prometheus/prometheus.yml" => ", or leave it alone with [prometheus] manage = false",
            "alertmanager/alertmanager.yml" => ", or leave it alone with [alertmanager] manage = false",
            _ => "",
        };
        write!(
            f,
            "{path}: is there, and modelwatch did not write it; move it away{instead}"
        )
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotOurs(files) => {
                for (index, file) in files.iter().enumerate() {
                    let end = if index > 0 { "\n" } else { "" };
                    write!(f, "{end}{file}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for WriteError {}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What [`write()`] changed, by paths below the folder.
/// # Example: a folder that follows the generated files
///
/// ```
/// use modelwatch_stack::File;
/// use modelwatch_stack::on_disk::{self, Difference, NotOurs, WriteError, Written};
///
/// let folder = tempfile::tempdir()?;
/// let files = [File::new("rules/a.yml", "groups: []\n")];
/// let done: Written = on_disk::write(&files, folder.path(), false)?;
/// assert_eq!(done.written, ["rules/a.yml"]);
/// assert!(on_disk::differences(&files, folder.path())?.is_empty());
///
/// // A file of yours in the same place is a difference, and is not overwritten.
/// std::fs::write(folder.path().join("rules/a.yml"), "groups: [] # mine\n")?;
/// assert!(matches!(on_disk::differences(&files, folder.path())?[..], [Difference::Changed { line: 1, .. }]));
/// let refused = on_disk::write(&files, folder.path(), false);
/// assert!(matches!(refused, Err(WriteError::NotOurs(of)) if matches!(&of[..], [NotOurs { path, .. }] if path == "rules/a.yml")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// New and changed files.
    pub written: Vec<String>,
    /// Files that were generated before and are no longer needed.
    pub removed: Vec<String>,
}

fn fingerprint(contents: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(contents) {
        // Writing into a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the list of these files.
pub(crate) fn list(files: &[File]) -> File {
    let Ok(lines) = parallel::map(files, |file| {
        let fingerprint = fingerprint(file.contents.as_bytes());
        Ok::<_, Infallible>(format!("{fingerprint}  {}\n", file.path))
    });
    File::new(LIST, lines.concat())
}

/// The files that modelwatch wrote last, with their fingerprints. Empty if it never wrote any.
fn listed(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let Some(list) = contents(&folder.join(LIST))? else {
        return Ok(BTreeMap::new());
    };
    let list = String::from_utf8_lossy(&list).into_owned();
    let entries = list.lines().filter_map(|line| line.split_once("  "));
    Ok(entries
        // modelwatch never writes a path that leaves the folder.
        .filter(|(_, path)| !path.starts_with('/') && !path.split('/').any(|part| part == ".."))
        .map(|(fingerprint, path)| (path.to_owned(), fingerprint.to_owned()))
        .collect())
}

/// A file's contents, or `None` if it does not exist.
fn contents(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named(path, &error)),
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Compares files with a folder. Your own files beside them are not a difference.
///
/// # Errors
///
/// Returns an error that names the file or folder that exists and can't be read.
pub fn differences(files: &[File], folder: &Path) -> io::Result<Vec<Difference>> {
    let mut differences = Vec::new();
    // The list differs whenever a file does.
    for file in files.iter().filter(|file| file.path != LIST) {
        match contents(&folder.join(&file.path))? {
            Some(there) if there == file.contents.as_bytes() => {}
            Some(there) => {
                let there = String::from_utf8_lossy(&there).into_owned();
                let same = there.split('\n').zip(file.contents.split('\n'));
                differences.push(Difference::Changed {
                    path: file.path.clone(),
                    line: same.take_while(|(there, generated)| there == generated).count() + 1,
                });
            }
            None => differences.push(Difference::Missing {
                path: file.path.clone(),
            }),
        }
    }
    let paths: BTreeSet<_> = files.iter().map(|file| file.path.as_str()).collect();
    for path in listed(folder)?.into_keys() {
        if !paths.contains(path.as_str()) && contents(&folder.join(&path))?.is_some() {
            differences.push(Difference::LeftOver { path });
        }
    }
    Ok(differences)
}

/// Writes the missing and changed files into a folder, and removes those that were generated before and are no longer needed.
///
/// With `overwrite`, it also replaces and removes files that modelwatch did not write or that were edited since.
///
/// # Errors
///
/// Returns an error when a file can't be read or written. Without `overwrite`, it also returns one when modelwatch did not write
/// a file, or when the file was edited since; it then writes nothing at all.
pub fn write(files: &[File], folder: &Path, overwrite: bool) -> Result<Written, WriteError> {
    let listed = listed(folder)?;
    let differences = differences(files, folder)?;
    let mut not_ours = Vec::new();
    for difference in &differences {
        let path = difference.path();
        let Some(there) = contents(&folder.join(path))? else {
            continue;
        };
        let known = listed.get(path);
        if known != Some(&fingerprint(&there)) {
            not_ours.push(NotOurs {
                path: path.to_owned(),
                edited: known.is_some(),
            });
        }
    }
    if !overwrite && !not_ours.is_empty() {
        return Err(WriteError::NotOurs(not_ours));
    }
    let mut done = Written::default();
    for difference in differences {
        let path = difference.path().to_owned();
        let target = folder.join(&path);
        let Some(file) = files.iter().find(|file| file.path == path) else {
            fs::remove_file(&target).map_err(|error| named(&target, &error))?;
            done.removed.push(path);
            continue;
        };
        put(file, folder)?;
        done.written.push(path);
    }
    // Written last, so that an interrupted run is recognisable.
    if let Some(list) = files.iter().find(|file| file.path == LIST)
        && contents(&folder.join(LIST))?.is_none_or(|there| there != list.contents.as_bytes())
    {
        put(list, folder)?;
    }
    Ok(done)
}

fn put(file: &File, folder: &Path) -> io::Result<()> {
    let target = folder.join(&file.path);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(|error| named(parent, &error))?;
    }
    // An interrupted run leaves the old file or the new one: half a file would count as edited. The next run uses the
    // same name, so that nothing is left over.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = target.with_file_name(format!(".{name}.tmp"));
    let written = fs::write(&temporary, &file.contents).and_then(|()| fs::rename(&temporary, &target));
    written.map_err(|error| {
        // It may never have been made.
        let _ = fs::remove_file(&temporary);
        named(&target, &error)
    })
}
