//! Implements the storage that `delta_kernel` needs on top of a [`Store`].
//!
//! The kernel's own engine would add a second HTTP client next to that of `object_store`. This one reads a log and
//! writes nothing. The kernel blocks, so it runs on a blocking thread, and each request waits there for the runtime.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use arrow_json::ReaderBuilder;
use bytes::Bytes;
use delta_kernel::engine::arrow_conversion::TryFromArrow as _;
use delta_kernel::engine::arrow_expression::ArrowEvaluationHandler;
use delta_kernel::engine::arrow_utils::{
    RowIndexBuilder, build_json_reorder_indices, fixup_json_read, fixup_parquet_read, json_arrow_schema,
    ordering_needs_row_indexes, parquet_read_plan, parse_json,
};
use delta_kernel::engine::reader_options;
use delta_kernel::engine_data::FilteredEngineData;
use delta_kernel::schema::{SchemaRef, StructType};
use delta_kernel::{
    Engine, EngineData, EvaluationHandler, FileDataReadResultIterator, FileMeta, FileSize, FileSlice, JsonHandler,
    KernelError, KernelResult, KernelResultIterator, KernelResultIteratorStatic, ParquetFooter, ParquetHandler,
    PredicateRef, StorageHandler,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::runtime::Handle;
use url::Url;

use super::problem::innermost;
use crate::store::Store;

/// The number of log files requested ahead.
const AHEAD: usize = 16;

/// The characters to encode in a part of a URL's path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Holds the files of one table.
#[derive(Clone)]
pub(super) struct Objects {
    store: Store,
    /// Ends in a slash.
    root: Url,
    runtime: Handle,
}

impl Objects {
    /// Creates access to the files below a root. The caller's runtime runs the requests.
    pub(super) fn new(store: Store, root: Url) -> Self {
        Self {
            store,
            root,
            runtime: Handle::current(),
        }
    }

    pub(super) fn root(&self) -> &Url {
        &self.root
    }

    /// Returns the location of a URL's file: most are below the root, those of a shallow clone elsewhere.
    pub(super) fn locate(&self, url: &Url) -> Result<(Arc<dyn ObjectStore>, Path), String> {
        let path = |encoded: &str| Path::from_url_path(encoded).map_err(|error| error.to_string());
        if let Some(below) = url.as_str().strip_prefix(self.root.as_str()) {
            let below = path(below)?;
            let path = self.store.prefix.parts().chain(below.parts()).collect();
            return Ok((self.store.objects.clone(), path));
        }
        if url.scheme() == "file" {
            return Ok((Arc::new(LocalFileSystem::new()), path(url.path())?));
        }
        let elsewhere = Store::open(url.as_str()).map_err(|error| error.to_string())?;
        Ok((elsewhere.objects, elsewhere.prefix))
    }

    fn found(&self, url: &Url) -> KernelResult<(Arc<dyn ObjectStore>, Path)> {
        self.locate(url).map_err(KernelError::generic)
    }

    /// Returns the URL of an object below the root.
    fn url(&self, object: &Path) -> KernelResult<Url> {
        let below = object.prefix_match(&self.store.prefix).into_iter().flatten();
        let parts: Vec<String> = below
            .map(|part| utf8_percent_encode(part.as_ref(), ENCODED).to_string())
            .collect();
        Ok(self.root.join(&format!("./{}", parts.join("/")))?)
    }

    fn meta(&self, object: &object_store::ObjectMeta) -> KernelResult<FileMeta> {
        let modified = object.last_modified.timestamp_millis();
        Ok(FileMeta::new(self.url(&object.location)?, modified, object.size))
    }

    /// Returns the files' bytes in order, requesting some of them ahead.
    fn bytes(&self, urls: Vec<Url>) -> impl Iterator<Item = KernelResult<(Url, Bytes)>> + Send + use<> {
        let (objects, runtime) = (self.clone(), self.runtime.clone());
        let files = stream::iter(urls).map(move |url| {
            let located = objects.found(&url);
            async move {
                let (objects, path) = located?;
                let bytes = objects.get(&path).await?.bytes().await?;
                Ok((url, bytes))
            }
        });
        let mut files = files.buffered(AHEAD).boxed();
        std::iter::from_fn(move || runtime.block_on(files.next()))
    }

    /// Reads every file with `read`, in order.
    fn read<Rows>(
        &self,
        files: &[FileMeta],
        read: impl Fn(Bytes, String) -> KernelResult<Rows> + Send + 'static,
    ) -> FileDataReadResultIterator
    where
        Rows: Iterator<Item = KernelResult<Box<dyn EngineData>>> + Send + 'static,
    {
        let urls = files.iter().map(|file| file.location.clone()).collect();
        let of_file = move |file: KernelResult<(Url, Bytes)>| -> FileDataReadResultIterator {
            let (url, bytes) = match file {
                Ok(file) => file,
                Err(error) => return Box::new(std::iter::once(Err(error))),
            };
            let address = url.to_string();
            let named = move |error: KernelError| {
                let name = url.path_segments().and_then(Iterator::last).unwrap_or_default();
                let said = match innermost(&error) {
                    KernelError::Generic(what) => what.clone(),
                    other => other.to_string(),
                };
                KernelError::generic(format!("{name}: {said}"))
            };
            match read(bytes, address) {
                Ok(rows) => Box::new(rows.map(move |row| row.map_err(&named))),
                Err(error) => Box::new(std::iter::once(Err(named(error)))),
            }
        };
        Box::new(self.bytes(urls).flat_map(of_file))
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.root.as_str()).finish()
    }
}

fn nothing_is_written() -> KernelError {
    KernelError::unsupported("modelwatch writes to no table")
}

impl Engine for Objects {
    fn evaluation_handler(&self) -> Arc<dyn EvaluationHandler> {
        Arc::new(ArrowEvaluationHandler)
    }

    fn storage_handler(&self) -> Arc<dyn StorageHandler> {
        Arc::new(self.clone())
    }

    fn json_handler(&self) -> Arc<dyn JsonHandler> {
        Arc::new(self.clone())
    }

    fn parquet_handler(&self) -> Arc<dyn ParquetHandler> {
        Arc::new(self.clone())
    }
}

impl StorageHandler for Objects {
    fn list_from(&self, from: &Url) -> KernelResult<KernelResultIteratorStatic<FileMeta>> {
        let (objects, offset) = self.found(from)?;
        let mut folder: Vec<_> = offset.parts().collect();
        if !from.path().ends_with('/') {
            folder.pop();
        }
        let folder = folder.into_iter().collect();
        let listed = objects.list_with_offset(Some(&folder), &offset).try_collect::<Vec<_>>();
        let mut listed = self.runtime.block_on(listed)?;
        listed.sort_unstable_by(|one, other| one.location.cmp(&other.location));
        let listed: Vec<_> = listed.iter().map(|object| self.meta(object)).collect();
        Ok(Box::new(listed.into_iter()))
    }

    fn read_files(&self, files: Vec<FileSlice>) -> KernelResult<KernelResultIteratorStatic<Bytes>> {
        let ranges: Vec<_> = files.iter().map(|(_, range)| range.clone()).collect();
        let bytes = self.bytes(files.into_iter().map(|(url, _)| url).collect());
        let slice = |(file, range): (KernelResult<(Url, Bytes)>, Option<std::ops::Range<FileSize>>)| {
            let (url, bytes) = file?;
            let Some(range) = range else { return Ok(bytes) };
            let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let part = part.filter(|(start, end)| start <= end && *end <= bytes.len());
            part.map(|(start, end)| bytes.slice(start..end))
                .ok_or_else(|| KernelError::generic(format!("{url} is shorter than its log says")))
        };
        Ok(Box::new(bytes.zip(ranges).map(slice)))
    }

    fn copy_atomic(&self, _: &Url, _: &Url) -> KernelResult<()> {
        Err(nothing_is_written())
    }

    fn put(&self, _: &Url, _: Bytes, _: bool) -> KernelResult<()> {
        Err(nothing_is_written())
    }

    fn head(&self, url: &Url) -> KernelResult<FileMeta> {
        let (objects, path) = self.found(url)?;
        let object = self.runtime.block_on(objects.head(&path))?;
        Ok(FileMeta::new(
            url.clone(),
            object.last_modified.timestamp_millis(),
            object.size,
        ))
    }

    fn delete(&self, _: &Url) -> KernelResult<()> {
        Err(nothing_is_written())
    }
}

impl JsonHandler for Objects {
    fn parse_json(
        &self,
        json_strings: Box<dyn EngineData>,
        output_schema: SchemaRef,
    ) -> KernelResult<Box<dyn EngineData>> {
        parse_json(json_strings, output_schema)
    }

    fn read_json_files(
        &self,
        files: &[FileMeta],
        physical_schema: SchemaRef,
        _: Option<PredicateRef>,
    ) -> KernelResult<FileDataReadResultIterator> {
        let columns = Arc::new(json_arrow_schema(&physical_schema)?);
        let order: Arc<[_]> = build_json_reorder_indices(&physical_schema)?.into();
        Ok(self.read(files, move |bytes, address| {
            // Each writer writes some action. A write that broke off before its first byte would be a version without a change.
            if bytes.is_empty() {
                return Err(KernelError::generic("is empty; restore it, or write the version again"));
            }
            let order = order.clone();
            let batches = ReaderBuilder::new(columns.clone())
                .with_coerce_primitive(true)
                .build(Cursor::new(bytes))?;
            Ok(batches.map(move |batch| -> KernelResult<Box<dyn EngineData>> {
                Ok(Box::new(fixup_json_read(batch?, &order, &address)?))
            }))
        }))
    }

    fn write_json_file(
        &self,
        _: &Url,
        _: KernelResultIterator<'_, FilteredEngineData>,
        _: bool,
    ) -> KernelResult<FileSize> {
        Err(nothing_is_written())
    }
}

impl ParquetHandler for Objects {
    fn read_parquet_files(
        &self,
        files: &[FileMeta],
        physical_schema: SchemaRef,
        _: Option<PredicateRef>,
    ) -> KernelResult<FileDataReadResultIterator> {
        Ok(self.read(files, move |bytes, address| {
            let schema = physical_schema.clone();
            let footer = ArrowReaderMetadata::load(&bytes, reader_options())?;
            let (order, mask) = parquet_read_plan(&schema, &footer)?;
            let mut rows = match ordering_needs_row_indexes(&order) {
                true => Some(RowIndexBuilder::new(footer.metadata().row_groups()).build()?),
                false => None,
            };
            let mut batches = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, footer);
            if let Some(mask) = mask {
                batches = batches.with_projection(mask);
            }
            let batches = batches.build()?;
            Ok(batches.map(move |batch| -> KernelResult<Box<dyn EngineData>> {
                let batch = fixup_parquet_read(batch?, &order, rows.as_mut(), Some(&address), Some(&schema))?;
                Ok(Box::new(batch))
            }))
        }))
    }

    fn write_parquet_file(&self, _: Url, _: KernelResultIteratorStatic<Box<dyn EngineData>>) -> KernelResult<FileSize> {
        Err(nothing_is_written())
    }

    fn read_parquet_footer(&self, file: &FileMeta) -> KernelResult<ParquetFooter> {
        let bytes = self.bytes(vec![file.location.clone()]).next();
        let (_, bytes) = bytes.unwrap_or_else(|| Err(KernelError::generic("no file was asked for")))?;
        let footer = ArrowReaderMetadata::load(&bytes, reader_options())?;
        Ok(ParquetFooter {
            schema: Arc::new(StructType::try_from_arrow(footer.schema().as_ref())?),
        })
    }
}
