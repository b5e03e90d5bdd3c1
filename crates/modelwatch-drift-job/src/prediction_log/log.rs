//! Makes the log an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::footer::{LogFile, NotCounted, judge};
use super::window_files::{WindowFile, WindowFiles};
use super::{hours, read, spread};
use crate::counting::RowCounter;
use crate::engine::{Engine, EngineError, LeftOut, LeftOutFile, Looked, Reason, WindowCounts, WindowQuery};
use crate::store::Store;
use crate::time_window::TimeWindow;

/// The number of footers read at the same time.
const FOOTERS_AT_ONCE: usize = 16;

/// The maximum number of attempts at a window whose files keep changing while they are counted.
const MOST_LOOKS: usize = 5;

/// Reads the prediction log of all models under one folder or bucket.
/// # Example: a folder that is not there
///
/// ```
/// use modelwatch_drift_job::PredictionLog;
/// use modelwatch_drift_job::engine::EngineError;
///
/// let folder = tempfile::tempdir()?;
/// assert!(PredictionLog::open(&folder.path().display().to_string()).is_ok());
///
/// let there_is_none = folder.path().join("predictions").display().to_string();
/// assert!(matches!(PredictionLog::open(&there_is_none), Err(EngineError::Store { address, .. }) if address == there_is_none));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PredictionLog {
    store: Store,
    threads: usize,
    most_rows: Option<u64>,
}

impl PredictionLog {
    /// Opens a log by the path or URL of its root. By default it counts a window in as many tasks at the same time as
    /// the machine has threads.
    ///
    /// # Errors
    ///
    /// The folder does not exist, or this build does not support the URL's scheme.
    pub fn open(address: &str) -> Result<Self, EngineError> {
        Ok(Self {
            store: Store::open(address)?,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            most_rows: None,
        })
    }

    /// Sets how many tasks count at the same time.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Limits how many rows of a window are counted to about this many: those of row groups spread over the window. It
    /// always counts at least one whole row group. If a window has very many files, it opens only as many as it needs.
    /// Defaults to counting all rows.
    #[must_use]
    pub fn at_most(mut self, rows: u64) -> Self {
        self.most_rows = Some(rows);
        self
    }

    /// Finds the files with a window's rows, and reads only their footers. Use this for an engine that reads the rows
    /// elsewhere. It leaves out the same files as [`count`](Engine::count) does by name, footer or folder.
    ///
    /// # Errors
    ///
    /// The log can't be listed.
    pub async fn files(&self, model: &str, window: Option<TimeWindow>) -> Result<WindowFiles, EngineError> {
        let judged = self.look(model, window).await?;
        let files = judged.files.iter().map(|file| WindowFile {
            path: self.store.below(&file.object.location),
            schema: file.footer.schema().clone(),
            rows: file.rows,
        });
        Ok(WindowFiles {
            files: files.collect(),
            left_out: judged.left_out,
            looked: judged.looked,
        })
    }

    /// Counts again if files disappeared while they were counted and others appeared, as when an hour's files are
    /// merged.
    async fn count_window(&self, query: &WindowQuery) -> Result<WindowCounts, EngineError> {
        let mut judged = self.look(&query.model, query.window).await?;
        for _ in 1..MOST_LOOKS {
            let before = judged.names.clone();
            let (counts, gone) = self.count_files(query, judged).await;
            if !gone {
                return Ok(counts);
            }
            judged = self.look(&query.model, query.window).await?;
            if judged.names.is_subset(&before) {
                // Retention removes files without putting others in their place.
                return Ok(counts);
            }
        }
        Ok(self.count_files(query, judged).await.0)
    }

    /// Looks for a window's files, and again if some disappeared before their footers were read and others appeared.
    async fn look(&self, model: &str, window: Option<TimeWindow>) -> Result<Judged, EngineError> {
        let mut found = hours::find(&self.store, model, window).await?;
        for _ in 1..MOST_LOOKS {
            let judged = self.judge(model, window, found).await;
            if !judged.gone {
                return Ok(judged);
            }
            found = hours::find(&self.store, model, window).await?;
            if names(&found.0).is_subset(&judged.names) {
                return Ok(judged);
            }
        }
        Ok(self.judge(model, window, found).await)
    }

    /// Judges the found files by their footers.
    async fn judge(
        &self,
        model: &str,
        window: Option<TimeWindow>,
        (objects, looked): (Vec<ObjectMeta>, Looked),
    ) -> Judged {
        let mut judged = Judged {
            names: names(&objects),
            files: Vec::new(),
            left_out: LeftOut::default(),
            looked,
            gone: false,
        };
        let objects = match self.most_rows {
            Some(_) => spread::some_files(objects, window),
            None => objects,
        };
        let verdicts = stream::iter(objects).map(|object| {
            let (store, model) = (self.store.clone(), model.to_owned());
            let judged = object.clone();
            // Runs in its own task: a decoder that panics then affects only its file.
            let verdict = tokio::spawn(async move { judge(&store, &judged, &model, window).await });
            async move { (object, verdict.await.unwrap_or_else(|error| Err(broken(&error)))) }
        });
        let mut verdicts = verdicts.buffered(FOOTERS_AT_ONCE);
        while let Some((object, verdict)) = verdicts.next().await {
            match verdict {
                Ok(file) => judged.files.push(Arc::new(file)),
                Err(not_counted) => judged.leave_out(&self.store, &object, not_counted),
            }
        }
        let replaced = replaced_by(&judged.files);
        judged.files.retain(|file| !replaced.contains(&file.object.location));
        judged
    }

    /// Counts the judged files, and returns whether one of them was gone.
    async fn count_files(&self, query: &WindowQuery, mut judged: Judged) -> (WindowCounts, bool) {
        let mut files = std::mem::take(&mut judged.files);
        if let Some(most) = self.most_rows {
            files = spread::some_groups(files, most);
        }
        let counter = Arc::new(RowCounter::new(query));
        let mut rows = counter.start();
        let mut absent = BTreeMap::new();
        let (mut read_files, mut without_time) = (0, 0);
        // If there are fewer files than threads, parts of one file keep the other threads busy.
        let tasks = match files.len() {
            files if files >= self.threads => 1,
            _ => self.threads,
        };
        let counted = stream::iter(files).map(|file| {
            let (store, window, counter) = (self.store.clone(), query.window, counter.clone());
            let counting = file.clone();
            let counts = tokio::spawn(async move { read::count(&store, &counting, window, &counter, tasks).await });
            async move { (file, counts.await.unwrap_or_else(|error| Err(broken(&error)))) }
        });
        // In the order of the files, so that the same files give the same counts.
        let mut counted = counted.buffered(self.threads);
        while let Some((file, counts)) = counted.next().await {
            match counts {
                Ok(counts) => {
                    let of_file = counts.rows.rows;
                    rows.merge(counts.rows);
                    without_time += counts.without_time;
                    read_files += 1;
                    for column in &query.columns {
                        if file.footer.schema().field_with_name(&column.name).is_err() {
                            *absent.entry(column.name.clone()).or_insert(0) += of_file;
                        }
                    }
                }
                Err(not_counted) => judged.leave_out(&self.store, &file.object, not_counted),
            }
        }
        let mut left_out = judged.left_out;
        left_out.files.sort_by(|one, other| one.file.cmp(&other.file));
        left_out.rows_without_time = without_time;
        absent.retain(|_, rows| *rows > 0);
        let counts = WindowCounts {
            files: read_files,
            left_out,
            absent,
            looked: judged.looked,
            ..rows.into_counts()
        };
        (counts, judged.gone)
    }
}

/// Holds the files of a window, and what was found beside them.
struct Judged {
    /// All files found.
    names: BTreeSet<Path>,
    files: Vec<Arc<LogFile>>,
    left_out: LeftOut,
    looked: Looked,
    /// Whether a file disappeared since it was found.
    gone: bool,
}

impl Judged {
    fn leave_out(&mut self, store: &Store, object: &ObjectMeta, not_counted: NotCounted) {
        match not_counted {
            NotCounted::Gone => self.gone = true,
            NotCounted::OtherTimes => {}
            NotCounted::Fault(fault) => self.left_out.files.push(LeftOutFile {
                file: store.locate(&object.location),
                reason: fault.reason,
                problem: fault.problem,
                rows: fault.rows,
            }),
        }
    }
}

fn names(objects: &[ObjectMeta]) -> BTreeSet<Path> {
    objects.iter().map(|object| object.location.clone()).collect()
}

/// Returns the files that were merged into others and are about to be removed.
fn replaced_by(files: &[Arc<LogFile>]) -> BTreeSet<Path> {
    let replaced = files.iter().flat_map(|file| {
        let parts: Vec<_> = file.object.location.parts().collect();
        let folder: Path = parts[..parts.len().saturating_sub(1)].iter().cloned().collect();
        file.replaces.iter().map(move |name| folder.clone().join(name.as_str()))
    });
    replaced.collect()
}

fn broken(error: &tokio::task::JoinError) -> NotCounted {
    NotCounted::fault(Reason::Broken, format!("makes its reader fail: {error}"))
}

impl Engine for PredictionLog {
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>> {
        self.count_window(query).boxed()
    }
}

impl fmt::Display for PredictionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}
