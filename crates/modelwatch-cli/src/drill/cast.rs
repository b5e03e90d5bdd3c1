//! Which incidents are rehearsed.

use std::fs;

use modelwatch_drill::incident::builtin::{NoRoom, incidents};
use modelwatch_drill::incident::{Half, Incident, quiet, read};
use modelwatch_drill::scene::Scene;

use super::arguments::Drill;
use crate::failure::Failure;

/// The incidents that were asked for, and those that the configuration has no room for.
pub(super) fn cast(command: &Drill, scene: &Scene) -> Result<(Vec<Incident>, Vec<NoRoom>), Failure> {
    let mut cast = Vec::new();
    let mut left_out = Vec::new();
    for one in incidents(scene).into_iter().chain(quiet::stretches(scene)) {
        match one {
            Ok(incident) => cast.push(incident),
            Err(no_room) => left_out.push(no_room),
        }
    }
    if command.held_out {
        cast.retain(|incident| incident.half == Half::HeldOut);
    }
    let mut own = Vec::new();
    for file in &command.file {
        let shown = file.display().to_string();
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::new(format!(
                "{shown}: can't be read: {error}; name a file of incidents with --file"
            ))
        })?;
        for incident in read::incidents(&shown, &text, scene).map_err(Failure::new)? {
            if own.iter().any(|other: &Incident| other.name == incident.name) {
                return Err(Failure::new(format!(
                    "{shown}: there is an incident {:?} in another file; give it another name",
                    incident.name
                )));
            }
            own.push(incident);
        }
    }
    if command.incidents.is_empty() {
        return Ok(if own.is_empty() {
            (cast, left_out)
        } else {
            (own, Vec::new())
        });
    }
    cast.extend(own);
    let mut chosen = Vec::new();
    for name in &command.incidents {
        if let Some(no_room) = left_out.iter().find(|no_room| no_room.name == *name) {
            return Err(Failure::new(format!(
                "{name} needs {}; the configuration has none",
                no_room.lacks
            )));
        }
        let Some(incident) = cast.iter().find(|incident| incident.name == *name) else {
            return Err(Failure::usage(format!(
                "there is no incident {name:?}; `modelwatch drill --list` says which there are"
            )));
        };
        chosen.push(incident.clone());
    }
    Ok((chosen, Vec::new()))
}
