//! Reads one file of any format.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use futures::StreamExt as _;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tempfile::NamedTempFile;

#[cfg(feature = "texts")]
use super::csv::Csv;
#[cfg(feature = "delta")]
use super::delta;
use super::format::{self, Format};
use super::found::Found;
#[cfg(feature = "texts")]
use super::json::Json;
use super::kind::Kind;
use super::parquet::Parquet;
use crate::engine::EngineError;
use crate::store::Store;

/// Holds a readable file.
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
    #[cfg(feature = "texts")]
    Csv(Csv),
    #[cfg(feature = "texts")]
    Json(Json),
    #[cfg(feature = "delta")]
    Delta(delta::Reader),
}

/// Holds rows of a file that are read one after the other, in parallel with its other parts.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    table: Table,
    /// The row groups of a Parquet file. Other formats have a single part.
    groups: Vec<usize>,
}

impl Table {
    /// Opens what was found.
    pub(crate) async fn open(found: &Found) -> Result<Self, EngineError> {
        match found {
            Found::File(address) => Self::open_file(address).await,
            #[cfg(feature = "delta")]
            Found::Live(file) => Self::open_live(file).await,
        }
    }

    /// Opens a file of a Delta table.
    #[cfg(feature = "delta")]
    async fn open_live(file: &Arc<delta::LiveFile>) -> Result<Self, EngineError> {
        let refused = |problem: String| EngineError::store(file.address(), problem);
        let place = match file.local() {
            Some(path) => Place::Local(path),
            None => {
                let (objects, path) = file.object().map_err(refused)?;
                Place::Copy(Arc::new(copy(&*objects, &path).await.map_err(refused)?))
            }
        };
        let (path, live) = (place.path().to_owned(), file.clone());
        let opened = tokio::task::spawn_blocking(move || delta::Reader::open(&path, &live)).await;
        let opened = opened.unwrap_or_else(|error| Err(format!("makes its reader fail: {error}")));
        Ok(Self {
            address: file.address().to_owned(),
            place,
            reader: Reader::Delta(opened.map_err(refused)?),
        })
    }

    /// Opens a file by its path or URL. Its name implies the format.
    pub(super) async fn open_file(address: &str) -> Result<Self, EngineError> {
        let refused = |problem: String| EngineError::store(address, problem);
        #[cfg_attr(
            not(feature = "texts"),
            expect(unused_variables, reason = "a Parquet file compresses its own pages")
        )]
        let Some((format, compressed)) = format::of(address) else {
            return Err(refused(format!(
                "has a name that does not tell its format; end it in {}",
                format::KNOWN
            )));
        };
        let place = match address.split_once("://") {
            None => Place::Local(address.into()),
            Some(("file", path)) => Place::Local(path.into()),
            Some(_) => {
                let store = Store::open(address)?;
                Place::Copy(Arc::new(copy(&*store.objects, &store.prefix).await.map_err(refused)?))
            }
        };
        let path = place.path().to_owned();
        // Runs in its own task: a file that is not what its name says may make a decoder panic.
        let opened = tokio::task::spawn_blocking(move || match format {
            Format::Parquet => Parquet::open(&path).map(Reader::Parquet),
            #[cfg(feature = "texts")]
            Format::Csv => Csv::open(&path, compressed).map(Reader::Csv),
            #[cfg(feature = "texts")]
            Format::Json => Json::open(&path, compressed).map(Reader::Json),
            #[cfg(not(feature = "texts"))]
            Format::Csv | Format::Json => Err(
                "needs the feature texts of modelwatch-drift-job; build with it, or write the file as Parquet"
                    .to_owned(),
            ),
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

    /// Returns the columns, with the types that they are read as.
    pub(crate) fn schema(&self) -> &SchemaRef {
        match &self.reader {
            Reader::Parquet(reader) => reader.schema(),
            #[cfg(feature = "texts")]
            Reader::Csv(reader) => reader.schema(),
            #[cfg(feature = "texts")]
            Reader::Json(reader) => reader.schema(),
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => reader.schema(),
        }
    }

    /// Returns the names of the files in the same folder that were merged into this one, if it belongs to a prediction
    /// log.
    pub(super) fn replaces(&self) -> Vec<String> {
        match &self.reader {
            Reader::Parquet(reader) => reader.replaces(),
            #[cfg(feature = "texts")]
            Reader::Csv(_) | Reader::Json(_) => Vec::new(),
            #[cfg(feature = "delta")]
            Reader::Delta(_) => Vec::new(),
        }
    }

    /// Returns the kind of each column, and the number of rows. Reads a text file whole.
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
            #[cfg(feature = "texts")]
            Reader::Csv(reader) => reader.kinds(table.place.path()),
            #[cfg(feature = "texts")]
            Reader::Json(reader) => {
                let mut rows = 0;
                reader.scan(table.place.path(), &[], |batch| {
                    rows += batch.num_rows() as u64;
                    Ok(())
                })?;
                Ok((by_type(reader.schema()), rows))
            }
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => Ok((by_type(reader.schema()), reader.rows())),
        });
        self.joined(read).await
    }

    /// Returns whether columns can be read without reading the others.
    pub(crate) fn has_columns_apart(&self) -> bool {
        match &self.reader {
            Reader::Parquet(_) => true,
            #[cfg(feature = "texts")]
            Reader::Csv(_) | Reader::Json(_) => false,
            #[cfg(feature = "delta")]
            Reader::Delta(_) => true,
        }
    }

    /// Returns the positions of columns that the table has but this file of it lacks: their values are null.
    pub(crate) fn lacking(&self) -> Vec<usize> {
        match &self.reader {
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => reader.lacking(),
            _ => Vec::new(),
        }
    }

    /// Returns about how many bytes each column takes while it is read, if columns are read separately.
    pub(crate) fn bytes(&self) -> Vec<u64> {
        match &self.reader {
            Reader::Parquet(reader) => reader.bytes(),
            #[cfg(feature = "texts")]
            Reader::Csv(_) | Reader::Json(_) => Vec::new(),
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => reader.bytes(),
        }
    }

    /// Splits the file into at most `most` parts with about the same number of rows.
    pub(crate) fn parts(&self, most: usize) -> Vec<Part> {
        let part = |groups| Part {
            table: self.clone(),
            groups,
        };
        let groups = match &self.reader {
            Reader::Parquet(reader) => reader.groups(),
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => reader.groups(),
            #[cfg(feature = "texts")]
            Reader::Csv(_) | Reader::Json(_) => return vec![part(Vec::new())],
        };
        let each = groups.div_ceil(most.max(1)).max(1);
        (0..groups)
            .step_by(each)
            .map(|first| part((first..groups.min(first + each)).collect()))
            .collect()
    }

    /// Returns the result of a task that reads this file.
    pub(crate) async fn joined<T>(&self, task: tokio::task::JoinHandle<Result<T, String>>) -> Result<T, EngineError> {
        let read = task
            .await
            .unwrap_or_else(|error| Err(format!("makes its reader fail: {error}")));
        read.map_err(|problem| EngineError::store(&self.address, problem))
    }
}

impl Part {
    /// Reads columns by their positions in the schema, batch by batch, on the calling thread.
    pub(crate) fn scan(
        &self,
        columns: &[usize],
        take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let path = self.table.place.path();
        match &self.table.reader {
            Reader::Parquet(reader) => reader.scan(path, &self.groups, columns, &[], take),
            #[cfg(feature = "delta")]
            Reader::Delta(reader) => reader.scan(path, &self.groups, columns, take),
            #[cfg(feature = "texts")]
            Reader::Csv(reader) => reader.scan(path, columns, take),
            #[cfg(feature = "texts")]
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

/// Copies an object of a bucket to this machine: readers of texts go from the beginning to the end, more than once.
async fn copy(objects: &dyn ObjectStore, path: &ObjectPath) -> Result<NamedTempFile, String> {
    let unread = |error: object_store::Error| format!("cannot be read: {error}");
    let uncopied = |error: std::io::Error| format!("cannot be copied: {error}");
    let mut stream = objects.get(path).await.map_err(unread)?.into_stream();
    let file = NamedTempFile::new().map_err(uncopied)?;
    let mut copy: &File = file.as_file();
    while let Some(bytes) = stream.next().await {
        copy.write_all(&bytes.map_err(unread)?).map_err(uncopied)?;
    }
    Ok(file)
}
