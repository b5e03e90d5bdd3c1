//! Reads Parquet with the columns of a table and without its deleted rows.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Field, Schema, SchemaRef};
use delta_kernel::expressions::Scalar;

use super::live::{Column, LiveFile};
use crate::tables::parquet::{BATCH_ROWS, Parquet};

/// Combines a file's footer with the table's log.
#[derive(Clone, Debug)]
pub(in crate::tables) struct Reader {
    parquet: Parquet,
    schema: SchemaRef,
    values: Arc<[Values]>,
    /// The deleted rows, ascending.
    deleted: Arc<[u64]>,
}

/// Says where the values of a column are.
#[derive(Clone, Debug)]
enum Values {
    /// In the file, at this position.
    File(usize),
    /// In the log: one value, repeated for as many rows as a batch has.
    Log(ArrayRef),
    /// Nowhere: the column was added later.
    Nowhere,
}

impl Reader {
    /// Opens a file at a path on this machine. Blocks.
    pub(in crate::tables) fn open(path: &Path, file: &LiveFile) -> Result<Self, String> {
        let parquet = Parquet::open(path)?;
        let deleted = file.deleted()?;
        if deleted.last().is_some_and(|row| *row >= parquet.rows()) {
            return Err(format!(
                "has {} rows, and the table's log says that one behind them is deleted; it is another file",
                parquet.rows()
            ));
        }
        let columns = &file.version.columns;
        let values = columns.iter().map(|column| values(column, &parquet, file));
        let values = values.collect::<Result<Arc<[Values]>, String>>()?;
        let fields = columns.iter().zip(&*values).map(|(column, values)| {
            let holds = match values {
                Values::File(place) => parquet.schema().field(*place).data_type(),
                Values::Log(array) => array.data_type(),
                Values::Nowhere => &column.holds,
            };
            Field::new(&column.name, holds.clone(), true)
        });
        Ok(Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            parquet,
            values,
            deleted: deleted.into(),
        })
    }

    pub(in crate::tables) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(in crate::tables) fn rows(&self) -> u64 {
        self.parquet.rows() - self.deleted.len() as u64
    }

    pub(in crate::tables) fn groups(&self) -> usize {
        self.parquet.groups()
    }

    pub(in crate::tables) fn bytes(&self) -> Vec<u64> {
        let of_file = self.parquet.bytes();
        let bytes = self.values.iter().map(|values| match values {
            Values::File(place) => of_file.get(*place).copied().unwrap_or_default(),
            Values::Log(_) | Values::Nowhere => 0,
        });
        bytes.collect()
    }

    /// Returns the positions of the columns that were added after the file.
    pub(in crate::tables) fn lacking(&self) -> Vec<usize> {
        let places = self.values.iter().enumerate();
        places
            .filter(|(_, values)| matches!(values, Values::Nowhere))
            .map(|(place, _)| place)
            .collect()
    }

    pub(in crate::tables) fn scan(
        &self,
        path: &Path,
        groups: &[usize],
        columns: &[usize],
        mut take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let odd = |error: arrow_schema::ArrowError| format!("breaks while it is read: {error}");
        let schema = Arc::new(self.schema.project(columns).map_err(odd)?);
        let values: Vec<&Values> = columns.iter().map(|column| &self.values[*column]).collect();
        let places = values.iter().filter_map(|values| match values {
            Values::File(place) => Some(*place),
            Values::Log(_) | Values::Nowhere => None,
        });
        let mut places: Vec<usize> = places.collect();
        places.sort_unstable();
        places.dedup();
        self.parquet.scan(path, groups, &places, &self.deleted, |batch| {
            let rows = batch.num_rows();
            let arrays = values.iter().zip(schema.fields()).map(|(values, field)| match values {
                Values::File(place) => batch.column(places.partition_point(|earlier| earlier < place)).clone(),
                Values::Log(array) => array.slice(0, rows),
                Values::Nowhere => new_null_array(field.data_type(), rows),
            });
            // A batch without columns still has rows.
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch = RecordBatch::try_new_with_options(schema.clone(), arrays.collect(), &options);
            take(batch.map_err(odd)?)
        })
    }
}

fn values(column: &Column, parquet: &Parquet, file: &LiveFile) -> Result<Values, String> {
    let Some(holds) = &column.partition else {
        let by_id = column.id.and_then(|id| parquet.place_of_id(id));
        let place = by_id.or_else(|| parquet.schema().index_of(&column.physical).ok());
        return Ok(place.map_or(Values::Nowhere, Values::File));
    };
    let text = file.values.get(&column.physical).map(String::as_str);
    let value = match text {
        Some(text) => holds.parse_scalar(text),
        None => Ok(Scalar::Null(holds.clone().into())),
    };
    let array = value.and_then(|value| value.to_array(BATCH_ROWS));
    let array = array.map_err(|error| {
        let text = text.unwrap_or_default();
        format!(
            "has {text:?} for the partition column {:?} in the table's log: {error}",
            column.name
        )
    })?;
    Ok(Values::Log(array))
}
