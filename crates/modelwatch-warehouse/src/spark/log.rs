//! A prediction log whose rows Spark's executors read.
//!
//! This machine chooses the files, with the same code as the engine on one machine: by the folders of a window's hours, and then
//! by their footers. So both leave out files that are hidden, broken, of another model, or merged into another file. Spark gets
//! the paths of the other files and reads their rows. Files with different columns get separate views, because a column may be a
//! number in one and a text in another. Usually there is one view.

use std::collections::BTreeSet;
use std::fmt;
use std::path::absolute;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, Schema, TimeUnit};
use futures::future::{BoxFuture, FutureExt as _};
use modelwatch_drift_job::engine::{Engine, EngineError, LeftOutFile, Reason, WindowCounts, WindowQuery};
use modelwatch_drift_job::{PredictionLog, TableColumns, WindowFile, WindowFiles};
use modelwatch_log_format::columns::TIME;
use percent_encoding::percent_decode_str;

use super::fault::{Fault, FaultKind};
use super::session::SparkSession;
use crate::access::Access;
use crate::answer::Answer;
use crate::asking::asked;
use crate::dialect::Dialect;
use crate::kind::{TimeKind, time_kind};
use crate::statement::Statement;
use crate::stop::Stop;
use crate::table::TableShape;

/// The most attempts at a window whose files change while they are counted.
const MOST_LOOKS: usize = 5;
/// The most files to leave out because reading them fails. Each costs one failed count of the window.
const MOST_BROKEN: usize = 8;

/// A prediction log whose rows Apache Spark counts, for logs that outgrow one machine. Start with [`new`](Self::new).
///
/// This machine lists the folders of a window's hours and reads the footers of their files. Spark's executors read the rows. All
/// of them must see the log: in a bucket, or in a folder with the same path on every machine.
/// # Example: what a log is called in reports
///
/// ```
/// use modelwatch_warehouse::{Access, SparkLog};
///
/// let log = SparkLog::new("s3://predictions/log", Access::Variable("SPARK_REMOTE".to_owned()));
/// assert_eq!(log.to_string(), "the prediction log s3://predictions/log in Spark");
/// ```
#[derive(Clone, Debug)]
pub struct SparkLog {
    log: String,
    seen_by_spark: Option<String>,
    access: Access,
    timeout: Duration,
}

impl SparkLog {
    /// Takes the path or URL of a log's root, and the source of Spark Connect's address, `sc://host:15002`.
    pub fn new(log: impl Into<String>, access: Access) -> Self {
        Self {
            log: log.into(),
            seen_by_spark: None,
            access,
            timeout: Duration::from_secs(300),
        }
    }

    /// Sets Spark's address of the log's root. Defaults to the same root, with a path as `file:///…` and `s3://…` as `s3a://…`.
    #[must_use]
    pub fn seen_by_spark(mut self, root: impl Into<String>) -> Self {
        self.seen_by_spark = Some(root.into());
        self
    }

    /// Sets how long a window may take, before it is given up and cancelled in Spark. Defaults to 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn failed(&self, problem: impl Into<String>) -> EngineError {
        EngineError::Store {
            address: self.to_string(),
            problem: problem.into(),
        }
    }

    /// Returns Spark's address of the root.
    fn root(&self) -> Result<String, EngineError> {
        if let Some(root) = &self.seen_by_spark {
            return Ok(root.trim_end_matches('/').to_owned());
        }
        let root = match self.log.split_once("://") {
            None => {
                let path = absolute(&self.log).map_err(|error| self.failed(format!("is no path: {error}")))?;
                format!("file://{}", path.display())
            }
            Some(("s3", rest)) => format!("s3a://{rest}"),
            Some(("az" | "azure" | "abfs" | "adl", _)) => {
                return Err(self.failed(
                    "has another address in Spark; give it with log = \"abfss://container@account.dfs.core.windows.net/…\" in \
                     [models.drift.spark]",
                ));
            }
            Some(_) => self.log.clone(),
        };
        Ok(root.trim_end_matches('/').to_owned())
    }

    /// A file's address for people.
    fn address(&self, file: &WindowFile) -> String {
        format!("{}/{}", self.log.trim_end_matches('/'), file.path)
    }

    /// Finds the files that Spark can read, and the reasons why it can't read the others.
    async fn look(&self, log: &PredictionLog, query: &WindowQuery) -> Result<WindowFiles, EngineError> {
        let mut found = log.files(&query.model, query.window).await?;
        let files = std::mem::take(&mut found.files);
        let (hidden, files) = files.into_iter().partition(|file| is_hidden_from_spark(&file.path));
        found.files = files;
        let hidden: Vec<WindowFile> = hidden;
        found.left_out.files.extend(hidden.iter().map(|file| LeftOutFile {
            file: self.address(file),
            reason: Reason::Unreadable,
            problem: "has a name that Spark passes over in silence; rename it so that it does not begin with _".into(),
            rows: Some(file.rows),
        }));
        Ok(found)
    }

    async fn count_window(&self, query: &WindowQuery) -> Result<WindowCounts, EngineError> {
        let begun = Instant::now();
        let root = self.root()?;
        let log = PredictionLog::open(&self.log)?;
        let mut found = self.look(&log, query).await?;
        let mut broken: Vec<LeftOutFile> = Vec::new();
        let mut looks = 1;
        loop {
            let is_broken = |file: &WindowFile| broken.iter().any(|left| left.file == self.address(file));
            found.files.retain(|file| !is_broken(file));
            let files = Arc::new(found.files.clone());
            let asking = Asking {
                log: self.clone(),
                root: root.clone(),
                files: files.clone(),
                query: query.clone(),
            };
            let left = self.timeout.saturating_sub(begun.elapsed());
            let counted = match files.is_empty() {
                // An empty window needs no Spark.
                true => Ok(Answer::new(query).into_counts()),
                false => asked(left, move |stop| asking.count(stop)).await.map_err(|unasked| {
                    let advice = "give Spark more executors, or this model a shorter window or a longer timeout; what is compacted \
                                  with `modelwatch log compact` is read in less time";
                    self.failed(unasked.problem(self.timeout, advice))
                })?,
            };
            let trouble = match counted {
                Ok(counts) => return Ok(finished(counts, found, broken)),
                Err(trouble) => trouble,
            };
            match trouble.kind {
                FaultKind::NoFile if looks < MOST_LOOKS => {
                    found = self.look(&log, query).await?;
                    looks += 1;
                    let there: BTreeSet<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
                    if files.iter().all(|file| there.contains(file.path.as_str())) {
                        return Err(self.failed(format!(
                            "can't be counted: Spark does not see a file that is there: {}; put the log where every executor has it \
                             at {root}, or say what Spark calls it with log = in [models.drift.spark]",
                            trouble.problem
                        )));
                    }
                }
                FaultKind::BrokenFile if broken.len() < MOST_BROKEN => {
                    let Some(file) = files.iter().find(|file| trouble.is_about(file)) else {
                        return Err(self.failed(format!("can't be counted: {}", trouble.problem)));
                    };
                    broken.push(LeftOutFile {
                        file: self.address(file),
                        reason: Reason::Broken,
                        problem: format!("breaks while it is read: {}", trouble.problem),
                        rows: Some(file.rows),
                    });
                }
                FaultKind::Refused | FaultKind::Unreachable => return Err(self.failed(trouble.problem)),
                _ => return Err(self.failed(format!("can't be counted: {}", trouble.problem))),
            }
        }
    }
}

/// Whether Spark silently skips a file with this name.
fn is_hidden_from_spark(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with('_') && !name.contains('=') || name.ends_with("._COPYING_")
}

/// Combines the counts with the files that were left out.
fn finished(mut counts: WindowCounts, found: WindowFiles, broken: Vec<LeftOutFile>) -> WindowCounts {
    let without_time = counts.left_out.rows_without_time;
    counts.files = found.files.len();
    counts.looked = found.looked;
    counts.left_out = found.left_out;
    counts.left_out.rows_without_time = without_time;
    counts.left_out.files.extend(broken);
    let files = &mut counts.left_out.files;
    files.sort_by(|one, other| one.file.cmp(&other.file));
    counts
}

/// Why files were not counted.
struct Trouble {
    kind: FaultKind,
    /// The problem in one line, without a secret.
    problem: String,
    /// Spark's own message.
    said: String,
}

impl Trouble {
    /// Whether the message names this file, as a URL or as a path.
    fn is_about(&self, file: &WindowFile) -> bool {
        let decoded = percent_decode_str(&self.said).decode_utf8_lossy();
        self.said.contains(&file.path) || decoded.contains(&file.path)
    }
}

/// The files that a thread counts.
struct Asking {
    log: SparkLog,
    root: String,
    files: Arc<Vec<WindowFile>>,
    query: WindowQuery,
}

impl Asking {
    /// Counts the files. Blocks while Spark works.
    fn count(&self, stop: &Stop) -> Result<WindowCounts, Trouble> {
        let session = SparkSession::open(&self.log.access, self.log.timeout).map_err(|problem| Trouble {
            kind: FaultKind::Unreachable,
            said: problem.clone(),
            problem,
        })?;
        let trouble = |fault: Fault| Trouble {
            kind: fault.kind,
            problem: session.said(&fault),
            said: fault.said,
        };
        session.tell_case_apart(self.log.timeout).map_err(trouble)?;
        let columns = TableColumns::default();
        let mut answer = Answer::new(&self.query);
        for (place, (schema, paths)) in by_columns(&self.files).into_iter().enumerate() {
            let view = format!("mw_log_{place}");
            let paths = paths.iter().map(|path| format!("{}/{path}", self.root)).collect();
            session.view(&view, paths, stop).map_err(trouble)?;
            let time = self.time(&session, &view, schema, stop).map_err(trouble)?;
            let shape = TableShape::of_files(Dialect::Spark, &view, schema, time);
            let statement = Statement::new(&self.query, &shape, &columns);
            answer.begin(&statement.branches, &shape, &columns);
            session
                .ask(&statement.sql, stop, &mut |_| (), &mut |batch| answer.add(batch))
                .map_err(trouble)?;
        }
        Ok(answer.into_counts())
    }

    /// Spark's type of the time column: it reads nanoseconds as integers or, in an old file, as instants.
    fn time(&self, session: &SparkSession, view: &str, schema: &Schema, stop: &Stop) -> Result<TimeKind, Fault> {
        let no_time = || Fault::other(format!("has no times in the column {TIME:?}"));
        let has = schema.field_with_name(TIME).map_err(|_| no_time())?.data_type().clone();
        if !matches!(has, DataType::Timestamp(TimeUnit::Nanosecond, _)) {
            return time_kind(&has).ok_or_else(no_time);
        }
        let sql = format!(
            "SELECT s.{} FROM {} AS s WHERE 1 = 0",
            Dialect::Spark.quoted(TIME),
            Dialect::Spark.quoted(view)
        );
        let mut kind = None;
        let mut take = |schema: &Schema| {
            kind = schema.fields().first().and_then(|field| match field.data_type() {
                DataType::Int64 => Some(TimeKind::Nanoseconds),
                other => time_kind(other),
            });
        };
        session.ask(&sql, stop, &mut take, &mut |_| Ok(()))?;
        kind.ok_or_else(no_time)
    }
}

/// Groups files by their columns, in the order of each group's first file.
fn by_columns(files: &[WindowFile]) -> Vec<(&Schema, Vec<&str>)> {
    let mut groups: Vec<(&Schema, Vec<&str>)> = Vec::new();
    for file in files {
        let path = file.path.as_str();
        match groups.iter_mut().find(|(schema, _)| is_same(schema, &file.schema)) {
            Some((_, paths)) => paths.push(path),
            None => groups.push((&file.schema, vec![path])),
        }
    }
    groups
}

/// Whether two files have the same columns, in any order and with any metadata.
fn is_same(one: &Schema, other: &Schema) -> bool {
    let same = |field: &arrow::datatypes::FieldRef| {
        other
            .field_with_name(field.name())
            .is_ok_and(|same| same.data_type() == field.data_type())
    };
    one.fields().len() == other.fields().len() && one.fields().iter().all(same)
}

impl Engine for SparkLog {
    fn count<'a>(&'a self, query: &'a WindowQuery) -> BoxFuture<'a, Result<WindowCounts, EngineError>> {
        self.count_window(query).boxed()
    }
}

/// Shows the log's address and that Spark counts it, never how to reach Spark.
impl fmt::Display for SparkLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the prediction log {} in Spark", self.log)
    }
}
