//! Incidents: their worlds through promtool, their alerts to their receivers.

use std::fs;
use std::path::{Path, PathBuf};

use modelwatch_drill::incident::Incident;
use modelwatch_drill::notification::{Clock, Configuration, messages};
use modelwatch_drill::outcome::Outcome;
use modelwatch_drill::rehearsal::{Evaluation, Rehearsal, RehearsalFiles, files};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::world::{Settings, World};
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use tempfile::TempDir;

use super::arguments::Drill;
use super::batches::Batch;
use super::interrupted::remove_at_a_signal;
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
        let promtool = Promtool::new(&command.promtool, folder.path())?;
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

    /// Rehearses the incidents of a batch, and says of each how it went as soon as that is known.
    pub(super) fn rehearse(&self, batch: &Batch<'_>, done: &impl Fn(usize, Result<Outcome, Failure>)) {
        let together = self.together(batch).transpose();
        if let Some(outcomes) = together {
            match outcomes {
                Ok(outcomes) => {
                    let indices = batch.iter().map(|(index, _)| *index);
                    indices
                        .zip(outcomes)
                        .for_each(|(index, outcome)| done(index, Ok(outcome)));
                }
                Err(failure) => {
                    if let Some((index, _)) = batch.first() {
                        done(*index, Err(failure));
                    }
                }
            }
            return;
        }
        for (index, incident) in batch {
            let rehearsed = self.alone(incident);
            let has_failed = rehearsed.is_err();
            done(*index, rehearsed);
            if has_failed {
                return;
            }
        }
    }

    /// Rehearses several incidents in one run of promtool. `None` where each needs a run of its own: there is only one, their worlds can't be
    /// told apart, or promtool does not answer, and each alone shows of which.
    fn together(&self, batch: &Batch<'_>) -> Result<Option<Vec<Outcome>>, Failure> {
        let [(_, first), _, ..] = &batch[..] else {
            return Ok(None);
        };
        let worlds: Vec<_> = batch.iter().map(|(_, incident)| self.world(incident)).collect();
        let name = format!("{}-and-others", first.name);
        let together = self.files.together(&name, &worlds, WARM_UP);
        let Some(together) = together.map_err(|error| unwritten(&first.name, &error))? else {
            return Ok(None);
        };
        let said = self.ask(&name, &together.rehearsal)?;
        let Ok(evaluations) = together.alerts(&said) else {
            return Ok(None);
        };
        let parts = batch.iter().zip(&worlds).zip(&evaluations);
        let outcomes = parts.map(|(((_, incident), world), evaluations)| self.outcome(incident, world, evaluations));
        outcomes.collect::<Result<_, _>>().map(Some)
    }

    fn alone(&self, incident: &Incident) -> Result<Outcome, Failure> {
        let world = self.world(incident);
        let name = &incident.name;
        let rehearsal = self.files.of(name, &world, world.begins + WARM_UP);
        let rehearsal = rehearsal.map_err(|error| unwritten(name, &error))?;
        let said = self.ask(name, &rehearsal)?;
        let evaluations = rehearsal.alerts(&said);
        let evaluations = evaluations.map_err(|error| Failure::new(format!("{name}: {error}")))?;
        self.outcome(incident, &world, &evaluations)
    }

    fn world(&self, incident: &Incident) -> World {
        World::new(&self.scene.with_all_of(incident), incident, &self.settings)
    }

    /// What promtool says of the files of a rehearsal.
    fn ask(&self, name: &str, rehearsal: &Rehearsal) -> Result<String, Failure> {
        let (rules, contents) = &rehearsal.rules;
        let rules = self.folder.write(rules, contents)?;
        let file = self.folder.write(&format!("{name}.json"), &rehearsal.test)?;
        let said = self.promtool.test(&file)?;
        if let Folder::Kept(_) = self.folder {
            self.folder.write(&format!("{name}.txt"), &said)?;
        } else {
            let _ = fs::remove_file(&file);
            let _ = fs::remove_file(&rules);
        }
        Ok(said)
    }

    /// Who hears what of the alerts of an incident.
    fn outcome(&self, incident: &Incident, world: &World, evaluations: &[Evaluation]) -> Result<Outcome, Failure> {
        for alert in evaluations.iter().flat_map(|evaluation| &evaluation.firing) {
            self.amtool.agrees(&self.configuration, &alert.labels)?;
        }
        let clock = Clock::new(world.onset, incident.night);
        let messages = messages(&self.configuration, clock, evaluations);
        Ok(Outcome::new(self.scene, incident, world.onset, &messages))
    }
}

fn unwritten(name: &str, error: &serde_json::Error) -> Failure {
    Failure::new(format!(
        "{name}: {error}; this is a fault of modelwatch: please report it"
    ))
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
            None => {
                let made = TempDir::with_prefix("modelwatch-drill-").and_then(|folder| {
                    remove_at_a_signal(folder.path())?;
                    Ok(Self::Temporary(folder))
                });
                made.map_err(|error| Failure::new(format!("no temporary folder: {error}; name one with --keep")))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }

    fn write(&self, name: &str, contents: &str) -> Result<PathBuf, Failure> {
        let path = self.path().join(name);
        match fs::write(&path, contents) {
            Ok(()) => Ok(path),
            Err(error) => Err(Failure::new(format!(
                "{}: can't be written: {error}; name a folder with room in it with --keep",
                path.display()
            ))),
        }
    }
}
