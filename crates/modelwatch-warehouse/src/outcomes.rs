//! Reads a table of labels by id, row by row: only id, label and time.
//!
//! The database converts values to text, as when it counts columns. So a label is the same as from a file with the same rows.

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};
use futures::future::{BoxFuture, FutureExt as _};
use modelwatch_drift_job::ColumnHolds;
use modelwatch_drift_job::engine::EngineError;
use modelwatch_drift_job::performance::{OutcomeQuery, OutcomeRow, OutcomeSource, TakeOutcome};

use crate::answer::{NOT_ASKED, TextKind};
use crate::dialect::Dialect;
use crate::kind::{Kind, TimeKind, time_kind};
use crate::stop::Stop;
use crate::table::quoted;
use crate::warehouse::Warehouse;

impl OutcomeSource for Warehouse {
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>> {
        self.asked(|warehouse, stop| {
            let schema = warehouse.schema_of(&warehouse.connect()?, stop)?;
            let fields = schema.fields().iter();
            Ok(fields
                .map(|field| (field.name().clone(), Kind::of(field).holds()))
                .collect())
        })
        .boxed()
    }

    fn read<'a>(&'a self, query: &'a OutcomeQuery, take: TakeOutcome) -> BoxFuture<'a, Result<(), EngineError>> {
        let query = query.clone();
        self.asked(move |warehouse, stop| warehouse.read_outcomes(&query, stop, take))
            .boxed()
    }
}

impl Warehouse {
    /// Reads the labels. Blocks while the database works.
    fn read_outcomes(&self, query: &OutcomeQuery, stop: &Stop, mut take: TakeOutcome) -> Result<(), EngineError> {
        let connection = self.connect()?;
        let schema = self.schema_of(&connection, stop)?;
        let sql = self.outcomes_statement(query, &schema)?;
        connection
            .ask(&sql, stop, |batch| each_outcome(batch, &mut take))
            .map_err(|problem| self.failed(format!("can't be read: {problem}")))
    }

    /// Returns the statement that reads the labels of a table. `schema` has its columns, as in an empty answer.
    ///
    /// # Errors
    ///
    /// Returns an error when the table lacks a column, or when its time column holds no times.
    pub fn outcomes_statement(&self, query: &OutcomeQuery, schema: &Schema) -> Result<String, EngineError> {
        let dialect = self.dialect;
        let text = |column: &str, alias: &str| {
            let field = schema.field_with_name(column);
            let kind = Kind::of(field.map_err(|error| self.failed(error.to_string()))?);
            let column = format!("s.{}", dialect.quoted(column));
            let text = dialect.text_of(&kind, &column).unwrap_or_else(|| dialect.no_text());
            let code = dialect.text_code(&kind, &column);
            Ok::<_, EngineError>(format!("{text} AS {alias}, {code} AS {alias}_code"))
        };
        let (id, label) = (text(&query.id, "mw_id")?, text(&query.label, "mw_label")?);
        let (mut time, mut filter) = (String::new(), String::new());
        if let Some(name) = &query.time {
            let field = schema.field_with_name(name);
            let field = field.map_err(|error| self.failed(error.to_string()))?;
            let column = format!("s.{}", dialect.quoted(name));
            let kind = match dialect {
                // SQLite columns have no fixed type, so texts are read as times.
                Dialect::Sqlite => Some(TimeKind::Local),
                _ => time_kind(field.data_type()),
            };
            let kind = kind.ok_or_else(|| {
                self.failed(format!(
                    "has {} in the column {name:?}, where times belong; make a view in which it is a timestamp",
                    field.data_type()
                ))
            })?;
            time = format!(", {} AS mw_time", dialect.comparable(&column));
            if let Some(since) = query.since {
                filter = format!("\nWHERE {} OR {column} IS NULL", dialect.since(kind, &column, since));
            }
        }
        let table = quoted(dialect, &self.table);
        Ok(format!("SELECT {id}, {label}{time}\nFROM {table} AS s{filter}"))
    }
}

/// Passes on the rows of a batch.
fn each_outcome(batch: &RecordBatch, take: &mut TakeOutcome) -> Result<(), String> {
    let column = |name: &str, to: &DataType| {
        let schema = batch.schema();
        let place = schema
            .fields()
            .iter()
            .position(|field| field.name().eq_ignore_ascii_case(name));
        let column = place.map(|place| cast(batch.column(place), to));
        column
            .transpose()
            .map_err(|error| format!("answers with {error} in the column {name}"))
    };
    let asked = |name: &str, to: &DataType| column(name, to)?.ok_or_else(|| NOT_ASKED.to_owned());
    let (ids, labels) = (asked("mw_id", &DataType::Utf8)?, asked("mw_label", &DataType::Utf8)?);
    let (ids, labels) = (ids.as_string::<i32>(), labels.as_string::<i32>());
    let codes = [
        asked("mw_id_code", &DataType::Int64)?,
        asked("mw_label_code", &DataType::Int64)?,
    ];
    let codes = codes.each_ref().map(|codes| codes.as_primitive::<Int64Type>());
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let times = column("mw_time", &instant)?;
    let times = times
        .as_ref()
        .map(|times| times.as_primitive::<TimestampMicrosecondType>());
    for row in 0..batch.num_rows() {
        let text = |texts: &arrow::array::StringArray, codes: &arrow::array::Int64Array| {
            let kind = TextKind::of_code(if codes.is_null(row) { 0 } else { codes.value(row) });
            (texts.is_valid(row) && kind != TextKind::Other).then(|| kind.canonical(texts.value(row)))
        };
        let (id, label) = (text(ids, codes[0]), text(labels, codes[1]));
        take(&OutcomeRow {
            id: id.as_deref(),
            label: label.as_deref(),
            time: times.filter(|times| times.is_valid(row)).map(|times| times.value(row)),
        })?;
    }
    Ok(())
}
