//! One connection, through ADBC's driver manager.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adbc_core::error::Error as AdbcError;
use adbc_core::options::{AdbcVersion, OptionConnection, OptionDatabase, OptionStatement, OptionValue};
use adbc_core::{
    CancelHandle, Connection as _, Database as _, Driver as _, LOAD_FLAG_DEFAULT, Optionable as _, Statement as _,
};
use adbc_driver_manager::{ManagedConnection, ManagedDriver, ManagedStatement};
use arrow::array::{Array as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::TableTimes;
use modelwatch_log_format::columns::TIME;
use parking_lot::Mutex;

use crate::access::{Access, Told};
use crate::dialect::Dialect;
use crate::table::TableShape;

/// Tells a thread that asks a database to stop.
#[derive(Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Default)]
struct State {
    stopped: bool,
    /// What cancels the statement under way.
    running: Option<Box<dyn CancelHandle>>,
}

/// Stops what is under way when it is dropped, unless that has finished.
pub(crate) struct Guard(Option<Arc<Stop>>);

impl Stop {
    pub(crate) fn guard(self: &Arc<Self>) -> Guard {
        Guard(Some(self.clone()))
    }

    /// Takes note of a statement that begins; refused where it is to stop.
    fn begin(&self, statement: &ManagedStatement) -> Result<(), String> {
        let mut state = self.0.lock();
        if state.stopped {
            return Err("it was cancelled".into());
        }
        state.running = Some(statement.get_cancel_handle());
        Ok(())
    }

    fn end(&self) {
        self.0.lock().running = None;
    }
}

impl Guard {
    pub(crate) fn finished(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(stop) = self.0.take() else { return };
        let running = {
            let mut state = stop.0.lock();
            state.stopped = true;
            state.running.take()
        };
        if let Some(running) = running {
            // A thread of its own: to cancel, PostgreSQL's driver connects once more.
            let thread = std::thread::Builder::new().name("modelwatch-cancel".into());
            // Without one, or where a driver can't cancel, the database finishes what nobody waits for.
            let _ = thread.spawn(move || running.try_cancel());
        }
    }
}

/// A connection that lives as long as one window takes.
pub(crate) struct Connection {
    dialect: Dialect,
    connection: Mutex<ManagedConnection>,
    told: Told,
}

impl Connection {
    pub(crate) fn open(
        dialect: Dialect,
        access: &Access,
        driver: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let told = access.read(dialect)?;
        let name = driver.or(told.driver.as_deref()).unwrap_or(dialect.driver());
        let mut driver = load(dialect, name).map_err(|error| {
            let said = told.without_secrets(&error.message);
            format!(
                "its ADBC driver {name} can't be loaded: {said}; install the driver, or say where its library is with driver = or \
                 --driver"
            )
        })?;
        let mut options = told.options.clone();
        options.extend(read_only(dialect, &told.options));
        let refused = |error: AdbcError| {
            let said = told.without_secrets(&error.message);
            format!("can't be reached: {said}; is the database up, and is {access} right?")
        };
        let database = driver.new_database_with_opts(options).map_err(refused)?;
        let connection = database.new_connection().map_err(refused)?;
        let opened = Self {
            dialect,
            connection: Mutex::new(connection),
            told,
        };
        for statement in settings(dialect, timeout) {
            opened.set(&statement)?;
        }
        Ok(opened)
    }

    fn said(&self, error: &AdbcError) -> String {
        self.told.without_secrets(&error.message)
    }

    fn set(&self, sql: &str) -> Result<(), String> {
        let mut statement = self
            .connection
            .lock()
            .new_statement()
            .map_err(|error| self.said(&error))?;
        statement.set_sql_query(sql).map_err(|error| self.said(&error))?;
        statement.execute_update().map_err(|error| self.said(&error))?;
        Ok(())
    }

    /// Has all statements from here on see the rows that there are now, in the databases that are run on in tests.
    pub(crate) fn hold(&self) -> Result<(), String> {
        match self.dialect {
            Dialect::PostgreSql => self.set("SET default_transaction_isolation = 'repeatable read'")?,
            Dialect::DuckDb | Dialect::Sqlite => {}
            _ => return Ok(()),
        }
        let one_by_one = (OptionConnection::AutoCommit, OptionValue::from("false"));
        let mut connection = self.connection.lock();
        let held = connection.set_option(one_by_one.0, one_by_one.1);
        held.map_err(|error| self.said(&error))
    }

    /// What the columns of a statement's answer are.
    pub(crate) fn schema(&self, sql: &str, stop: &Stop) -> Result<Schema, String> {
        let mut columns = Schema::empty();
        self.run(sql, stop, |schema| columns = schema.clone(), |_| Ok(()))?;
        Ok(columns)
    }

    /// Asks, and hands over the answer batch by batch.
    pub(crate) fn ask(
        &self,
        sql: &str,
        stop: &Stop,
        take: impl FnMut(&RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        self.run(sql, stop, |_| (), take)
    }

    fn run(
        &self,
        sql: &str,
        stop: &Stop,
        schema: impl FnOnce(&Schema),
        mut take: impl FnMut(&RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let said = |error: AdbcError| self.said(&error);
        let mut statement = self.connection.lock().new_statement().map_err(said)?;
        if self.dialect == Dialect::Sqlite {
            // A column has the type of its first rows there; all of them are looked at.
            let rows = OptionStatement::Other("adbc.sqlite.query.batch_rows".into());
            statement.set_option(rows, OptionValue::Int(1 << 24)).map_err(said)?;
        }
        statement.set_sql_query(sql).map_err(said)?;
        stop.begin(&statement)?;
        let asked = (|| {
            let answer = statement.execute().map_err(said)?;
            schema(&answer.schema());
            for batch in answer {
                let batch = batch.map_err(|error| self.told.without_secrets(&error.to_string()))?;
                take(&batch)?;
            }
            Ok(())
        })();
        stop.end();
        asked
    }

    /// The first and the last time of a table.
    pub(crate) fn times(&self, shape: &TableShape, columns: &TableColumns, stop: &Stop) -> Result<TableTimes, String> {
        let Some((name, _)) = shape.column(columns, TIME) else {
            return Ok(TableTimes::default());
        };
        let column = format!("s.{}", self.dialect.quoted(name));
        let sql = format!(
            "SELECT MIN({column}) AS mw_first, MAX({column}) AS mw_last FROM {} AS s",
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

/// A time as a person reads it.
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

/// Loads a driver by its name, or a library by its path.
fn load(dialect: Dialect, name: &str) -> Result<ManagedDriver, AdbcError> {
    let entry: Option<&[u8]> = match dialect {
        Dialect::DuckDb => Some(b"duckdb_adbc_init"),
        _ => None,
    };
    match Path::new(name).is_absolute() {
        true => ManagedDriver::load_dynamic_from_filename(name, entry, AdbcVersion::V110),
        false => ManagedDriver::load_from_name(name, entry, AdbcVersion::V110, LOAD_FLAG_DEFAULT, None),
    }
}

/// A file of DuckDB's is opened as one that is not written to, so that others may read it, too.
fn read_only(dialect: Dialect, options: &[(OptionDatabase, OptionValue)]) -> Option<(OptionDatabase, OptionValue)> {
    let named = |name: &str| options.iter().any(|(key, _)| key.as_ref() == name);
    let wanted = dialect == Dialect::DuckDb && named("path") && !named("access_mode");
    wanted.then(|| (OptionDatabase::Other("access_mode".into()), "READ_ONLY".into()))
}

/// A server that was not told to stop does so by itself this much later.
const LATER: Duration = Duration::from_secs(10);

/// What a session is told first.
fn settings(dialect: Dialect, timeout: Duration) -> Vec<String> {
    match dialect {
        // Without a limit of the server's own, a statement that nobody waits for goes on where a cancellation gets lost.
        Dialect::PostgreSql => vec![
            "SET default_transaction_read_only = on".into(),
            format!(
                "SET statement_timeout = {}",
                (timeout + LATER).as_millis().min(i32::MAX as u128)
            ),
            "SET extra_float_digits = 1".into(),
            "SET client_encoding = 'UTF8'".into(),
        ],
        Dialect::DuckDb => vec!["SET TimeZone = 'UTC'".into()],
        _ => Vec::new(),
    }
}
