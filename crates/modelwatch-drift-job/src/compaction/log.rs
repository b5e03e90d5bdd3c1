//! Compacts all past hours of a log.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_log_format::folders;

use super::compacted::Compacted;
use super::entries::entries_in;
use super::error::CompactionError;
use super::hour::{self, HourFolder};

/// The lock file that keeps a second run out. It stays, and no reader opens it.
const LOCK: &str = ".modelwatch-compaction.lock";

/// Merges the files of each past hour into one. Start with [`new`](Self::new).
///
/// A run merges only files and folders named by modelwatch. Anything else in there stays as it is, and so do broken
/// files and those of another model.
/// # Example: an hour with nothing to merge, and a place that is no log
///
/// ```
/// use modelwatch_drift_job::{Compacted, Compaction, CompactionError, CompactionProgress};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir_all(folder.path().join("model=claims-risk/date=2026-04-01/hour=10"))?;
/// let compaction = Compaction::new(folder.path().display().to_string());
/// let mut steps = Vec::new();
/// let done: Compacted = compaction.run(chrono::Utc::now(), |step: &CompactionProgress| steps.push(step.clone()))?;
/// assert_eq!((done.hours, done.merged), (1, 0));
/// assert!(matches!(steps.as_slice(), [CompactionProgress::Merging { done: 0, of: 1, .. }]));
///
/// let elsewhere = Compaction::new("s3://predictions/claims-risk").run(chrono::Utc::now(), |_| {});
/// assert!(matches!(elsewhere, Err(CompactionError::NoFolder { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Compaction {
    log: String,
    closed_for: TimeDelta,
}

impl Compaction {
    /// Takes the root of a prediction log, a folder on this machine. By default, a run includes an hour once an hour
    /// has passed since its end.
    pub fn new(log: impl Into<String>) -> Self {
        Self {
            log: log.into(),
            closed_for: TimeDelta::hours(1),
        }
    }

    /// Sets how long after its end an hour counts as past. A later run merges files that arrive after that. Defaults to
    /// 1 hour.
    #[must_use]
    pub fn closed_for(mut self, closed_for: TimeDelta) -> Self {
        self.closed_for = closed_for.max(TimeDelta::zero());
        self
    }

    /// Merges the files of all hours that are past at `now`, and calls `progress` before each. Blocks.
    ///
    /// # Errors
    ///
    /// The log is not a folder on this machine, another run is working on it, or storage fails. A file that can't be
    /// merged is not an error: it stays, and the result names it.
    pub fn run(
        &self,
        now: DateTime<Utc>,
        mut progress: impl FnMut(&CompactionProgress),
    ) -> Result<Compacted, CompactionError> {
        let no_folder = || CompactionError::NoFolder { log: self.log.clone() };
        let root = match self.log.split_once("://") {
            None => PathBuf::from(&self.log),
            Some(("file", path)) => PathBuf::from(path),
            Some(_) => return Err(no_folder()),
        };
        if !root.is_dir() {
            return Err(no_folder());
        }
        let lock = root.join(LOCK);
        let locked = File::options().create(true).truncate(false).write(true).open(&lock);
        let locked = locked.map_err(CompactionError::storage(&lock, "made"))?;
        match locked.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CompactionError::Busy { log: root }),
            Err(TryLockError::Error(error)) => return Err(CompactionError::storage(&lock, "locked")(error)),
        }
        let over = now
            .checked_sub_signed(self.closed_for)
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        let last = folders::hour(over.timestamp_micros());
        let mut past = Vec::new();
        for model in folders_in(&root, folders::is_model)? {
            let Some(name) = file_name(&model).and_then(folders::model_name) else {
                continue;
            };
            for date in folders_in(&model, folders::is_date)? {
                let hours = folders_in(&date, folders::is_hour)?.into_iter();
                let hours = hours.filter(|path| hour_of(path).is_some_and(|hour| hour < last));
                past.extend(hours.map(|path| (name.clone(), path)));
            }
        }
        let mut compacted = Compacted::default();
        for (done, (model, path)) in past.iter().enumerate() {
            progress(&CompactionProgress::Merging {
                hour: path.clone(),
                done,
                of: past.len(),
            });
            compacted.hours += 1;
            hour::compact(HourFolder { path, model }, &mut compacted)?;
        }
        Ok(compacted)
    }
}

/// Reports the progress of a [`Compaction`], whose example has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompactionProgress {
    /// The files of a past hour are being merged.
    Merging {
        /// The folder of the hour.
        hour: PathBuf,
        /// The number of hours looked at so far.
        done: usize,
        /// The number of past hours.
        of: usize,
    },
}

/// Returns the hour of a folder, counted from the epoch.
fn hour_of(path: &Path) -> Option<i64> {
    let hour = file_name(path)?.strip_prefix("hour=")?;
    let date = file_name(path.parent()?)?.strip_prefix("date=")?;
    let begun = format!("{date}T{hour}:00:00Z").parse::<DateTime<Utc>>().ok()?;
    Some(folders::hour(begun.timestamp_micros()))
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Returns the folders in a folder that `is_right` accepts by name. Skips links to folders.
fn folders_in(folder: &Path, is_right: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, CompactionError> {
    entries_in(folder, |kind, name| kind.is_dir() && is_right(name))
}
