//! A warehouse as an engine.

use std::fmt;
use std::time::Duration;

use arrow::datatypes::Schema;
use futures::future::{BoxFuture, FutureExt as _};
use modelwatch_drift_job::engine::{Engine, EngineError, Looked, TableTimes, WindowCounts, WindowQuery};
use modelwatch_drift_job::{ColumnHolds, ColumnKind, TableColumns, TrainingColumns, TrainingSource};

use crate::access::Access;
use crate::answer::Answer;
use crate::asking::asked;
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::kind::Kind;
use crate::profiles::Profiles;
use crate::statement::Statement;
use crate::stop::Stop;
use crate::table::{TableShape, quoted};

/// A table of a database that counts its own rows. Start with [`new`](Self::new) and set what differs from the defaults.
///
/// It holds no connection: each window opens its own, and none stays open in between.
/// # Example: what a table is called in reports
///
/// ```
/// use modelwatch_warehouse::{Access, Dialect, UnknownDialect, Warehouse};
///
/// let access = Access::Variable("WAREHOUSE_URI".to_owned());
/// assert_eq!(access.to_string(), "the environment variable WAREHOUSE_URI");
///
/// let dialect: Dialect = "postgresql".parse()?;
/// let warehouse = Warehouse::new(dialect, ["analytics", "predictions"], access);
/// assert!(warehouse.to_string().contains("predictions"), "{warehouse}");
///
/// let unknown: UnknownDialect = "oracle".parse::<Dialect>().unwrap_err();
/// assert!(unknown.to_string().contains("use one of postgresql"), "{unknown}");
/// # Ok::<(), UnknownDialect>(())
/// ```
#[derive(Clone, Debug)]
pub struct Warehouse {
    pub(crate) dialect: Dialect,
    pub(crate) table: Vec<String>,
    access: Access,
    driver: Option<String>,
    timeout: Duration,
    columns: TableColumns,
}

impl Warehouse {
    /// Takes a table by the parts of its name, each as the database spells it: catalogue and schema, if needed, and the table's
    /// own name.
    pub fn new(dialect: Dialect, table: impl IntoIterator<Item = impl Into<String>>, access: Access) -> Self {
        Self {
            dialect,
            table: table.into_iter().map(Into::into).collect(),
            access,
            driver: None,
            timeout: Duration::from_secs(300),
            columns: TableColumns::default(),
        }
    }

    /// Sets the driver, by name or by the path of its library. Defaults to that of the profile or of the
    /// [dialect](Dialect::driver).
    #[must_use]
    pub fn driver(mut self, driver: impl Into<String>) -> Self {
        self.driver = Some(driver.into());
        self
    }

    /// Sets how long a window may take, before it is given up and cancelled in the database. Defaults to 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the names of the columns.
    #[must_use]
    pub fn columns(mut self, columns: TableColumns) -> Self {
        self.columns = columns;
        self
    }

    /// Returns the statement that counts a window. `schema` has the table's columns, as in an empty answer.
    ///
    /// # Errors
    ///
    /// Returns an error when the query has a window and the table has no time column.
    pub fn statement(&self, query: &WindowQuery, schema: &Schema) -> Result<String, EngineError> {
        let shape = self.shape(query, schema)?;
        Ok(Statement::new(query, &shape, &self.columns).sql)
    }

    fn shape(&self, query: &WindowQuery, schema: &Schema) -> Result<TableShape, EngineError> {
        let timed = query.window.is_some();
        TableShape::new(self.dialect, &self.table, schema, &self.columns, timed).map_err(|problem| self.failed(problem))
    }

    pub(crate) fn failed(&self, problem: impl Into<String>) -> EngineError {
        EngineError::Store {
            address: self.to_string(),
            problem: problem.into(),
        }
    }

    /// Runs a query on a thread and returns its result within the time limit.
    pub(crate) async fn asked<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Self, &Stop) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let asking = self.clone();
        let asked = asked(self.timeout, move |stop| ask(&asking, stop)).await;
        asked.unwrap_or_else(|unasked| {
            let advice = "give it an index on the column of times, a shorter window or a longer timeout";
            Err(self.failed(unasked.problem(self.timeout, advice)))
        })
    }

    pub(crate) fn connect(&self) -> Result<Connection, EngineError> {
        Connection::open(self.dialect, &self.access, self.driver.as_deref(), self.timeout)
            .map_err(|problem| self.failed(problem))
    }

    /// Returns the table's columns, from an empty answer.
    pub(crate) fn schema_of(&self, connection: &Connection, stop: &Stop) -> Result<Schema, EngineError> {
        let table = quoted(self.dialect, &self.table);
        let schema = connection.schema(&format!("SELECT * FROM {table} AS s WHERE 1 = 0"), stop);
        schema.map_err(|problem| {
            self.failed(format!(
                "can't be read: {problem}; does it exist, spelt so, and may this user read it?"
            ))
        })
    }

    fn fits(&self, sql: &str, columns: usize) -> Result<(), EngineError> {
        match self.dialect.most_bytes().filter(|most| sql.len() > *most) {
            None => Ok(()),
            Some(most) => Err(self.failed(format!(
                "takes {most} bytes of SQL and {} are needed for {columns} columns; watch fewer of them in one model",
                sql.len(),
            ))),
        }
    }

    fn training_shape(&self, schema: &Schema) -> Result<TableShape, EngineError> {
        TableShape::new(self.dialect, &self.table, schema, &self.columns, false).map_err(|problem| self.failed(problem))
    }

    /// Reads the profile for a baseline. Blocks while the database works.
    fn profiles(&self, columns: &[(String, ColumnKind)], stop: &Stop) -> Result<TrainingColumns, EngineError> {
        let failed = |problem| self.failed(problem);
        let connection = self.connect()?;
        connection.hold().map_err(failed)?;
        let shape = self.training_shape(&self.schema_of(&connection, stop)?)?;
        let mut profiles = Profiles::new(shape, columns).map_err(failed)?;
        while let Some((sql, branches)) = profiles.statement() {
            self.fits(&sql, columns.len())?;
            profiles.begin();
            connection
                .ask(&sql, stop, |batch| profiles.add(&branches, batch))
                .map_err(|problem| self.failed(format!("can't be counted: {problem}")))?;
            profiles.step().map_err(failed)?;
        }
        Ok(profiles.finish())
    }

    /// Returns the first statement for a baseline of all columns that can be features. `schema` has the table's columns, as in an
    /// empty answer.
    ///
    /// # Errors
    ///
    /// Returns no error for a valid schema.
    pub fn training_statement(&self, schema: &Schema) -> Result<String, EngineError> {
        let shape = self.training_shape(schema)?;
        let columns = shape.columns().iter().filter_map(|(name, kind)| {
            let taken = match kind.holds() {
                ColumnHolds::Numbers | ColumnHolds::Booleans => ColumnKind::Numeric,
                ColumnHolds::Texts => ColumnKind::Categorical,
                _ => return None,
            };
            Some((name.clone(), taken))
        });
        let columns: Vec<_> = columns.collect();
        let profiles = Profiles::new(shape, &columns).map_err(|problem| self.failed(problem))?;
        Ok(profiles.statement().map(|(sql, _)| sql).unwrap_or_default())
    }

    /// Runs a query for a window. Blocks while the database works.
    fn ask(&self, query: &WindowQuery, stop: &Stop) -> Result<WindowCounts, EngineError> {
        let failed = |problem| self.failed(problem);
        let connection = self.connect()?;
        let schema = self.schema_of(&connection, stop)?;
        let shape = self.shape(query, &schema)?;
        let statement = Statement::new(query, &shape, &self.columns);
        self.fits(&statement.sql, query.columns.len())?;
        let mut answer = Answer::new(query);
        answer.begin(&statement.branches, &shape, &self.columns);
        connection
            .ask(&statement.sql, stop, |batch| answer.add(batch))
            .map_err(|problem| self.failed(format!("can't be counted: {problem}")))?;
        let mut counts = answer.into_counts();
        let times = match query.window.filter(|_| counts.rows == 0) {
            None => TableTimes::default(),
            Some(_) => connection.times(&shape, &self.columns, stop).map_err(failed)?,
        };
        counts.looked = Looked {
            places: vec![self.to_string()],
            table: Some(times),
            ..Looked::default()
        };
        Ok(counts)
    }
}

impl Engine for Warehouse {
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>> {
        let query = query.clone();
        self.asked(move |warehouse, stop| warehouse.ask(&query, stop)).boxed()
    }
}

impl TrainingSource for Warehouse {
    fn columns(&self) -> BoxFuture<'_, Result<Vec<(String, ColumnHolds)>, EngineError>> {
        let held = |(name, kind): &(String, Kind)| (name.clone(), kind.holds());
        self.asked(move |warehouse, stop| {
            let schema = warehouse.schema_of(&warehouse.connect()?, stop)?;
            let shape = warehouse.training_shape(&schema)?;
            Ok(shape.columns().iter().map(held).collect())
        })
        .boxed()
    }

    fn read<'a>(&'a self, columns: &'a [(String, ColumnKind)]) -> BoxFuture<'a, Result<TrainingColumns, EngineError>> {
        let columns = columns.to_vec();
        self.asked(move |warehouse, stop| warehouse.profiles(&columns, stop))
            .boxed()
    }
}

/// Shows the dialect and the table, never how to reach the database.
impl fmt::Display for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} table {}", self.dialect, self.table.join("."))
    }
}
