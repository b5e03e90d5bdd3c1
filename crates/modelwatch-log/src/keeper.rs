//! The keeper's thread: removes what retention lets go, and what writers that were killed left behind.
//!
//! It looks at files of our own naming in folders of our own naming, and at nothing else: what somebody put beside
//! them stays, broken or not.

use std::fs::{self, DirEntry, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use fs4::{FileExt, TryLockError};
use modelwatch_log_format::{files, folders};

use crate::warnings::Warnings;

/// How often it looks.
const LOOK: Duration = Duration::from_secs(60);

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// Files begun longer ago go.
    pub(crate) age: Option<Duration>,
    /// Above this sum of sizes, the oldest go.
    pub(crate) bytes: Option<u64>,
}

pub(crate) struct Keeper {
    root: PathBuf,
    retention: Retention,
    warnings: Warnings,
}

/// A file that is seen, by the name that tells its age.
struct Kept {
    name: String,
    folder: PathBuf,
    bytes: u64,
}

impl Keeper {
    pub(crate) fn new(root: PathBuf, retention: Retention) -> Self {
        Self {
            root,
            retention,
            warnings: Warnings::default(),
        }
    }

    /// Until the other end of the channel is gone.
    pub(crate) fn run(mut self, end: &Receiver<()>) {
        loop {
            if let Err(error) = self.look() {
                let root = self.root.display();
                self.warnings
                    .warn(|| tracing::warn!(%error, %root, "the prediction log can't remove what is old"));
            }
            match end.recv_timeout(LOOK) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&self) -> io::Result<()> {
        let oldest = self.retention.age.and_then(|age| SystemTime::now().checked_sub(age));
        let oldest = oldest.map(files::begun_prefix);
        let mut kept = Vec::new();
        let mut models = folders_in(&self.root, folders::is_model)?;
        models.extend(folders_in(&self.root.join(folders::OUTCOMES), folders::is_model)?);
        for model in models {
            for date in folders_in(&model, folders::is_date)? {
                for hour in folders_in(&date, folders::is_hour)? {
                    self.look_at_hour(&hour, oldest.as_deref(), &mut kept)?;
                }
            }
        }
        let Some(most) = self.retention.bytes else {
            return Ok(());
        };
        let mut bytes: u64 = kept.iter().map(|file| file.bytes).sum();
        if bytes > most {
            kept.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            for file in kept {
                if bytes <= most {
                    break;
                }
                remove(&file.folder.join(&file.name))?;
                self.remove_if_empty(&file.folder);
                bytes -= file.bytes;
            }
        }
        Ok(())
    }

    fn look_at_hour(&self, folder: &Path, oldest: Option<&str>, kept: &mut Vec<Kept>) -> io::Result<()> {
        let mut removed = false;
        for entry in entries(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if files::is_temporary(&name) {
                removed |= remove_if_left_behind(&entry.path())?;
            } else if files::is_name(&name) {
                if oldest.is_some_and(|oldest| &*name < oldest) {
                    remove(&entry.path())?;
                    removed = true;
                } else if self.retention.bytes.is_some() {
                    if let Some(bytes) = size(&entry)? {
                        let folder = folder.to_path_buf();
                        kept.push(Kept { name, folder, bytes });
                    }
                }
            }
        }
        if removed {
            self.remove_if_empty(folder);
        }
        Ok(())
    }

    /// The folder of an hour, and those it is in.
    fn remove_if_empty(&self, folder: &Path) {
        let ours = folder.ancestors().take_while(|folder| **folder != *self.root);
        // The first that is not empty ends it.
        for folder in ours {
            if fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

/// The folders in a folder whose names are right, but not links to folders.
fn folders_in(folder: &Path, is_right: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name().to_str().is_some_and(&is_right) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// None where another keeper has removed the folder meanwhile.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(entries.into_iter().flatten())
}

/// Nothing where the file is gone.
fn size(entry: &DirEntry) -> io::Result<Option<u64>> {
    match entry.metadata() {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A writer that lives holds a lock on its file. Where there are no locks, the file stays.
fn remove_if_left_behind(path: &Path) -> io::Result<bool> {
    let file = match File::options().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match FileExt::try_lock(&file) {
        Ok(()) => remove(path).map(|()| true),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Ok(false),
    }
}
