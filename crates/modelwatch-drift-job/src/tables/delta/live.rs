//! A file of a table, as the table's log has it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use delta_kernel::KernelResult;
use delta_kernel::scan::state::{DvInfo, ScanFile};
use delta_kernel::schema::PrimitiveType;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::objects::Objects;
use super::problem::unreadable;

/// One version of a table: what its files have in common.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) columns: Vec<Column>,
    pub(super) objects: Objects,
}

/// A column of the table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// What it is called in files, and in the log.
    pub(super) physical: String,
    /// By what it is known in files, where that is no name.
    pub(super) id: Option<i32>,
    /// The table's type. A file that is older may have a narrower one.
    pub(super) holds: DataType,
    /// The type of a column whose value the log has for each file.
    pub(super) partition: Option<PrimitiveType>,
}

/// A file that is part of a table's version.
#[derive(Debug)]
pub(crate) struct LiveFile {
    pub(super) version: Arc<Version>,
    /// The values of the partition's columns, by their physical names; none for null.
    pub(super) values: HashMap<String, String>,
    address: String,
    url: Url,
    deleted: DvInfo,
}

impl LiveFile {
    pub(super) fn new(version: Arc<Version>, file: ScanFile) -> KernelResult<Self> {
        let url = version.objects.root().join(&file.path)?;
        let local = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten();
        Ok(Self {
            version,
            values: file.partition_values,
            address: local.map_or_else(|| url.to_string(), |path| path.display().to_string()),
            url,
            deleted: file.dv_info,
        })
    }

    /// Its path or URL.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its path, where it lies on this machine.
    pub(in crate::tables) fn local(&self) -> Option<std::path::PathBuf> {
        let is_local = self.url.scheme() == "file";
        is_local.then(|| self.url.to_file_path().ok()).flatten()
    }

    /// Where it lies in a bucket.
    pub(in crate::tables) fn object(&self) -> Result<(Arc<dyn ObjectStore>, Path), String> {
        self.version.objects.locate(&self.url)
    }

    /// The rows that were deleted since it was written, ascending. Blocks.
    pub(super) fn deleted(&self) -> Result<Vec<u64>, String> {
        let objects = &self.version.objects;
        let wrong = |problem: String| format!("has a deletion vector that cannot be read: {problem}");
        let said = self.deleted.cardinality().map_err(|error| wrong(error.to_string()))?;
        let rows = self.deleted.get_row_indexes(objects, objects.root());
        let rows = rows.map_err(|error| wrong(unreadable(&error)))?.unwrap_or_default();
        match said {
            Some(said) if said != rows.len() as u64 => {
                Err(wrong(format!("it has {} rows, and {said} by the log", rows.len())))
            }
            _ => Ok(rows),
        }
    }
}
