//! What is generated beside what is there: files on disk, metrics in Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::GenerateError;
use crate::file::File;
use crate::promql::series_in;
use crate::recorded::RECORDED;
use crate::rules::Rules;

/// The text that `modelwatch stack init` writes: every key, most of them as comments that show the default.
pub const INIT: &str = include_str!("init.toml");

/// How a file on disk differs from what would be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing {
        /// Its path below the folder.
        path: String,
    },
    /// It has other contents.
    Changed {
        /// Its path below the folder.
        path: String,
        /// The first line that differs, from 1.
        line: usize,
    },
    /// It is there, in a folder of generated files, and would not be generated.
    LeftOver {
        /// Its path below the folder.
        path: String,
    },
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
            Self::LeftOver { path } => write!(
                f,
                "{path}: is not generated any more; delete it, or keep your own files elsewhere"
            ),
        }
    }
}

/// Compares files with a folder.
///
/// # Errors
///
/// A file or folder is there and can't be read; the message names it.
pub fn differences(files: &[File], folder: &Path) -> io::Result<Vec<Difference>> {
    let mut differences = Vec::new();
    let mut folders = BTreeSet::new();
    let mut paths = BTreeSet::new();
    for file in files {
        paths.insert(file.path.as_str());
        folders.extend(file.path.rsplit_once('/').map(|(folder, _)| folder));
        let path = folder.join(&file.path);
        match fs::read(&path) {
            Ok(there) if there == file.contents.as_bytes() => {}
            Ok(there) => {
                let there = String::from_utf8_lossy(&there).into_owned();
                let same = there.split('\n').zip(file.contents.split('\n'));
                differences.push(Difference::Changed {
                    path: file.path.clone(),
                    line: same.take_while(|(there, generated)| there == generated).count() + 1,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                differences.push(Difference::Missing {
                    path: file.path.clone(),
                });
            }
            Err(error) => return Err(named(&path, &error)),
        }
    }
    for below in folders {
        let path = folder.join(below);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(named(&path, &error)),
        };
        let mut left_over = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| named(&path, &error))?;
            let is_file = entry.file_type().map_err(|error| named(&path, &error))?.is_file();
            let path = format!("{below}/{}", entry.file_name().to_string_lossy());
            if is_file && !paths.contains(path.as_str()) {
                left_over.push(Difference::LeftOver { path });
            }
        }
        left_over.sort_by_key(ToString::to_string);
        differences.extend(left_over);
    }
    Ok(differences)
}

/// Writes the files that are missing or changed into a folder; says which.
///
/// # Errors
///
/// A file can't be read or written; the message names it.
pub fn write(files: &[File], folder: &Path) -> io::Result<Vec<String>> {
    let mut written = Vec::new();
    for difference in differences(files, folder)? {
        let (Difference::Missing { path } | Difference::Changed { path, .. }) = difference else {
            continue;
        };
        let Some(file) = files.iter().find(|file| file.path == path) else {
            continue;
        };
        let target = folder.join(&path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| named(parent, &error))?;
        }
        fs::write(&target, &file.contents).map_err(|error| named(&target, &error))?;
        written.push(path);
    }
    Ok(written)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The metrics that rules use and nothing shows, each with the rules that wait for it. `seen` is every name that Prometheus
/// has; what the rules themselves record does not count.
///
/// # Errors
///
/// A rule does not parse.
pub fn unseen(rules: &Rules, seen: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<String>>, GenerateError> {
    let mut unseen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules
        .recording
        .iter()
        .chain(&rules.alerts)
        .flat_map(|group| &group.rules)
    {
        let name = rule.record.as_ref().or(rule.alert.as_ref());
        for metric in
            series_in(&rule.expr).map_err(|error| GenerateError::new(name.cloned().unwrap_or_default(), error))?
        {
            let recorded = RECORDED.iter().any(|recorded| recorded.name == metric);
            if recorded || seen.contains(&metric) {
                continue;
            }
            let rules = unseen.entry(metric).or_default();
            rules.extend(name.filter(|name| !rules.contains(name)).cloned());
        }
    }
    Ok(unseen)
}
