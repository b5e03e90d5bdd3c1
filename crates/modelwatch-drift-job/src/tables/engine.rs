//! Makes tables an engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use modelwatch_log_format::columns::TIME;

use super::columns::TableColumns;
use super::found::Found;
use super::places::expand;
use super::sought::Sought;
use super::table::{Part, Table};
use crate::counting::{RowCounter, Rows, Slices, in_window, keep};
use crate::engine::{Engine, EngineError, LeftOutFile, Looked, Reason, WindowCounts, WindowQuery};
use crate::time_window::TimeWindow;

/// Counts the Parquet, CSV and JSON-lines files of one model, named by paths, folders, globs or URLs, or a Delta table,
/// named by its folder or URL. It looks for the files at every window, so the next window includes files that arrive
/// later.
/// # Example: a CSV file with a name of its own for a feature
///
/// ```
/// use modelwatch_drift::baseline::{CategoricalProfile, Hygiene};
/// use modelwatch_drift_job::engine::{Bins, Column, Engine as _, WindowQuery};
/// use modelwatch_drift_job::{TableColumns, Tables};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("rows.csv"), "CHANNEL\nweb\nphone\nfax\n")?;
/// let columns = TableColumns {
///     features: [("channel".to_owned(), "CHANNEL".to_owned())].into(),
///     ..TableColumns::default()
/// };
/// let tables = Tables::new([folder.path().join("*.csv").display().to_string()], columns);
///
/// let training = [("web".to_owned(), 700), ("phone".to_owned(), 300)];
/// let profile = CategoricalProfile::new("channel", training, 0, &Hygiene::default())?;
/// let bins = Bins::Categorical(profile.bins().clone());
/// let query = WindowQuery {
///     model: "claims-risk".to_owned(),
///     window: None,
///     columns: vec![Column { name: "feature.channel".to_owned(), bins }],
///     groups: Vec::new(),
///     joint: Vec::new(),
/// };
/// assert_eq!(tables.count(&query).await?.rows, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tables {
    patterns: Vec<String>,
    columns: TableColumns,
    threads: usize,
}

impl Tables {
    /// Creates an engine for these paths, folders, globs or URLs, whose columns have these names.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>, columns: TableColumns) -> Self {
        Self {
            patterns: patterns.into_iter().map(Into::into).collect(),
            columns,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Sets how many tasks count at the same time.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    async fn count_window(&self, query: &WindowQuery) -> Result<WindowCounts, EngineError> {
        let sought = query.window.map(|window| Sought {
            time: self.columns.time.clone().unwrap_or_else(|| TIME.to_owned()),
            window,
        });
        let mut files = Vec::new();
        for pattern in &self.patterns {
            files.extend(expand(pattern, sought.as_ref()).await?);
        }
        let mut result = WindowCounts {
            looked: Looked {
                places: self.patterns.clone(),
                files: files.len(),
                ..Looked::default()
            },
            ..WindowCounts::default()
        };
        let counter = Arc::new(RowCounter::new(query));
        let mut rows = counter.start();
        let mut leave_out = |file: &str, reason, problem: String| {
            result.left_out.files.push(LeftOutFile {
                file: file.to_owned(),
                reason,
                problem,
                rows: None,
            });
        };
        let tasks = match files.len() {
            files if files >= self.threads => 1,
            _ => self.threads,
        };
        let counted = stream::iter(files).map(|file| {
            let (columns, window, counter) = (&self.columns, query.window, counter.clone());
            async move {
                let counted = count_file(&file, columns, window, &counter, tasks).await;
                (file, counted)
            }
        });
        let mut counted = counted.buffered(self.threads);
        let mut absent: BTreeMap<String, u64> = BTreeMap::new();
        while let Some((found, counted)) = counted.next().await {
            match counted {
                Ok(file) => {
                    for column in &query.columns {
                        let place = self.columns.place(&file.schema, &column.name);
                        if place.is_none_or(|place| file.lacking.contains(&place)) {
                            *absent.entry(column.name.clone()).or_insert(0) += file.rows.rows;
                        }
                    }
                    rows.merge(file.rows);
                    result.files += 1;
                    result.left_out.rows_without_time += file.without_time;
                }
                Err((reason, problem)) => leave_out(found.address(), reason, problem),
            }
        }
        absent.retain(|_, rows| *rows > 0);
        result.absent = absent;
        result.left_out.files.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(WindowCounts {
            files: result.files,
            left_out: result.left_out,
            absent: result.absent,
            looked: result.looked,
            ..rows.into_counts()
        })
    }
}

impl Engine for Tables {
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>> {
        self.count_window(query).boxed()
    }
}

/// The number of slices of columns per task, so that all tasks finish at about the same time.
const SLICES_A_TASK: usize = 4;

struct CountedFile {
    schema: Arc<Schema>,
    /// The positions of columns without values in this file.
    lacking: Vec<usize>,
    rows: Rows,
    without_time: u64,
}

async fn count_file(
    file: &Found,
    columns: &TableColumns,
    window: Option<TimeWindow>,
    counter: &Arc<RowCounter>,
    tasks: usize,
) -> Result<CountedFile, (Reason, String)> {
    let told = |error: EngineError| {
        let EngineError::Store { problem, .. } = error;
        (Reason::Broken, problem)
    };
    let table = Table::open(file).await.map_err(told)?;
    let schema = table.schema().clone();
    if let Some(problem) = columns.none_of(&schema, counter.names()) {
        return Err((Reason::OtherColumns, problem));
    }
    let (parts, bytes) = (table.parts(tasks), table.bytes());
    let bytes = |name: &str| Some(*bytes.get(columns.place(&schema, name)?)?);
    // If a file has fewer row groups than there are threads, columns keep the other threads busy.
    let fewest = match table.has_columns_apart() && parts.len() < tasks {
        true => (SLICES_A_TASK * tasks).div_ceil(parts.len().max(1)),
        false => 1,
    };
    let slices = Slices::new(counter, fewest, window.is_some(), |name| {
        bytes(name).unwrap_or_default()
    });
    let plans = slices
        .counters()
        .map(|counter| Ok(Arc::new(Plan::new(counter.clone(), columns, &schema, window)?)));
    let plans = plans.collect::<Result<Vec<_>, (Reason, String)>>()?;
    let of_part = |part: &Part| {
        plans
            .iter()
            .map(|plan| (part.clone(), plan.clone()))
            .collect::<Vec<_>>()
    };
    let of_parts: Vec<(Part, Arc<Plan>)> = parts.iter().flat_map(of_part).collect();
    let counted = stream::iter(of_parts).map(|(part, plan)| {
        let counted = tokio::task::spawn_blocking(move || plan.count(&part));
        table.joined(counted)
    });
    let counted: Vec<(Rows, u64)> = counted.buffered(tasks).try_collect().await.map_err(told)?;
    let mut counted = counted.into_iter();
    let mut all = CountedFile {
        schema,
        lacking: table.lacking(),
        rows: counter.start(),
        without_time: 0,
    };
    for _ in &parts {
        let (of_slices, without_time): (Vec<Rows>, Vec<u64>) = counted.by_ref().take(plans.len()).unzip();
        all.rows.merge(slices.side_by_side(of_slices));
        all.without_time += without_time.first().copied().unwrap_or_default();
    }
    Ok(all)
}

/// Says what to read from a file, and the names in the log.
struct Plan {
    counter: Arc<RowCounter>,
    read: Vec<usize>,
    /// The names by position among the columns read.
    names: Vec<(usize, String)>,
    window: Option<TimeWindow>,
}

impl Plan {
    fn new(
        counter: Arc<RowCounter>,
        columns: &TableColumns,
        schema: &Schema,
        window: Option<TimeWindow>,
    ) -> Result<Self, (Reason, String)> {
        let mut places: Vec<(usize, String)> = Vec::new();
        for name in counter.names().chain(window.map(|_| TIME)) {
            let known = places.iter().any(|(_, known)| known == name);
            if let Some(place) = columns.place(schema, name).filter(|_| !known) {
                places.push((place, name.to_owned()));
            }
        }
        if window.is_some() && !places.iter().any(|(_, name)| name == TIME) {
            let wanted = columns.time.as_deref().unwrap_or(TIME);
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            return Err((
                Reason::NoTime,
                format!("has no column {wanted:?} of times; it has {}", names.join(", ")),
            ));
        }
        // Readers return the columns in the order of the file, each once.
        let mut read: Vec<usize> = places.iter().map(|(place, _)| *place).collect();
        read.sort_unstable();
        read.dedup();
        Ok(Self {
            counter,
            names: places
                .into_iter()
                .map(|(place, name)| (read.binary_search(&place).unwrap_or_default(), name))
                .collect(),
            read,
            window,
        })
    }

    fn count(&self, part: &Part) -> Result<(Rows, u64), String> {
        let mut rows = self.counter.start();
        let mut without_time = 0;
        part.scan(&self.read, |batch| {
            let odd = |error: arrow_schema::ArrowError| format!("breaks while it is counted: {error}");
            let batch = self.rename(&batch).map_err(odd)?;
            let batch = match self.window {
                None => Some(batch),
                Some(window) => {
                    let (mask, missing) = in_window(&batch, window)?;
                    without_time += missing;
                    keep(&batch, &mask).map_err(odd)?
                }
            };
            match batch {
                Some(batch) => self.counter.count(&batch, &mut rows).map_err(odd),
                None => Ok(()),
            }
        })?;
        Ok((rows, without_time))
    }

    fn rename(&self, batch: &RecordBatch) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let column = |(place, name): &(usize, String)| {
            let array: ArrayRef = batch.column(*place).clone();
            (Field::new(name, array.data_type().clone(), true), array)
        };
        let (fields, arrays): (Vec<_>, Vec<_>) = self.names.iter().map(column).unzip();
        // A batch without columns still has rows.
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
    }
}
