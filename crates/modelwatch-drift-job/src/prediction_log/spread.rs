//! Selects some of a window's rows, spread over it, for callers that need an answer soon.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_log_format::files;
use object_store::ObjectMeta;

use super::footer::LogFile;
use crate::time_window::TimeWindow;

/// The maximum number of files to open.
const MOST_FILES: usize = 256;
/// A row may be in a file that was begun this long before or after it.
const APART: TimeDelta = TimeDelta::minutes(15);

/// Of very many files, selects those begun about the time of the window, by their names, and of these every n-th.
pub(super) fn some_files(mut objects: Vec<ObjectMeta>, window: Option<TimeWindow>) -> Vec<ObjectMeta> {
    if objects.len() <= MOST_FILES {
        return objects;
    }
    let prefix = |time: Option<DateTime<Utc>>| time.map(|time| files::begun_prefix(time.into()));
    let about = window.and_then(|window| {
        let first = prefix(window.start().checked_sub_signed(APART))?;
        Some(first..=prefix(window.end().checked_add_signed(APART))?)
    });
    if let Some(about) = about {
        let is_about = |object: &ObjectMeta| {
            let name = object.location.filename().unwrap_or_default();
            // Names given by others say nothing about time.
            !files::is_name(name) || about.contains(&name[..about.start().len()].to_owned())
        };
        objects.retain(is_about);
    }
    let every = objects.len().div_ceil(MOST_FILES).max(1);
    objects.into_iter().step_by(every).collect()
}

/// Selects row groups with about this many rows, spread over the files in their order; at least one.
pub(super) fn some_groups(files: Vec<Arc<LogFile>>, most: u64) -> Vec<Arc<LogFile>> {
    let rows = |file: &LogFile, group: usize| file.footer.metadata().row_group(group).num_rows().unsigned_abs();
    let of_file = |file: &Arc<LogFile>| file.groups.iter().map(|group| rows(file, *group)).sum::<u64>();
    let all: u64 = files.iter().map(of_file).sum();
    if all <= most {
        return files;
    }
    let share = most as f64 / all as f64;
    let (mut owed, mut any) = (0.0, false);
    let last = files.iter().rposition(|file| !file.groups.is_empty());
    let some = files.iter().enumerate().filter_map(|(place, file)| {
        let mut groups = Vec::new();
        for (position, &group) in file.groups.iter().enumerate() {
            let rows = rows(file, group) as f64;
            owed += share * rows;
            let is_last = Some(place) == last && position + 1 == file.groups.len();
            if owed >= rows || is_last && !any {
                owed -= rows;
                any = true;
                groups.push(group);
            }
        }
        (!groups.is_empty()).then(|| {
            Arc::new(LogFile {
                groups,
                ..LogFile::clone(file)
            })
        })
    });
    some.collect()
}
