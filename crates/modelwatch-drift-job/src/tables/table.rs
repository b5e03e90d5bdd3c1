//! One file of any format.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use tempfile::NamedTempFile;

use super::csv::Csv;
use super::format::{self, Format};
use super::json::Json;
use super::kind::Kind;
use super::parquet::Parquet;
use crate::engine::EngineError;
use crate::store::Store;

/// A file that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Its path or URL.
    pub(crate) address: String,
    place: Place,
    reader: Reader,
}

#[derive(Clone, Debug)]
enum Place {
    Local(PathBuf),
    /// A copy of an object of a bucket, removed with the last table that reads it.
    Copy(Arc<NamedTempFile>),
}

#[derive(Clone, Debug)]
enum Reader {
    Parquet(Parquet),
    Csv(Csv),
    Json(Json),
}

/// Rows of a file that are read one after the other, beside those of its other parts.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    table: Table,
    /// Row groups of a Parquet file; the others are one part.
    groups: Vec<usize>,
}

impl Table {
    /// Opens a file by its path or URL; its name tells the format.
    pub(crate) async fn open(address: &str) -> Result<Self, EngineError> {
        let refused = |problem: String| EngineError::store(address, problem);
        let Some((format, compressed)) = format::of(address) else {
            return Err(refused(format!(
                "has a name that does not tell its format; end it in {}",
                format::KNOWN
            )));
        };
        let place = match address.split_once("://") {
            None => Place::Local(address.into()),
            Some(("file", path)) => Place::Local(path.into()),
            Some(_) => Place::Copy(Arc::new(copy(address).await?)),
        };
        let path = place.path().to_owned();
        // A task of its own: what is no such file may make a decoder panic.
        let opened = tokio::task::spawn_blocking(move || match format {
            Format::Parquet => Parquet::open(&path).map(Reader::Parquet),
            Format::Csv => Csv::open(&path, compressed).map(Reader::Csv),
            Format::Json => Json::open(&path, compressed).map(Reader::Json),
        });
        let opened = opened
            .await
            .unwrap_or_else(|error| Err(format!("makes its reader fail: {error}")));
        Ok(Self {
            address: address.to_owned(),
            place,
            reader: opened.map_err(refused)?,
        })
    }

    /// The columns, with the types they are read as.
    pub(crate) fn schema(&self) -> &SchemaRef {
        match &self.reader {
            Reader::Parquet(reader) => reader.schema(),
            Reader::Csv(reader) => reader.schema(),
            Reader::Json(reader) => reader.schema(),
        }
    }

    /// The names of the files in the same folder that it was made of, where it is one of a prediction log.
    pub(super) fn replaces(&self) -> Vec<String> {
        match &self.reader {
            Reader::Parquet(reader) => reader.replaces(),
            Reader::Csv(_) | Reader::Json(_) => Vec::new(),
        }
    }

    /// What each column holds, and how many rows there are. Reads a text whole.
    pub(crate) async fn kinds(&self) -> Result<(Vec<Kind>, u64), EngineError> {
        let by_type = |schema: &Schema| {
            schema
                .fields()
                .iter()
                .map(|field| Kind::of(field.data_type()))
                .collect()
        };
        let table = self.clone();
        let read = tokio::task::spawn_blocking(move || match &table.reader {
            Reader::Parquet(reader) => Ok((by_type(reader.schema()), reader.rows())),
            Reader::Csv(reader) => reader.kinds(table.place.path()),
            Reader::Json(reader) => {
                let mut rows = 0;
                reader.scan(table.place.path(), &[], |batch| {
                    rows += batch.num_rows() as u64;
                    Ok(())
                })?;
                Ok((by_type(reader.schema()), rows))
            }
        });
        self.joined(read).await
    }

    /// Whether columns can be read without reading the others.
    pub(crate) fn has_columns_apart(&self) -> bool {
        matches!(self.reader, Reader::Parquet(_))
    }

    /// About how many bytes each column takes while it is read, where columns are read apart.
    pub(crate) fn bytes(&self) -> Vec<u64> {
        match &self.reader {
            Reader::Parquet(reader) => reader.bytes(),
            Reader::Csv(_) | Reader::Json(_) => Vec::new(),
        }
    }

    /// So many parts at most, of about as many rows each.
    pub(crate) fn parts(&self, most: usize) -> Vec<Part> {
        let part = |groups| Part {
            table: self.clone(),
            groups,
        };
        let Reader::Parquet(reader) = &self.reader else {
            return vec![part(Vec::new())];
        };
        let groups = reader.groups();
        let each = groups.div_ceil(most.max(1)).max(1);
        (0..groups)
            .step_by(each)
            .map(|first| part((first..groups.min(first + each)).collect()))
            .collect()
    }

    /// The result of a task that reads this file.
    pub(crate) async fn joined<T>(&self, task: tokio::task::JoinHandle<Result<T, String>>) -> Result<T, EngineError> {
        let read = task
            .await
            .unwrap_or_else(|error| Err(format!("makes its reader fail: {error}")));
        read.map_err(|problem| EngineError::store(&self.address, problem))
    }
}

impl Part {
    /// Reads columns by their places in the schema, batch by batch, on the thread that calls it.
    pub(crate) fn scan(
        &self,
        columns: &[usize],
        take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let path = self.table.place.path();
        match &self.table.reader {
            Reader::Parquet(reader) => reader.scan(path, &self.groups, columns, take),
            Reader::Csv(reader) => reader.scan(path, columns, take),
            Reader::Json(reader) => reader.scan(path, columns, take),
        }
    }
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Local(path) => path,
            Self::Copy(file) => file.path(),
        }
    }
}

/// An object of a bucket, copied to this machine: readers of texts go from the beginning to the end, more than once.
async fn copy(address: &str) -> Result<NamedTempFile, EngineError> {
    let refused = |problem: String| EngineError::store(address, problem);
    let store = Store::open(address)?;
    let object = store.objects.get(&store.prefix).await;
    let mut stream = object
        .map_err(|error| refused(format!("cannot be read: {error}")))?
        .into_stream();
    let file = NamedTempFile::new().map_err(|error| refused(format!("cannot be copied: {error}")))?;
    let mut copy: &File = file.as_file();
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|error| refused(format!("cannot be read: {error}")))?;
        copy.write_all(&bytes)
            .map_err(|error| refused(format!("cannot be copied: {error}")))?;
    }
    Ok(file)
}
