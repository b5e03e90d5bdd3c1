//! Reads JSON lines: one object per line.

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_json::reader::infer_json_schema;
use arrow_schema::SchemaRef;

use super::format;

const BATCH_ROWS: usize = 8_192;

/// Says how to read a file.
#[derive(Clone, Debug)]
pub(super) struct Json {
    compressed: bool,
    schema: SchemaRef,
}

impl Json {
    /// Reads every line: a field may appear only in the last.
    pub(super) fn open(path: &Path, compressed: bool) -> Result<Self, String> {
        let text = format::text(path, compressed).map_err(|error| format!("cannot be read: {error}"))?;
        let (schema, lines) = infer_json_schema(text, None).map_err(|error| {
            let said = format::said(error);
            format!("cannot be read as JSON lines: {said}; write one object a line, as `jq -c '.[]'` makes of an array")
        })?;
        if lines == 0 {
            return Err("is empty; write one JSON object a line".into());
        }
        Ok(Self {
            compressed,
            schema: Arc::new(schema),
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn scan(
        &self,
        path: &Path,
        columns: &[usize],
        mut take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let cannot = |error: arrow_schema::ArrowError| format!("cannot be read as JSON lines: {}", format::said(error));
        let text = format::text(path, self.compressed).map_err(|error| format!("cannot be read: {error}"))?;
        // Without a column, the reader would not know how many rows there are.
        let projected = match columns.is_empty() {
            true => self.schema.clone(),
            false => Arc::new(self.schema.project(columns).map_err(cannot)?),
        };
        let reader = ReaderBuilder::new(projected)
            .with_batch_size(BATCH_ROWS)
            // A field that is a number in one line and a text in another is text.
            .with_coerce_primitive(true)
            .build(text)
            .map_err(cannot)?;
        for batch in reader {
            take(batch.map_err(|error| format!("breaks while it is read: {}", format::said(error)))?)?;
        }
        Ok(())
    }
}
