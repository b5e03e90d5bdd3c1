//! A session through ADBC's driver manager.

use std::path::Path;
use std::time::Duration;

use adbc_core::error::Error as AdbcError;
use adbc_core::options::{AdbcVersion, OptionConnection, OptionDatabase, OptionStatement, OptionValue};
use adbc_core::{Connection as _, Database as _, Driver as _, LOAD_FLAG_DEFAULT, Optionable as _, Statement as _};
use adbc_driver_manager::{ManagedConnection, ManagedDriver};
use parking_lot::Mutex;

use crate::access::{Access, Told};
use crate::dialect::Dialect;
use crate::session::{Session, TakeBatch, TakeSchema};
use crate::stop::Stop;

/// A connection to a database with a loaded driver.
pub(crate) struct Adbc {
    dialect: Dialect,
    connection: Mutex<ManagedConnection>,
    told: Told,
}

impl Adbc {
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
}

impl Session for Adbc {
    fn hold(&self) -> Result<(), String> {
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

    fn run(&self, sql: &str, stop: &Stop, schema: TakeSchema<'_>, take: TakeBatch<'_>) -> Result<(), String> {
        let said = |error: AdbcError| self.said(&error);
        let mut statement = self.connection.lock().new_statement().map_err(said)?;
        if self.dialect == Dialect::Sqlite {
            // A column gets its type from its first rows there, so read all of them at once.
            let rows = OptionStatement::Other("adbc.sqlite.query.batch_rows".into());
            statement.set_option(rows, OptionValue::Int(1 << 24)).map_err(said)?;
        }
        statement.set_sql_query(sql).map_err(said)?;
        let cancel = statement.get_cancel_handle();
        stop.begin(move || {
            // If a driver can't cancel, the database finishes a statement that is no longer needed.
            let _ = cancel.try_cancel();
        })?;
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
}

/// Loads a driver by name, or a library by path.
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

/// Opens a DuckDB file read-only, so that others can read it too.
fn read_only(dialect: Dialect, options: &[(OptionDatabase, OptionValue)]) -> Option<(OptionDatabase, OptionValue)> {
    let named = |name: &str| options.iter().any(|(key, _)| key.as_ref() == name);
    let wanted = dialect == Dialect::DuckDb && named("path") && !named("access_mode");
    wanted.then(|| (OptionDatabase::Other("access_mode".into()), "READ_ONLY".into()))
}

/// How much later than our timeout the server stops by itself, if a cancellation is lost.
const LATER: Duration = Duration::from_secs(10);

/// The first statements of a session.
fn settings(dialect: Dialect, timeout: Duration) -> Vec<String> {
    match dialect {
        // Without a server-side limit, a statement continues after a lost cancellation.
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
