//! One connection, for one window.

use std::time::Duration;

use arrow::array::{Array as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::TableTimes;
use modelwatch_log_format::columns::TIME;

use crate::access::Access;
use crate::adbc::Adbc;
use crate::dialect::Dialect;
use crate::session::Session;
use crate::stop::Stop;
use crate::table::TableShape;

/// A connection that lives for one window.
pub(crate) struct Connection {
    dialect: Dialect,
    session: Box<dyn Session>,
}

impl Connection {
    pub(crate) fn open(
        dialect: Dialect,
        access: &Access,
        driver: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let session = match dialect {
            Dialect::Spark => spark(access, timeout)?,
            _ => Box::new(Adbc::open(dialect, access, driver, timeout)?),
        };
        Ok(Self { dialect, session })
    }

    /// Makes all further statements see the current rows, in the databases covered by tests.
    pub(crate) fn hold(&self) -> Result<(), String> {
        self.session.hold()
    }

    /// Returns the columns of a statement's answer.
    pub(crate) fn schema(&self, sql: &str, stop: &Stop) -> Result<Schema, String> {
        let mut columns = Schema::empty();
        self.session
            .run(sql, stop, &mut |schema| columns = schema.clone(), &mut |_| Ok(()))?;
        Ok(columns)
    }

    /// Runs a statement and passes on the answer batch by batch.
    pub(crate) fn ask(
        &self,
        sql: &str,
        stop: &Stop,
        mut take: impl FnMut(&RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        self.session.run(sql, stop, &mut |_| (), &mut take)
    }

    /// Returns the first and the last time of a table.
    pub(crate) fn times(&self, shape: &TableShape, columns: &TableColumns, stop: &Stop) -> Result<TableTimes, String> {
        let Some((name, _)) = shape.column(columns, TIME) else {
            return Ok(TableTimes::default());
        };
        let column = format!("s.{}", self.dialect.quoted(name));
        let finite = self.dialect.is_finite(&column);
        let finite = finite.map_or_else(String::new, |finite| format!(" WHERE {finite}"));
        let sql = format!(
            "SELECT MIN({column}) AS mw_first, MAX({column}) AS mw_last FROM {} AS s{finite}",
            shape.quoted
        );
        let mut reach = None;
        self.ask(&sql, stop, |batch| {
            if batch.num_rows() == 1 && batch.num_columns() == 2 {
                reach = time_text(batch, 0).zip(time_text(batch, 1));
            }
            Ok(())
        })?;
        Ok(TableTimes { reach })
    }
}

/// Formats a time for people.
fn time_text(batch: &RecordBatch, place: usize) -> Option<String> {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let array = batch.column(place);
    let array = cast(array, &instant).unwrap_or_else(|_| array.clone());
    if array.is_null(0) {
        return None;
    }
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(&array, &options).ok()?;
    Some(formatter.value(0).to_string())
}

#[cfg(feature = "spark")]
fn spark(access: &Access, timeout: Duration) -> Result<Box<dyn Session>, String> {
    Ok(Box::new(crate::spark::SparkSession::open(access, timeout)?))
}

#[cfg(not(feature = "spark"))]
fn spark(_: &Access, _: Duration) -> Result<Box<dyn Session>, String> {
    Err("this build can't ask Spark; build it with the feature `spark`".into())
}
