//! Compacts the files of one hour of one model.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use modelwatch_log_format::columns::TIME;
use modelwatch_log_format::{files, metadata};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::compacted::Compacted;
use super::entries::entries_in;
use super::error::CompactionError;
use crate::prediction_log::replaced;

/// Rows per row group, the same as the service writes, so that readers can skip what lies outside a window.
const GROUP_ROWS: usize = 65_536;

/// Identifies an hour's folder and its model.
#[derive(Clone, Copy, Debug)]
pub(super) struct HourFolder<'a> {
    pub(super) path: &'a Path,
    pub(super) model: &'a str,
}

/// Describes a file that can be merged.
#[derive(Debug)]
struct Source {
    name: String,
    path: PathBuf,
    schema: SchemaRef,
    replaces: Vec<String>,
    rows: u64,
    bytes: u64,
}

/// Explains why an hour's files are not merged now.
enum Trouble {
    /// A file is gone, for example through retention. The next run sees what is left.
    Gone,
    /// A file can't be merged, and stays.
    Left(String),
    /// The run ends.
    Fatal(CompactionError),
}

pub(super) fn compact(folder: HourFolder<'_>, compacted: &mut Compacted) -> Result<(), CompactionError> {
    let paths = ours(folder.path)?;
    // A single file has nothing to merge with, and a year's log is full of such hours.
    if paths.len() < 2 {
        return Ok(());
    }
    let mut sources = Vec::new();
    for path in paths {
        match guarded(|| source(folder.model, &path)) {
            Ok(source) => sources.push(source),
            Err(Trouble::Gone) => {}
            Err(Trouble::Left(problem)) => compacted.left.push(format!("{} {problem}", path.display())),
            Err(Trouble::Fatal(error)) => return Err(error),
        }
    }
    // An earlier run was killed between its last two steps.
    let merged: BTreeSet<&String> = sources.iter().flat_map(|source| &source.replaces).collect();
    let (behind, kept): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| merged.contains(&source.name));
    compacted.left_behind += behind.len();
    remove(folder.path, &behind)?;
    for group in by_columns(kept) {
        match guarded(|| merge(folder, &group)) {
            Ok(bytes) => {
                compacted.merged += group.len();
                compacted.into += 1;
                compacted.rows += group.iter().map(|source| source.rows).sum::<u64>();
                compacted.bytes_before += group.iter().map(|source| source.bytes).sum::<u64>();
                compacted.bytes_after += bytes;
                remove(folder.path, &group)?;
            }
            Err(Trouble::Gone) => {}
            Err(Trouble::Left(problem)) => compacted.left.push(format!("{} {problem}", folder.path.display())),
            Err(Trouble::Fatal(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Runs on a separate thread: a file that is not what it claims to be may make a decoder panic.
fn guarded<T: Send>(work: impl FnOnce() -> Result<T, Trouble> + Send) -> Result<T, Trouble> {
    let done = std::thread::scope(|scope| scope.spawn(work).join());
    done.unwrap_or_else(|_| Err(Trouble::Left("makes its reader fail".into())))
}

/// Returns the files named by modelwatch, in the order in which they were begun.
fn ours(folder: &Path) -> Result<Vec<PathBuf>, CompactionError> {
    entries_in(folder, |kind, name| kind.is_file() && files::is_name(name))
}

fn open(path: &Path) -> Result<File, Trouble> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Trouble::Gone,
        _ => Trouble::Left(format!("cannot be read: {error}")),
    })
}

fn source(model: &str, path: &Path) -> Result<Source, Trouble> {
    let file = open(path)?;
    let bytes = file
        .metadata()
        .map_err(|error| Trouble::Left(format!("cannot be read: {error}")))?
        .len();
    let left = |problem: &str| Err(Trouble::Left(problem.to_owned()));
    if bytes == 0 {
        return left("is empty");
    }
    let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| Trouble::Left(format!("is no whole Parquet file: {error}")))?;
    let notes = footer.metadata().file_metadata().key_value_metadata();
    let note = |key: &str| {
        let notes = notes.into_iter().flatten();
        notes
            .filter(|note| note.key == key)
            .find_map(|note| note.value.as_deref())
    };
    if note(metadata::FORMAT) != Some(metadata::VERSION) || note(metadata::MODEL) != Some(model) {
        return left("is of another model or format");
    }
    let groups = footer.metadata().row_groups().iter();
    Ok(Source {
        name: path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned(),
        path: path.to_owned(),
        replaces: note(metadata::REPLACES).map(replaced).unwrap_or_default(),
        schema: footer.schema().clone(),
        rows: groups.map(|group| group.num_rows().unsigned_abs()).sum(),
        bytes,
    })
}

/// Groups files by their set of columns; returns groups with several files only.
fn by_columns(sources: Vec<&Source>) -> Vec<Vec<&Source>> {
    let mut groups: BTreeMap<Vec<(String, String)>, Vec<&Source>> = BTreeMap::new();
    for source in sources {
        let fields = source.schema.fields().iter();
        let columns = fields
            .map(|field| (field.name().clone(), field.data_type().to_string()))
            .collect();
        groups.entry(columns).or_default().push(source);
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Merges several files into one, and returns its size in bytes.
fn merge(folder: HourFolder<'_>, group: &[&Source]) -> Result<u64, Trouble> {
    let Some(name) = name_after(group) else {
        return Err(Trouble::Left("can't be merged: there is no file".into()));
    };
    let unfinished = Unfinished::create(folder.path, &name)?;
    let left = |error: ParquetError| Trouble::Left(format!("can't be merged: {error}"));
    let schema = group[0].schema.clone();
    let options = ArrowWriterOptions::new()
        .with_properties(properties(folder.model, group))
        .with_skip_arrow_metadata(true);
    let file = unfinished
        .file
        .try_clone()
        .map_err(|error| unfinished.fatal("written", error))?;
    let mut writer = ArrowWriter::try_new_with_options(file, schema, options).map_err(left)?;
    let mut rows = 0;
    for source in group {
        let batches = ParquetRecordBatchReaderBuilder::try_new(open(&source.path)?).map_err(left)?;
        for batch in batches.build().map_err(left)? {
            let batch =
                batch.map_err(|error| Trouble::Left(format!("can't be merged: {}: {error}", source.path.display())))?;
            rows += batch.num_rows() as u64;
            writer.write(&batch).map_err(|error| unfinished.failed(error))?;
        }
    }
    writer.close().map_err(|error| unfinished.failed(error))?;
    unfinished
        .file
        .sync_all()
        .map_err(|error| unfinished.fatal("put on storage", error))?;
    let written = source(folder.model, &unfinished.path)?;
    let expected: u64 = group.iter().map(|source| source.rows).sum();
    if (rows, written.rows) != (expected, expected) {
        let problem = format!("can't be merged: {expected} rows became {}", written.rows);
        return Err(Trouble::Left(problem));
    }
    let path = folder.path.join(&name);
    unfinished.finish(&path)?;
    sync(folder.path).map_err(Trouble::Fatal)?;
    Ok(written.bytes)
}

/// Returns a name as recent as the newest of the files. Retention goes by names, so it keeps the merged file as long as
/// its last rows.
fn name_after(group: &[&Source]) -> Option<String> {
    let newest = group.iter().map(|source| source.name.as_str()).max()?;
    // Uses a different hash every time: a run that starts again after it was killed never meets a name from before.
    files::merged(newest, RandomState::new().hash_one(newest))
}

fn properties(model: &str, group: &[&Source]) -> WriterProperties {
    let time = || ColumnPath::new(vec![TIME.into()]);
    let replaces: Vec<&str> = group.iter().map(|source| source.name.as_str()).collect();
    let notes = [
        (metadata::MODEL, model.to_owned()),
        (metadata::FORMAT, metadata::VERSION.to_owned()),
        (metadata::REPLACES, replaces.join("/")),
    ];
    let notes = notes.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    WriterProperties::builder()
        .set_created_by(concat!("modelwatch-drift-job version ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_column_dictionary_enabled(time(), false)
        .set_column_encoding(time(), Encoding::DELTA_BINARY_PACKED)
        .set_key_value_metadata(Some(notes.into()))
        .build()
}

/// Holds a file that no reader sees yet. It is removed unless it gets finished.
struct Unfinished {
    path: PathBuf,
    file: File,
    finished: bool,
}

impl Unfinished {
    /// Creates the file and locks it. The lock tells the service's keeper that somebody is still writing it.
    fn create(folder: &Path, name: &str) -> Result<Self, Trouble> {
        let path = folder.join(files::temporary(name));
        let failed = |error| Trouble::Fatal(CompactionError::storage(&path, "made")(error));
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Trouble::Gone,
            _ => failed(error),
        })?;
        // Storage without locks has no keeper that removes it, either.
        let is_lost = matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) || !path.exists();
        match is_lost {
            true => Err(Trouble::Gone),
            false => Ok(Self {
                path,
                file,
                finished: false,
            }),
        }
    }

    fn fatal(&self, doing: &'static str, error: io::Error) -> Trouble {
        Trouble::Fatal(CompactionError::storage(&self.path, doing)(error))
    }

    fn failed(&self, error: ParquetError) -> Trouble {
        self.fatal("written", io::Error::other(error))
    }

    fn finish(mut self, path: &Path) -> Result<(), Trouble> {
        fs::rename(&self.path, path).map_err(|error| self.fatal("put in place", error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // If this fails, the service's keeper removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn remove(folder: &Path, sources: &[&Source]) -> Result<(), CompactionError> {
    if sources.is_empty() {
        return Ok(());
    }
    for source in sources {
        match fs::remove_file(&source.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(CompactionError::storage(&source.path, "removed")(error));
            }
            _ => {}
        }
    }
    sync(folder)
}

/// Syncs the folder so that its names survive a crash.
fn sync(folder: &Path) -> Result<(), CompactionError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(CompactionError::storage(folder, "put on storage"))
}
