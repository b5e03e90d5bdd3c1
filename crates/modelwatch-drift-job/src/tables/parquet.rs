//! Plain Parquet.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use modelwatch_log_format::metadata;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::prediction_log::{bytes, replaced};

const BATCH_ROWS: usize = 8_192;

/// What the footer says.
#[derive(Clone, Debug)]
pub(super) struct Parquet(ArrowReaderMetadata);

impl Parquet {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        footer
            .map(Self)
            .map_err(|error| format!("is no whole Parquet file: {error}"))
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    pub(super) fn rows(&self) -> u64 {
        let groups = self.0.metadata().row_groups().iter();
        groups.map(|group| group.num_rows().unsigned_abs()).sum()
    }

    /// The names of the files in the same folder that it was made of.
    pub(super) fn replaces(&self) -> Vec<String> {
        let notes = self
            .0
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .into_iter()
            .flatten();
        let names = notes.filter(|note| note.key == metadata::REPLACES);
        let names = names.filter_map(|note| note.value.as_deref());
        names.flat_map(replaced).collect()
    }

    pub(super) fn bytes(&self) -> Vec<u64> {
        let groups: Vec<usize> = (0..self.groups()).collect();
        bytes(&self.0, &groups)
    }

    pub(super) fn groups(&self) -> usize {
        self.0.metadata().num_row_groups()
    }

    pub(super) fn scan(
        &self,
        path: &Path,
        groups: &[usize],
        columns: &[usize],
        mut take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let breaks = |error: parquet::errors::ParquetError| format!("breaks while it is read: {error}");
        let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
        let mask = ProjectionMask::roots(self.0.parquet_schema(), columns.iter().copied());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.0.clone())
            .with_batch_size(BATCH_ROWS)
            .with_projection(mask)
            .with_row_groups(groups.to_vec())
            .build()
            .map_err(breaks)?;
        for batch in reader {
            take(batch.map_err(|error| format!("breaks while it is read: {error}"))?)?;
        }
        Ok(())
    }
}
