//! One incident: its world through promtool, its alerts to their receivers.

use std::fs;
use std::path::PathBuf;

use modelwatch_drill::incident::Incident;
use modelwatch_drill::notification::{Clock, Configuration, messages};
use modelwatch_drill::outcome::Outcome;
use modelwatch_drill::rehearsal::{RehearsalFiles, alerts, files};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::world::{Settings, World};
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use tempfile::TempDir;

use super::arguments::Drill;
use super::tools::{Amtool, Promtool};
use crate::failure::Failure;

/// What all rehearsals share.
pub(super) struct Stage<'a> {
    scene: &'a Scene,
    settings: Settings,
    files: RehearsalFiles,
    configuration: Configuration,
    folder: Folder,
    promtool: Promtool,
    amtool: Amtool,
}

/// A folder of the reader's, or one that goes when all is done.
enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

/// Rules that look back find nothing in the first minutes; what fires in them says nothing.
const WARM_UP: u32 = 20 * 60;

impl<'a> Stage<'a> {
    pub(super) fn new(command: &Drill, scene: &'a Scene) -> Result<Self, Failure> {
        let files = files(&scene.config).map_err(Failure::new)?;
        let generated = modelwatch_stack::generate(&scene.config).map_err(Failure::new)?;
        let routing = generated.iter().find(|file| file.path == ALERTMANAGER_FILE);
        let routing = routing.map_or("", |file| file.contents.as_str());
        let configuration = Configuration::parse(routing).map_err(Failure::new)?;
        let folder = Folder::new(command.keep.clone())?;
        let promtool = Promtool::new(&command.promtool)?;
        let amtool = Amtool::new(&command.amtool, folder.write("alertmanager.yml", routing)?)?;
        Ok(Self {
            scene,
            settings: Settings::new(command.history, command.seed),
            files,
            configuration,
            promtool,
            amtool,
            folder,
        })
    }

    pub(super) fn rehearse(&self, incident: &Incident) -> Result<Outcome, Failure> {
        let world = World::new(&self.scene.with_all_of(incident), incident, &self.settings);
        let name = &incident.name;
        let rehearsal = self.files.of(name, &world, world.begins + WARM_UP).map_err(|error| {
            Failure::new(format!(
                "{name}: {error}; this is a fault of modelwatch: please report it"
            ))
        })?;
        let (rules, contents) = &rehearsal.rules;
        let rules = self.folder.write(rules, contents)?;
        let file = self.folder.write(&format!("{name}.json"), &rehearsal.test)?;
        let said = self.promtool.test(&file)?;
        if let Folder::Kept(_) = self.folder {
            self.folder.write(&format!("{}.txt", incident.name), &said)?;
        } else {
            let _ = fs::remove_file(&file);
            let _ = fs::remove_file(&rules);
        }
        let evaluations = alerts(&said).map_err(|error| Failure::new(format!("{}: {error}", incident.name)))?;
        for alert in evaluations.iter().flat_map(|evaluation| &evaluation.firing) {
            self.amtool.agrees(&self.configuration, &alert.labels)?;
        }
        let clock = Clock::new(world.onset, incident.night);
        let messages = messages(&self.configuration, clock, &evaluations);
        Ok(Outcome::new(self.scene, incident, world.onset, &messages))
    }
}

impl Folder {
    fn new(kept: Option<PathBuf>) -> Result<Self, Failure> {
        match kept {
            Some(folder) => {
                fs::create_dir_all(&folder).map_err(|error| {
                    Failure::new(format!(
                        "{}: can't be made: {error}; name a folder you may write to with --keep",
                        folder.display()
                    ))
                })?;
                Ok(Self::Kept(folder))
            }
            None => TempDir::with_prefix("modelwatch-drill-")
                .map(Self::Temporary)
                .map_err(|error| Failure::new(format!("no temporary folder: {error}; name one with --keep"))),
        }
    }

    fn write(&self, name: &str, contents: &str) -> Result<PathBuf, Failure> {
        let folder = match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        };
        let path = folder.join(name);
        match fs::write(&path, contents) {
            Ok(()) => Ok(path),
            Err(error) => Err(Failure::new(format!(
                "{}: can't be written: {error}; name a folder with room in it with --keep",
                path.display()
            ))),
        }
    }
}
