//! Plain Parquet.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

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
