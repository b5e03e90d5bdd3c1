//! Real databases, filled by their own drivers.

use std::fs;
use std::path::PathBuf;

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionStatement, OptionValue};
use adbc_core::{Connection as _, Database as _, Driver as _, Optionable as _, Statement as _};
use adbc_driver_manager::{ManagedConnection, ManagedDriver};
use arrow::array::RecordBatch;
use modelwatch_testkit::{PostgreSql, adbc_driver};
use modelwatch_warehouse::{Access, Dialect, Warehouse};
use tempfile::TempDir;

/// A database, and the profile that says how to reach it.
pub(crate) struct Database {
    pub(crate) dialect: Dialect,
    driver: PathBuf,
    address: (OptionDatabase, String),
    folder: TempDir,
    _server: Option<PostgreSql>,
}

impl Database {
    pub(crate) fn postgresql() -> Self {
        let server = PostgreSql::start();
        let address = (OptionDatabase::Uri, server.uri());
        Self::new(
            Dialect::PostgreSql,
            "postgresql",
            Some(server),
            tempfile::tempdir().expect("a folder"),
            address,
        )
    }

    pub(crate) fn duckdb() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("claims.duckdb").to_str().expect("text").to_owned();
        Self::new(
            Dialect::DuckDb,
            "duckdb",
            None,
            folder,
            (OptionDatabase::Other("path".into()), file),
        )
    }

    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("claims.sqlite").to_str().expect("text").to_owned();
        Self::new(Dialect::Sqlite, "sqlite", None, folder, (OptionDatabase::Uri, file))
    }

    fn new(
        dialect: Dialect,
        driver: &str,
        server: Option<PostgreSql>,
        folder: TempDir,
        address: (OptionDatabase, String),
    ) -> Self {
        let database = Self {
            dialect,
            driver: adbc_driver(driver),
            address,
            folder,
            _server: server,
        };
        database.write_profile(&database.address.1);
        database
    }

    pub(crate) fn profile(&self) -> PathBuf {
        self.folder.path().join("profile.toml")
    }

    /// Writes the profile anew, with another address.
    pub(crate) fn write_profile(&self, address: &str) {
        let profile = format!(
            "profile_version = 1\ndriver = {:?}\n[Options]\n{} = {address:?}\n",
            self.driver,
            self.address.0.as_ref()
        );
        fs::write(self.profile(), profile).expect("a profile");
    }

    fn connect(&self) -> ManagedConnection {
        let entry: Option<&[u8]> = (self.dialect == Dialect::DuckDb).then_some(b"duckdb_adbc_init");
        let driver = ManagedDriver::load_dynamic_from_filename(&self.driver, entry, AdbcVersion::V110);
        let mut driver = driver.expect("a driver");
        let (key, value) = &self.address;
        let options = [(key.clone(), OptionValue::from(value.as_str()))];
        let database = driver.new_database_with_opts(options).expect("a database");
        database.new_connection().expect("a connection")
    }

    /// Runs statements one after the other.
    pub(crate) fn run<'a>(&self, statements: impl IntoIterator<Item = &'a str>) {
        let mut connection = self.connect();
        for sql in statements {
            let mut statement = connection.new_statement().expect("a statement");
            statement.set_sql_query(sql).expect("SQL");
            let done = statement.execute_update();
            assert!(done.is_ok(), "{sql}: {done:?}");
        }
    }

    /// The one number that a statement answers.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let mut connection = self.connect();
        let mut statement = connection.new_statement().expect("a statement");
        statement.set_sql_query(sql).expect("SQL");
        let answer = statement
            .execute()
            .expect("an answer")
            .next()
            .expect("a batch")
            .expect("rows");
        let number = arrow::compute::cast(answer.column(0), &arrow::datatypes::DataType::Int64).expect("a number");
        arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(&number).value(0)
    }

    /// Makes a table of the batch's rows, whatever was there before.
    pub(crate) fn fill(&self, table: &str, rows: &RecordBatch) {
        let quoted = table.replace('"', "\"\"");
        self.run([format!("DROP TABLE IF EXISTS \"{quoted}\"").as_str()]);
        let mut connection = self.connect();
        let mut statement = connection.new_statement().expect("a statement");
        statement
            .set_option(OptionStatement::TargetTable, table.into())
            .expect("an option");
        statement.bind(rows.clone()).expect("rows");
        let done = statement.execute_update();
        assert!(done.is_ok(), "{done:?}");
    }

    pub(crate) fn warehouse(&self, table: &[&str]) -> Warehouse {
        let profile = self.profile().to_str().expect("text").to_owned();
        Warehouse::new(self.dialect, table.iter().copied(), Access::Profile(profile))
    }
}
