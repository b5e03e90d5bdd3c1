//! Describes a file of a table according to the table's log.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::DataType;
use delta_kernel::KernelResult;
use delta_kernel::scan::state::{DvInfo, ScanFile};
use delta_kernel::schema::PrimitiveType;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::objects::Objects;
use super::problem::unreadable;

/// Describes one version of a table: what its files have in common.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) columns: Vec<Column>,
    pub(super) objects: Objects,
}

/// Describes a column of the table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its name in files and in the log.
    pub(super) physical: String,
    /// Its field id in files, if they don't use the name.
    pub(super) id: Option<i32>,
    /// The table's type. An older file may have a narrower one.
    pub(super) holds: DataType,
    /// The type of a column whose value is in the log, one per file.
    pub(super) partition: Option<PrimitiveType>,
}

/// Describes a file that is part of a table's version.
#[derive(Debug)]
pub(crate) struct LiveFile {
    pub(super) version: Arc<Version>,
    /// The values of the partition columns, by physical name; null values are absent.
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

    /// Returns its path or URL.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns its path, if it lies on this machine.
    pub(in crate::tables) fn local(&self) -> Option<std::path::PathBuf> {
        let is_local = self.url.scheme() == "file";
        is_local.then(|| self.url.to_file_path().ok()).flatten()
    }

    /// Returns its location in a bucket.
    pub(in crate::tables) fn object(&self) -> Result<(Arc<dyn ObjectStore>, Path), String> {
        self.version.objects.locate(&self.url)
    }

    /// Returns the rows deleted since it was written, ascending. Blocks.
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
