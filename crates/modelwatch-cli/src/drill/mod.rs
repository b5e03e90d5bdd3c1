//! `modelwatch drill`: who would hear what of an incident, and when.

mod arguments;
mod batches;
mod cast;
mod interrupted;
mod rehearse;
mod tools;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use modelwatch_drill::incident::Incident;
use modelwatch_drill::incident::builtin::NoRoom;
use modelwatch_drill::outcome::{Outcome, Summary};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::table;

pub(crate) use self::arguments::Drill;
use self::batches::{alone, batches};
use self::cast::cast;
use self::rehearse::Stage;
use crate::failure::Failure;
use crate::progress::{Progress, Step};
use crate::terminal::say;

pub(crate) fn run(command: &Drill) -> Result<(), Failure> {
    let config = command.config.load()?;
    let scene = Scene::new(&config, command.model.as_deref())
        .map_err(|error| Failure::new(format!("{}: {error}", command.config.path().display())))?;
    let (incidents, left_out) = cast(command, &scene)?;
    if command.list {
        list(command, &incidents, &left_out);
        return Ok(());
    }
    let stage = Stage::new(command, &scene)?;
    let jobs = command
        .jobs
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    // The files that are kept are those of one incident each.
    let batches = if command.keep.is_some() {
        alone(&incidents)
    } else {
        batches(&incidents, jobs)
    };
    let next = AtomicUsize::new(0);
    let progress = Mutex::new((0, Progress::new()));
    let outcomes: Vec<Mutex<Option<Result<Outcome, Failure>>>> = incidents.iter().map(|_| Mutex::new(None)).collect();
    let done = |index: usize, rehearsed: Result<Outcome, Failure>| {
        let (Some(incident), Some(outcome)) = (incidents.get(index), outcomes.get(index)) else {
            return;
        };
        if rehearsed.is_err() {
            // One that fails is likely to be followed by all the others.
            next.store(batches.len(), Ordering::Relaxed);
        } else {
            let (done, progress) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            progress.tell(&Rehearsed {
                name: &incident.name,
                done: *done,
                of: incidents.len(),
            });
        }
        *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(rehearsed);
    };
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, batches.len().max(1)) {
            scope.spawn(|| {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    stage.rehearse(batch, &done);
                }
            });
        }
    });
    let (_, progress) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end();
    let outcomes = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.into_inner().unwrap_or_else(PoisonError::into_inner));
    let outcomes: Vec<_> = outcomes.collect::<Result<_, _>>()?;
    if command.json {
        let summaries = Summary::of_halves(&outcomes);
        say(serde_json::json!({ "outcomes": outcomes, "summaries": summaries, "left_out": named(&left_out) }));
        return Ok(());
    }
    say(table::text(&outcomes));
    if command.messages {
        say(table::messages(&outcomes));
    }
    for left_out in left_out {
        say(format_args!(
            "left out {}: the configuration has no {}",
            left_out.name,
            left_out.lacks.trim_start_matches("a ")
        ));
    }
    Ok(())
}

/// How many incidents are rehearsed, and the last of them.
struct Rehearsed<'a> {
    name: &'a str,
    done: usize,
    of: usize,
}

impl Step for Rehearsed<'_> {
    fn text(&self) -> Option<String> {
        Some(format!(
            "{} of {} incidents rehearsed: {}",
            self.done, self.of, self.name
        ))
    }
}

/// Says what there is to rehearse.
fn list(command: &Drill, incidents: &[Incident], left_out: &[NoRoom]) {
    if command.json {
        let incidents: Vec<_> = incidents
            .iter()
            .map(|incident| {
                serde_json::json!({
                    "incident": incident.name,
                    "about": incident.about,
                    "half": incident.half.name(),
                    "quiet": incident.expected.is_none(),
                })
            })
            .collect();
        say(serde_json::json!({ "incidents": incidents, "left_out": named(left_out) }));
        return;
    }
    for incident in incidents {
        say(format_args!("{}: {}", incident.name, incident.about));
    }
}

/// Each incident that the configuration has no room for, with what it lacks.
fn named(left_out: &[NoRoom]) -> Vec<(&str, &str)> {
    let pairs = left_out.iter().map(|left_out| (left_out.name.as_str(), left_out.lacks));
    pairs.collect()
}
