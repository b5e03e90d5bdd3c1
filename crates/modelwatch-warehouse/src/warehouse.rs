//! A warehouse as an engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::Schema;
use futures::future::{BoxFuture, FutureExt as _};
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::{Engine, EngineError, Looked, TableTimes, WindowCounts, WindowQuery};

use crate::access::Access;
use crate::answer::Answer;
use crate::connection::{Connection, Stop};
use crate::dialect::Dialect;
use crate::statement::Statement;
use crate::table::{TableShape, quoted};

/// A table of a database that counts its own rows. Begin with [`new`](Self::new) and set what differs from the defaults.
///
/// It holds no connection: each window has one of its own, and none is open in between.
#[derive(Clone, Debug)]
pub struct Warehouse {
    dialect: Dialect,
    table: Vec<String>,
    access: Access,
    driver: Option<String>,
    timeout: Duration,
    columns: TableColumns,
}

impl Warehouse {
    /// Names a table by its parts, each as the database spells it: catalogue and schema, where they are needed, and the table's own
    /// name.
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

    /// Loads this driver, by its name or the path of its library. Defaults to that of the profile or of the
    /// [dialect](Dialect::driver).
    #[must_use]
    pub fn driver(mut self, driver: impl Into<String>) -> Self {
        self.driver = Some(driver.into());
        self
    }

    /// Gives a window up after so long, and cancels what the database does for it. Defaults to 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Says what the columns are called.
    #[must_use]
    pub fn columns(mut self, columns: TableColumns) -> Self {
        self.columns = columns;
        self
    }

    /// Returns the statement that counts a window of a table with these columns, as an answer without rows describes them.
    ///
    /// # Errors
    ///
    /// The query has a window, and the table no column of times.
    pub fn statement(&self, query: &WindowQuery, schema: &Schema) -> Result<String, EngineError> {
        let shape = self.shape(query, schema)?;
        Ok(Statement::new(query, &shape, &self.columns).sql)
    }

    fn shape(&self, query: &WindowQuery, schema: &Schema) -> Result<TableShape, EngineError> {
        let timed = query.window.is_some();
        TableShape::new(self.dialect, &self.table, schema, &self.columns, timed).map_err(|problem| self.failed(problem))
    }

    fn failed(&self, problem: impl Into<String>) -> EngineError {
        EngineError::Store {
            address: self.to_string(),
            problem: problem.into(),
        }
    }

    async fn count_window(&self, query: &WindowQuery) -> Result<WindowCounts, EngineError> {
        let stop = Arc::new(Stop::default());
        // Dropped, whether the time is over or nobody waits any more, it cancels what is under way.
        let guard = stop.guard();
        let (send, answer) = tokio::sync::oneshot::channel();
        let (asking, query) = (self.clone(), query.clone());
        // A thread of its own, which nobody has to wait for: a driver may sit in a call that nothing ends.
        let thread = std::thread::Builder::new().name("modelwatch-warehouse".into());
        let started = thread.spawn(move || {
            // Nobody may be there any more.
            let _ = send.send(asking.ask(&query, &stop));
        });
        started.map_err(|error| self.failed(format!("no thread could be started to ask it: {error}")))?;
        let counted = tokio::time::timeout(self.timeout, answer).await;
        match counted {
            Ok(Ok(counted)) => {
                guard.finished();
                counted
            }
            Ok(Err(_)) => Err(self.failed("the driver made its thread fail")),
            Err(_) => Err(self.failed(format!(
                "did not answer within {:?} and was cancelled; give it an index on the column of times, a shorter window or a longer timeout",
                self.timeout
            ))),
        }
    }

    /// Blocks while the database works.
    fn ask(&self, query: &WindowQuery, stop: &Stop) -> Result<WindowCounts, EngineError> {
        let failed = |problem| self.failed(problem);
        let connection =
            Connection::open(self.dialect, &self.access, self.driver.as_deref(), self.timeout).map_err(failed)?;
        let table = quoted(self.dialect, &self.table);
        let schema = connection
            .schema(&format!("SELECT * FROM {table} AS s WHERE 1 = 0"), stop)
            .map_err(|problem| {
                self.failed(format!(
                    "can't be read: {problem}; does it exist, spelt so, and may this user read it?"
                ))
            })?;
        let shape = self.shape(query, &schema)?;
        let statement = Statement::new(query, &shape, &self.columns);
        if let Some(most) = self.dialect.most_bytes().filter(|most| statement.sql.len() > *most) {
            return Err(self.failed(format!(
                "takes {most} bytes of SQL and {} are needed for {} columns; watch fewer of them in one model",
                statement.sql.len(),
                query.columns.len()
            )));
        }
        let mut answer = Answer::new(query, &statement.branches, &shape, &self.columns);
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
        self.count_window(query).boxed()
    }
}

/// The dialect and the table; never how to reach it.
impl fmt::Display for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} table {}", self.dialect, self.table.join("."))
    }
}
