//! A file in the making: hidden until it is whole, and gone if it never gets so.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use fs4::{FileExt, TryLockError};
use modelwatch_log_format::{files, folders};
use parquet::file::writer::SerializedFileWriter;

use crate::batch::Batch;
use crate::counts::Counts;
use crate::error::WriteError;
use crate::shape::Shape;
use crate::slot::Slot;

/// Rows of a row group, and bytes where the rows are wide.
const GROUP_ROWS: usize = 65_536;
const GROUP_BYTES: usize = 32 << 20;

/// How often a file is begun that a keeper removes, and what is between.
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(1);

/// The records of one model in one hour, with one set of features, on their way into a file.
pub(crate) struct OpenFile {
    pub(crate) model: Arc<str>,
    pub(crate) shape: Arc<Shape>,
    pub(crate) hour: i64,
    pub(crate) begun: Instant,
    counts: Arc<Counts>,
    /// The model's folder, and that of the hour in it.
    folders: [PathBuf; 2],
    name: String,
    batch: Batch,
    /// Nothing until the first row group.
    storage: Option<Storage>,
    /// Records in it and in the batch.
    rows: u64,
}

struct Storage {
    temporary: PathBuf,
    writer: SerializedFileWriter<File>,
}

impl OpenFile {
    pub(crate) fn new(
        root: &Path,
        model: Arc<str>,
        shape: Arc<Shape>,
        hour: i64,
        counts: Arc<Counts>,
        [writer, sequence]: [u64; 2],
    ) -> Self {
        let mut folder = root.to_owned();
        if shape.is_of_outcomes() {
            folder.push(folders::OUTCOMES);
        }
        folder.push(folders::model(&model));
        Self {
            batch: Batch::new(&shape),
            folders: [folder.join(folders::of_hour(hour).iter().collect::<PathBuf>()), folder],
            name: files::name(SystemTime::now(), writer, sequence),
            begun: Instant::now(),
            storage: None,
            rows: 0,
            model,
            shape,
            hour,
            counts,
        }
    }

    /// Takes a record. An error tells that a row group was due, and that all of this file is lost.
    pub(crate) fn push(&mut self, version: &Bytes, slot: &Slot) -> Result<(), WriteError> {
        self.batch.push(version, slot);
        self.rows += 1;
        if self.batch.rows() >= GROUP_ROWS || self.batch.bytes() >= GROUP_BYTES {
            return self.write_group();
        }
        Ok(())
    }

    /// Memory its records take.
    pub(crate) fn bytes_in_memory(&self) -> usize {
        self.batch.bytes()
    }

    /// Bytes on storage.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.storage
            .as_ref()
            .map_or(0, |storage| storage.writer.bytes_written() as u64)
    }

    /// Moves what is in memory to storage, where nobody sees it yet.
    pub(crate) fn write_group(&mut self) -> Result<(), WriteError> {
        let storage = match &mut self.storage {
            Some(storage) => storage,
            none => none.insert(Storage::create(&self.folders[0], &self.name, &self.model, &self.shape)?),
        };
        (self.batch.write_to(&mut storage.writer)).map_err(|error| WriteError::new(&storage.temporary, "write", error))
    }

    /// As [`write_group`](Self::write_group), before one is due, and gives the memory back.
    pub(crate) fn spill(&mut self) -> Result<(), WriteError> {
        let written = self.write_group();
        self.batch = Batch::new(&self.shape);
        written
    }

    /// Makes the file whole and lets it be seen, and counts its records.
    pub(crate) fn finish(&mut self) -> Result<(), WriteError> {
        if self.batch.rows() > 0 {
            self.write_group()?;
        }
        if let Some(storage) = &mut self.storage {
            let path = self.folders[0].join(&self.name);
            storage.finish(&path)?;
            // It has its name now, and nothing to be removed.
            self.storage = None;
            self.counts.written(std::mem::take(&mut self.rows));
            sync_folder(&self.folders[0])?;
        }
        Ok(())
    }

    /// Gives it up, and tells how many records are lost.
    pub(crate) fn discard(mut self) -> u64 {
        let rows = std::mem::take(&mut self.rows);
        self.counts.dropped(rows);
        rows
    }
}

impl Storage {
    fn create(folder: &Path, name: &str, model: &str, shape: &Shape) -> Result<Self, WriteError> {
        let temporary = folder.join(files::temporary(name));
        let file = create_undisturbed(folder, &temporary)?;
        let schema = shape.schema();
        let writer = schema.and_then(|schema| SerializedFileWriter::new(file, schema, shape.properties(model)));
        match writer {
            Ok(writer) => Ok(Self { temporary, writer }),
            Err(error) => {
                remove_unfinished(&temporary);
                Err(WriteError::new(temporary, "write", error))
            }
        }
    }

    fn finish(&mut self, path: &Path) -> Result<(), WriteError> {
        let here = &self.temporary;
        self.writer
            .finish()
            .map_err(|error| WriteError::new(here, "write", error))?;
        let synced = self.writer.inner().sync_all();
        synced.map_err(|error| WriteError::new(here, "sync", error))?;
        fs::rename(here, path).map_err(|error| WriteError::new(path, "put in place", error))
    }
}

impl Drop for OpenFile {
    /// What never got whole leaves nothing behind.
    fn drop(&mut self) {
        if let Some(storage) = &self.storage {
            remove_unfinished(&storage.temporary);
        }
    }
}

fn remove_unfinished(temporary: &Path) {
    if let Err(error) = fs::remove_file(temporary) {
        let path = temporary.display();
        tracing::debug!(%error, %path, "an unfinished file stays until the keeper finds it");
    }
}

/// As [`create_locked`], again and again while a keeper is at it: one that finds the folder empty, or the file before it is locked,
/// may remove it. The name is this writer's alone, so a file that has it is one which a keeper is about to remove.
fn create_undisturbed(folder: &Path, path: &Path) -> Result<File, WriteError> {
    for _ in 1..ATTEMPTS {
        match create_locked(folder, path) {
            Err(error) if error.is(ErrorKind::NotFound) || error.is(ErrorKind::AlreadyExists) => {
                thread::sleep(BETWEEN_ATTEMPTS);
            }
            created => return created,
        }
    }
    create_locked(folder, path)
}

/// Makes a file and holds a lock on it, by which a keeper of this or another process knows that somebody lives who writes
/// it. On storage without locks nobody removes it either.
fn create_locked(folder: &Path, path: &Path) -> Result<File, WriteError> {
    create_folders(folder)?;
    let failed = |error| WriteError::new(path, "create", error);
    let file = File::create_new(path).map_err(failed)?;
    match FileExt::try_lock(&file) {
        Err(TryLockError::WouldBlock) => Err(failed(ErrorKind::NotFound.into())),
        Ok(()) if !path.exists() => Err(failed(ErrorKind::NotFound.into())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Makes a folder and those it is in, so that they outlast a crash.
fn create_folders(folder: &Path) -> Result<(), WriteError> {
    let failed = |error: io::Error| WriteError::new(folder, "create", error);
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.is_dir()).collect();
    fs::create_dir_all(folder).map_err(failed)?;
    missing
        .iter()
        .filter_map(|made| made.parent())
        .try_for_each(sync_folder)
}

/// So that the names in a folder outlast a crash.
fn sync_folder(folder: &Path) -> Result<(), WriteError> {
    // A relative path's last ancestor is empty: it means the working folder.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let synced = if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all())
    } else {
        Ok(())
    };
    synced.map_err(|error| WriteError::new(folder, "sync", error))
}
