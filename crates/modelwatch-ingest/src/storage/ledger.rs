//! The next offset of each partition, and the files that belong in the log: one file, replaced atomically.
//!
//! `<root>/.ingest/<source>/<share>/ledger.json`. A share is the part of a source that one process reads. When partitions move
//! between shares, the ledger with the highest epoch among those with the partition is right. A lock per partition ensures a
//! single reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::folders;
use crate::error::IngestError;
use crate::joining::Waiting;

/// The folder in the log's root, which readers of the log skip.
const FOLDER: &str = ".ingest";
const LEDGER: &str = "ledger.json";
const TEMPORARY: &str = "ledger.json.tmp";
const LOCK: &str = "lock";
/// The format version of the ledger.
const FORMAT: u32 = 1;
/// How often to retry moving a file whose empty folder retention has removed meanwhile.
const MOVES: usize = 5;
/// Characters that every storage accepts in a name. A dot alone would be a folder with another meaning.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The contents of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    format: u32,
    /// The number of commits of the source.
    epoch: u64,
    /// The number of files, which keeps their names unique.
    files: u64,
    /// The next offset of each partition.
    next: BTreeMap<i32, i64>,
    /// The mark of the record before it, which shows whether the topic was recreated.
    #[serde(default)]
    marks: BTreeMap<i32, u64>,
    /// Files of this folder to move into the log, and where.
    moves: Vec<Move>,
    /// Halves of requests that wait for the other half.
    waiting: Vec<Waiting>,
}

/// A file on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// The name in the share's folder.
    pub(crate) staged: String,
    /// The path below the root.
    pub(crate) path: String,
}

/// The ledger of one share of a source.
#[derive(Debug)]
pub(crate) struct Ledger {
    root: PathBuf,
    source: String,
    /// The source's folder, and the share's folder in it.
    folders: [PathBuf; 2],
    /// The ledgers of all shares, by folder.
    read: Vec<(PathBuf, State)>,
    epoch: u64,
    files: u64,
    next: BTreeMap<i32, i64>,
    /// Held as long as this exists.
    locks: Vec<File>,
    #[cfg(test)]
    pub(crate) stop_at: Option<usize>,
}

/// The recorded state of a partition.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The next offset. `None` if it was never read.
    pub(crate) next: Option<i64>,
    /// The mark of the record before that.
    pub(crate) mark: Option<u64>,
    pub(crate) waiting: Vec<Waiting>,
}

impl Ledger {
    /// Opens the ledger of a share, completes an interrupted commit, and removes files that are in no commit.
    pub(crate) fn open(root: &Path, source: &str, share: &str) -> Result<Self, IngestError> {
        let of_source = root.join(FOLDER).join(encoded(source));
        let of_share = of_source.join(encoded(share));
        folders::create(&of_share)?;
        let mut ledger = Self {
            root: root.to_owned(),
            source: source.to_owned(),
            read: Vec::new(),
            epoch: 0,
            files: 0,
            next: BTreeMap::new(),
            locks: Vec::new(),
            folders: [of_source, of_share],
            #[cfg(test)]
            stop_at: None,
        };
        ledger.lock(&ledger.folders[1].join(LOCK), None)?;
        ledger.read()?;
        let own = ledger.read.iter().find(|(folder, _)| *folder == ledger.folders[1]);
        if let Some((folder, state)) = own.cloned() {
            ledger.move_all(&folder, &state.moves)?;
        }
        ledger.remove_leftovers()?;
        Ok(ledger)
    }

    /// Returns the partitions that this share had at its last commit.
    pub(crate) fn had(&self) -> Vec<i32> {
        let own = self.read.iter().filter(|(folder, _)| *folder == self.folders[1]);
        own.flat_map(|(_, state)| state.next.keys().copied()).collect()
    }

    /// Returns the share's folder, in which files are written.
    pub(crate) fn folder(&self) -> &Path {
        &self.folders[1]
    }

    /// Returns the number of earlier files. Names from later numbers are new.
    pub(crate) fn files(&self) -> u64 {
        self.files
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    fn lock(&mut self, path: &Path, partition: Option<i32>) -> Result<(), IngestError> {
        let file = File::options().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(IngestError::storage(path, "made"))?;
        match file.try_lock() {
            Ok(()) => {
                self.locks.push(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(IngestError::Busy {
                source: self.source.clone(),
                partition,
            }),
            Err(TryLockError::Error(error)) => Err(IngestError::storage(path, "locked")(error)),
        }
    }

    /// Reads the ledgers of all shares.
    fn read(&mut self) -> Result<(), IngestError> {
        let of_source = &self.folders[0];
        let failed = || IngestError::storage(of_source, "listed");
        let mut read = Vec::new();
        for entry in fs::read_dir(of_source).map_err(failed())? {
            let folder = entry.map_err(failed())?.path();
            let path = folder.join(LEDGER);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                Err(error) => return Err(IngestError::storage(&path, "read")(error)),
            };
            let state: State = serde_json::from_slice(&bytes).map_err(|error| IngestError::Ledger {
                path: path.clone(),
                problem: format!("is no ledger of an ingest: {error}"),
            })?;
            if state.format != FORMAT {
                let problem = format!("is of format {}, and this reads format {FORMAT}", state.format);
                return Err(IngestError::Ledger { path, problem });
            }
            read.push((folder, state));
        }
        self.epoch = read.iter().map(|(_, state)| state.epoch).max().unwrap_or(0);
        self.files = read.iter().map(|(_, state)| state.files).max().unwrap_or(0);
        self.read = read;
        Ok(())
    }

    /// Removes files that no commit names.
    fn remove_leftovers(&self) -> Result<(), IngestError> {
        let folder = &self.folders[1];
        let failed = || IngestError::storage(folder, "listed");
        for entry in fs::read_dir(folder).map_err(failed())? {
            let path = entry.map_err(failed())?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if !matches!(name, Some(LEDGER | LOCK)) {
                fs::remove_file(&path).map_err(IngestError::storage(&path, "removed"))?;
            }
        }
        Ok(())
    }

    /// Takes a partition into this share, and returns its recorded state.
    pub(crate) fn own(&mut self, partition: i32) -> Result<Known, IngestError> {
        self.lock(
            &self.folders[0].join(format!("partition-{partition}.lock")),
            Some(partition),
        )?;
        // Read what another share has committed since. The lock keeps others from committing this partition now.
        self.read()?;
        let having = self
            .read
            .iter()
            .filter(|(_, state)| state.next.contains_key(&partition));
        let Some((folder, state)) = having.max_by_key(|(_, state)| state.epoch).cloned() else {
            return Ok(Known::default());
        };
        self.move_all(&folder, &state.moves)?;
        let next = state.next.get(&partition).copied();
        if let Some(next) = next {
            self.next.insert(partition, next);
        }
        let waiting = state
            .waiting
            .into_iter()
            .filter(|waiting| waiting.partition == partition);
        Ok(Known {
            next,
            mark: state.marks.get(&partition).copied(),
            waiting: waiting.collect(),
        })
    }

    /// Adds files to the log, and sets the next offsets of all partitions, atomically.
    ///
    /// The files must be complete and on storage in [`folder`](Self::folder).
    pub(crate) fn commit(
        &mut self,
        next: &BTreeMap<i32, i64>,
        marks: &BTreeMap<i32, u64>,
        moves: Vec<Move>,
        waiting: Vec<Waiting>,
    ) -> Result<(), IngestError> {
        let folder = self.folders[1].clone();
        let state = State {
            format: FORMAT,
            epoch: self.epoch + 1,
            files: self.files + moves.len() as u64,
            next: next.clone(),
            marks: marks.clone(),
            moves,
            waiting,
        };
        self.step()?;
        folders::sync(&folder)?;
        let temporary = folder.join(TEMPORARY);
        let failed = |doing| IngestError::storage(&temporary, doing);
        let bytes = serde_json::to_vec(&state).map_err(|error| failed("written")(error.into()))?;
        let mut file = File::create(&temporary).map_err(failed("made"))?;
        file.write_all(&bytes).map_err(failed("written"))?;
        self.step()?;
        file.sync_all().map_err(failed("put on storage"))?;
        self.step()?;
        fs::rename(&temporary, folder.join(LEDGER)).map_err(failed("put in place"))?;
        self.step()?;
        folders::sync(&folder)?;
        self.epoch = state.epoch;
        self.files = state.files;
        self.next = state.next;
        self.move_all(&folder, &state.moves)
    }

    /// Moves files into the log. Files that are missing here have been moved already.
    fn move_all(&mut self, folder: &Path, moves: &[Move]) -> Result<(), IngestError> {
        let mut into = BTreeSet::new();
        for Move { staged, path } in moves {
            self.step()?;
            let (staged, path) = (folder.join(staged), self.root.join(path));
            if move_one(&staged, &path)? {
                into.extend(path.parent().map(Path::to_owned));
            }
        }
        self.step()?;
        // Retention may have removed a folder that is empty again.
        let mut there = into.iter().filter(|folder| folder.is_dir());
        there.try_for_each(|folder| folders::sync(folder))
    }

    /// A point at which a test may stop.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test stops here")]
    fn step(&mut self) -> Result<(), IngestError> {
        Ok(())
    }

    #[cfg(test)]
    fn step(&mut self) -> Result<(), IngestError> {
        match &mut self.stop_at {
            None => Ok(()),
            Some(0) => Err(IngestError::Later("killed".into())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

/// Moves a file. Returns whether it was still to be moved.
fn move_one(staged: &Path, path: &Path) -> Result<bool, IngestError> {
    let mut left = MOVES;
    loop {
        if !staged.exists() {
            return Ok(false);
        }
        if let Some(folder) = path.parent() {
            folders::create(folder)?;
        }
        match fs::rename(staged, path) {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound && left > 0 => left -= 1,
            Err(error) => return Err(IngestError::storage(path, "put in place")(error)),
        }
    }
}

/// Encodes the name of a source or a share as a folder name.
pub(crate) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}
