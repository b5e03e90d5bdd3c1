//! `modelwatch drill`: who would hear what of an incident, and when.

mod arguments;
mod cast;
mod rehearse;
mod tools;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use modelwatch_drill::outcome::{Outcome, Summary};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::table;

pub(crate) use self::arguments::Drill;
use self::cast::cast;
use self::rehearse::Stage;
use crate::failure::Failure;
use crate::terminal::say;

pub(crate) fn run(command: &Drill) -> Result<(), Failure> {
    let config = command.config.load()?;
    let scene = Scene::new(&config, command.model.as_deref())
        .map_err(|error| Failure::new(format!("{}: {error}", command.config.path().display())))?;
    let (incidents, left_out) = cast(command, &scene)?;
    if command.list {
        for incident in &incidents {
            say(format_args!("{}: {}", incident.name, incident.about));
        }
        return Ok(());
    }
    let stage = Stage::new(command, &scene)?;
    let jobs = command
        .jobs
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Result<Outcome, Failure>>>> = incidents.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, incidents.len().max(1)) {
            scope.spawn(|| {
                while let Some((incident, outcome)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    incidents.get(index).zip(outcomes.get(index))
                } {
                    let rehearsed = stage.rehearse(incident);
                    if rehearsed.is_err() {
                        // One that fails is likely to be followed by all the others.
                        next.store(incidents.len(), Ordering::Relaxed);
                    }
                    *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(rehearsed);
                }
            });
        }
    });
    let outcomes = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.into_inner().unwrap_or_else(PoisonError::into_inner));
    let outcomes: Vec<_> = outcomes.collect::<Result<_, _>>()?;
    if command.json {
        let summaries = Summary::of_halves(&outcomes);
        let left_out: Vec<_> = left_out
            .iter()
            .map(|left_out| (&left_out.name, left_out.lacks))
            .collect();
        say(serde_json::json!({ "outcomes": outcomes, "summaries": summaries, "left_out": left_out }));
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
