//! Several worlds in one run of promtool.

use std::collections::BTreeSet;

use super::answer::AnswerError;
use super::file::{Part, Rehearsal, RehearsalFiles};
use super::firing::Evaluation;
use super::mark::Mark;
use crate::world::World;

/// Worlds that promtool evaluates in one run, each in an environment of its own.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::Incident;
/// use modelwatch_drill::rehearsal::{Batch, files};
/// use modelwatch_drill::scene::Scene;
/// use modelwatch_drill::world::{Settings, World};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, None)?;
/// let worlds = ["one", "another"].map(|name| {
///     let mut incident = Incident::new(name, "Nothing happens.");
///     incident.minutes = 5;
///     World::new(&scene, &incident, &Settings::new(5, 0))
/// });
/// let batch: Batch = files(&scene.config)?.together("both", &worlds, 0)?.expect("the rules tell environments apart");
/// assert!(batch.rehearsal.test.contains(r#"environment=\"production_drill1_\""#));
///
/// // What promtool says of both is told apart, and is what it says of each alone.
/// let said = r#"
///     alertname: ModelwatchDrill, time: 10m,
///               Labels:{alertname="ModelwatchDrill"}
///               Annotations:{}
///     alertname: MLTrafficGone, time: 10m,
///               Labels:{alertname="MLTrafficGone", environment="production_drill1_"}
///               Annotations:{summary="It is gone, environment production_drill1_"}
/// "#;
/// let [one, another] = &batch.alerts(said)?[..] else { panic!("two worlds") };
/// assert_eq!(one[0].firing.len(), 0);
/// let alert = &another[0].firing[0];
/// assert_eq!(alert.label("environment"), "production");
/// assert_eq!(alert.annotation("summary"), "It is gone, environment production");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// The files.
    pub rehearsal: Rehearsal,
    /// The label that has a world's mark.
    identity: String,
    /// When each world ends, in seconds from the first scrape.
    ends: Vec<u32>,
    /// The alerts that fire in every world, whichever it is.
    everywhere: BTreeSet<String>,
}

impl RehearsalFiles {
    /// Makes the files of several worlds that promtool evaluates in one run, in which alerts count from so many seconds after
    /// everything is known. Each world is an environment of its own, and no rule reads across environments. So each is
    /// evaluated as it is alone, and what an evaluation costs is paid once for all of them.
    ///
    /// Returns `None` where they can't be told apart, or are not evaluated at the same times: rehearse each alone.
    ///
    /// # Errors
    ///
    /// They can't be serialised.
    pub fn together(&self, name: &str, worlds: &[World], after: u32) -> Result<Option<Batch>, serde_json::Error> {
        let (Some(identity), Some(first)) = (&self.identity, worlds.first()) else {
            return Ok(None);
        };
        let is_alike = |world: &World| (world.step, world.begins) == (first.step, first.begins);
        if !worlds.iter().all(is_alike) || !Mark::is_new(identity, &self.groups, worlds)? {
            return Ok(None);
        }
        let parts = worlds.iter().enumerate();
        let parts: Vec<_> = parts
            .map(|(index, world)| Part {
                world,
                mark: Some((identity, Mark::of(index))),
            })
            .collect();
        let rehearsal = self.write(name, &parts, first.begins, first.begins + after)?;
        let ends = worlds.iter().map(|world| world.end);
        Ok(Some(Batch {
            rehearsal,
            identity: identity.clone(),
            ends: ends.collect(),
            everywhere: self.everywhere.clone(),
        }))
    }
}

impl Batch {
    /// Reads promtool's answer: for each world what [`Rehearsal::alerts`] would read of its own answer.
    ///
    /// # Errors
    ///
    /// Those of [`Rehearsal::alerts`], or an alert fires of which it is not known where.
    pub fn alerts(&self, said: &str) -> Result<Vec<Vec<Evaluation>>, AnswerError> {
        let mut worlds: Vec<_> = self.ends.iter().map(|_| Vec::new()).collect();
        let marks: Vec<_> = (0..worlds.len()).map(Mark::of).collect();
        for Evaluation { at, firing } in self.rehearsal.alerts(said)? {
            let mut parts: Vec<_> = marks.iter().map(|_| Vec::new()).collect();
            for alert in &firing {
                let mut its = marks.iter().zip(&mut parts);
                let its = its.find(|(mark, _)| mark.is_on(alert, &self.identity));
                if let Some((part, alert)) = its.and_then(|(mark, part)| Some((part, mark.taken_off(alert)?))) {
                    part.push(alert);
                } else if self.everywhere.contains(alert.label("alertname")) {
                    parts.iter_mut().for_each(|part| part.push(alert.clone()));
                } else {
                    return Err(AnswerError::Nowhere(alert.label("alertname").to_owned()));
                }
            }
            for ((world, end), firing) in worlds.iter_mut().zip(&self.ends).zip(parts) {
                if at <= *end {
                    world.push(Evaluation::new(at, firing));
                }
            }
        }
        Ok(worlds)
    }
}
