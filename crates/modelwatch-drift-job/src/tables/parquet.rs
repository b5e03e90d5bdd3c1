//! Reads plain Parquet.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use modelwatch_log_format::metadata;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};

use crate::prediction_log::{bytes, replaced};

/// The maximum number of rows in a batch.
pub(super) const BATCH_ROWS: usize = 8_192;

/// Holds the footer.
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

    /// Returns the names of the files in the same folder that were merged into this one.
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

    /// Returns the position of the column with this field id.
    #[cfg(feature = "delta")]
    pub(super) fn place_of_id(&self, id: i32) -> Option<usize> {
        let columns = self.0.parquet_schema().root_schema().get_fields().iter();
        let mut about = columns.map(|column| column.get_basic_info());
        about.position(|about| about.has_id() && about.id() == id)
    }

    /// Selects the rows of row groups without some rows, both ascending.
    fn without(&self, groups: &[usize], rows: &[u64]) -> RowSelection {
        let mut selected = Vec::new();
        let mut start = 0;
        for (group, about) in self.0.metadata().row_groups().iter().enumerate() {
            let end = start + about.num_rows().unsigned_abs();
            if groups.binary_search(&group).is_ok() {
                let first = rows.partition_point(|row| *row < start);
                let of_group = rows[first..].iter().take_while(|row| **row < end);
                for &row in of_group {
                    selected.push(RowSelector::select((row - start) as usize));
                    selected.push(RowSelector::skip(1));
                    start = row + 1;
                }
                selected.push(RowSelector::select((end - start) as usize));
            }
            start = end;
        }
        // Joins adjacent selections and drops empty ones.
        selected.into()
    }

    /// Reads columns of row groups, both by position and ascending, without some rows of the file.
    pub(super) fn scan(
        &self,
        path: &Path,
        groups: &[usize],
        columns: &[usize],
        without: &[u64],
        mut take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let breaks = |error: parquet::errors::ParquetError| format!("breaks while it is read: {error}");
        let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
        let mask = ProjectionMask::roots(self.0.parquet_schema(), columns.iter().copied());
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.0.clone())
            .with_batch_size(BATCH_ROWS)
            .with_projection(mask)
            .with_row_groups(groups.to_vec());
        if !without.is_empty() {
            reader = reader.with_row_selection(self.without(groups, without));
        }
        for batch in reader.build().map_err(breaks)? {
            take(batch.map_err(|error| format!("breaks while it is read: {error}"))?)?;
        }
        Ok(())
    }
}
