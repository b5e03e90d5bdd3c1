//! The query of one window.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use datafusion::common::{Column as Named, DataFusionError, Result as QueryResult};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use modelwatch_log_format::columns::{MODEL_VERSION, TIME};
use object_store::ObjectMeta;

use super::count::{Cells, ColumnCounts, count_cells};
use super::error::{EngineError, Skipped};
use super::log_files::{self, LogFile};
use super::store::Store;
use super::table::Files;
use crate::time_window::TimeWindow;

/// A column of the log to be counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the files: `feature.income`, `score`, `class`.
    pub name: String,
    /// How its values are told apart.
    pub cells: Cells,
}

/// What to count.
#[derive(Clone, Debug)]
pub struct WindowQuery {
    /// The model's name, as the service has it.
    pub model: String,
    /// Which rows.
    pub window: TimeWindow,
    /// Which columns, no two of one name.
    pub columns: Vec<Column>,
    /// Whether versions are counted apart.
    pub per_version: bool,
}

/// The counts of one version, or of all together.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionCounts {
    /// The version, where versions are counted apart.
    pub version: Option<String>,
    /// Its rows in the window.
    pub rows: u64,
    /// In the order of [`WindowQuery::columns`].
    pub columns: Vec<ColumnCounts>,
}

/// What a window holds.
#[derive(Clone, Debug, Default)]
pub struct WindowCounts {
    /// One entry, or one for each version in the order of their names; none where the window has no rows.
    pub versions: Vec<VersionCounts>,
    /// Files that were read.
    pub files: usize,
    /// Files that were left out.
    pub skipped: Vec<Skipped>,
    /// Columns that some files, or all, do not have; there every value counts as missing. With the number of rows in
    /// those files.
    pub absent: BTreeMap<String, u64>,
}

impl WindowCounts {
    /// Rows of all versions.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.versions.iter().map(|version| version.rows).sum()
    }

    /// All versions together.
    #[must_use]
    pub fn total(&self) -> VersionCounts {
        let mut total = VersionCounts {
            version: None,
            rows: self.rows(),
            columns: Vec::new(),
        };
        for version in &self.versions {
            if total.columns.is_empty() {
                total.columns.clone_from(&version.columns);
                continue;
            }
            for (total, counts) in total.columns.iter_mut().zip(&version.columns) {
                total.merge(counts);
            }
        }
        total
    }
}

impl WindowQuery {
    /// Runs on the current Tokio runtime, on as many threads as `threads` says.
    ///
    /// Files that are no whole Parquet, or not of this model, are named and left out; so is one that breaks in its middle.
    ///
    /// # Errors
    ///
    /// The store cannot be listed, or the query fails for another reason than a file.
    pub async fn run(&self, store: &Store, threads: usize) -> Result<WindowCounts, EngineError> {
        let schema = self.schema();
        let columns = schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()));
        let found = log_files::find(store, &self.model, self.window, &columns.collect()).await?;
        let mut files = found.files;
        let mut result = WindowCounts {
            skipped: found.skipped,
            ..WindowCounts::default()
        };
        let session = Session::new(store, schema, threads);
        result.versions = match self.count(&session, &files).await {
            Ok(versions) => versions,
            Err(error) => {
                let broken = self.broken(&session, store, &files).await;
                if broken.is_empty() {
                    return Err(self.failed(&error));
                }
                files.retain(|file| !broken.contains_key(file.object.location.as_ref()));
                result.skipped.extend(broken.into_values());
                self.count(&session, &files)
                    .await
                    .map_err(|error| self.failed(&error))?
            }
        };
        result.files = files.len();
        for column in &self.columns {
            let without = files
                .iter()
                .filter(|file| file.schema.field_with_name(&column.name).is_err());
            let rows: u64 = without.map(|file| file.rows).sum();
            if rows > 0 {
                result.absent.insert(column.name.clone(), rows);
            }
        }
        Ok(result)
    }

    fn failed(&self, error: &DataFusionError) -> EngineError {
        EngineError::Query {
            model: self.model.clone(),
            problem: error.strip_backtrace(),
        }
    }

    fn schema(&self) -> SchemaRef {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut fields = vec![Field::new(TIME, time, true)];
        if self.per_version {
            fields.push(Field::new(MODEL_VERSION, DataType::Utf8View, true));
        }
        let columns = self.columns.iter();
        fields.extend(columns.map(|column| Field::new(&column.name, column.cells.data_type(), true)));
        Arc::new(Schema::new(fields))
    }

    /// Which files cannot be read to their end.
    async fn broken(&self, session: &Session, store: &Store, files: &[LogFile]) -> BTreeMap<String, Skipped> {
        let mut broken = BTreeMap::new();
        for file in files {
            if let Err(error) = self.count(session, std::slice::from_ref(file)).await {
                let skipped = Skipped {
                    file: store.locate(&file.object.location),
                    problem: format!("breaks while it is read: {}", error.strip_backtrace()),
                };
                broken.insert(file.object.location.to_string(), skipped);
            }
        }
        broken
    }

    async fn count(&self, session: &Session, files: &[LogFile]) -> QueryResult<Vec<VersionCounts>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let (whole, partial): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.whole);
        let rows = match (whole.is_empty(), partial.is_empty()) {
            (_, true) => session.read(whole)?,
            (true, _) => self.in_window(session.read(partial)?)?,
            (false, false) => session.read(whole)?.union(self.in_window(session.read(partial)?)?)?,
        };
        let version = self.per_version.then(|| column(MODEL_VERSION));
        let counts = self.columns.iter().enumerate().map(|(position, counted)| {
            count_cells(counted.cells.clone())
                .call(vec![column(&counted.name)])
                .alias(position.to_string())
        });
        let counts = counts.chain([count(lit(1)).alias("rows")]);
        let batches = rows
            .aggregate(version.into_iter().collect(), counts.collect())?
            .collect()
            .await?;
        let mut versions: Vec<_> = batches
            .iter()
            .flat_map(|batch| self.read(batch))
            .filter(|version| version.rows > 0)
            .collect();
        versions.sort_by(|one, other| one.version.cmp(&other.version));
        Ok(versions)
    }

    fn in_window(&self, rows: DataFrame) -> QueryResult<DataFrame> {
        let instant = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        let from = column(TIME).gt_eq(instant(self.window.start().timestamp_micros()));
        rows.filter(from.and(column(TIME).lt(instant(self.window.end().timestamp_micros()))))
    }

    fn read(&self, batch: &RecordBatch) -> Vec<VersionCounts> {
        let (versions, counts) = batch.columns().split_at(usize::from(self.per_version));
        let (rows, counts) = match counts {
            [counts @ .., rows] => (rows.as_primitive::<Int64Type>(), counts),
            [] => return Vec::new(),
        };
        let version = |row: usize| {
            let versions = versions.first()?.as_string_view_opt()?;
            Some(if versions.is_null(row) {
                String::new()
            } else {
                versions.value(row).into()
            })
        };
        let of_version = |row: usize| VersionCounts {
            version: version(row),
            rows: rows.value(row).unsigned_abs(),
            columns: counts
                .iter()
                .map(|counts| ColumnCounts::read(counts.as_struct(), row))
                .collect(),
        };
        (0..batch.num_rows()).map(of_version).collect()
    }
}

/// A column by its very name, dots included.
fn column(name: &str) -> Expr {
    Expr::Column(Named::new_unqualified(name))
}

struct Session {
    context: SessionContext,
    schema: SchemaRef,
    url: ObjectStoreUrl,
}

impl Session {
    fn new(store: &Store, schema: SchemaRef, threads: usize) -> Self {
        let config = SessionConfig::new().with_target_partitions(threads.max(1));
        let context = SessionContext::new_with_config(config);
        let url = ObjectStoreUrl::local_filesystem();
        context.register_object_store(url.as_ref(), store.objects.clone());
        Self { context, schema, url }
    }

    fn read(&self, files: Vec<&LogFile>) -> QueryResult<DataFrame> {
        let objects: Vec<ObjectMeta> = files.into_iter().map(|file| file.object.clone()).collect();
        self.context.read_table(Arc::new(Files {
            store: self.url.clone(),
            schema: self.schema.clone(),
            objects,
        }))
    }
}
