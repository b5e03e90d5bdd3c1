//! `modelwatch triage` on the drill's worlds: it names the guilty release first, says when there is none, and accuses no other.
//!
//! The answer is asked for when a message would have been read, without the alert's labels.

use std::collections::BTreeMap;

use modelwatch_drill::incident::{Half, Incident, builtin, quiet, read};
use modelwatch_drill::scene::Scene;
use modelwatch_drill::world::{Series, Settings, World};
use modelwatch_triage::source::{Question, Reading, Row, Source, SourceError};
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Released, Report, Subject, triage};

use crate::fixture::scene;

/// When worlds begin, in seconds since the epoch.
const BEGINS: i64 = 1_780_272_000;
/// Prometheus looks back so far for a sample, in seconds.
const LOOKBACK: i64 = 300;

/// A world as a source.
struct WorldSource(World);

impl WorldSource {
    /// The scrape at or before a time.
    fn scrape(&self, time: i64) -> Option<usize> {
        let scrape = usize::try_from((time - BEGINS).div_euclid(i64::from(self.0.step))).ok()?;
        Some(scrape.min((self.0.end / self.0.step) as usize))
    }

    /// How much a counter grew between two times; nothing without two samples.
    fn increase(&self, series: &Series, from: i64, to: i64) -> Option<f64> {
        let samples = series.samples.get(self.scrape(from)?..=self.scrape(to)?)?;
        let known: Vec<_> = samples.iter().flatten().collect();
        let grown = known
            .windows(2)
            .map(|two| if two[1] < two[0] { *two[1] } else { two[1] - two[0] });
        (known.len() > 1).then(|| grown.sum())
    }

    fn value(&self, series: &Series, at: i64) -> Option<f64> {
        let last = self.scrape(at)?;
        let first = self.scrape(at - LOOKBACK).unwrap_or(0);
        let mut samples = series.samples.get(first..=last)?.iter().rev();
        // A series that ended is marked by Prometheus, so its last value does not linger.
        let value = (*samples.next()?)?;
        let is_time = series.name.ends_with("_timestamp_seconds") || series.name == "process_start_time_seconds";
        Some(if is_time { value + BEGINS as f64 } else { value })
    }
}

impl Source for WorldSource {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        let mut rows: BTreeMap<BTreeMap<String, String>, Vec<Option<f64>>> = BTreeMap::new();
        for series in &self.0.series {
            let label = |name: &String| series.labels.get(name).cloned().unwrap_or_default();
            let wanted = series.name == question.metric
                && question.only.iter().all(|(name, values)| values.contains(&label(name)));
            if !wanted {
                continue;
            }
            let labels = question.by.iter().map(|name| (name.clone(), label(name)));
            let labels = labels.filter(|(_, value)| !value.is_empty()).collect();
            let values = rows.entry(labels).or_insert_with(|| vec![None; question.grid.steps]);
            for (step, value) in values.iter_mut().enumerate() {
                let (from, to) = (question.grid.begins(step), question.grid.begins(step + 1));
                let (own, join): (_, fn(f64, f64) -> f64) = match question.reading {
                    Reading::Increase => (self.increase(series, from, to), |one, other| one + other),
                    Reading::Highest => (self.value(series, to), f64::max),
                };
                *value = match (*value, own) {
                    (Some(one), Some(other)) => Some(join(one, other)),
                    (one, other) => one.or(other),
                };
            }
        }
        let rows = rows
            .into_iter()
            .filter(|(_, values)| values.iter().any(Option::is_some));
        Ok(rows.map(|(labels, values)| Row { labels, values }).collect())
    }
}

/// The answer some minutes after the onset: when a message would have been read.
fn triaged(scene: &Scene, incident: &Incident) -> Report {
    let world = World::new(&scene.with_all_of(incident), incident, &Settings::default());
    let after = if incident.minutes > 40 {
        world.end
    } else {
        world.onset + 12 * 60
    };
    let subject = Subject::model(&scene.hero.model.name, BEGINS + i64::from(after));
    triage(&WorldSource(world), None, &scene.config, &subject).unwrap_or_else(|error| panic!("{error}"))
}

fn suspects(report: &Report) -> Vec<&str> {
    report.suspects().map(|judged| judged.release.name.as_str()).collect()
}

/// What triage says of incidents: those that it misses, and those in which it accuses another.
#[derive(Default)]
struct Judged {
    missed: Vec<String>,
    accused: Vec<String>,
    /// With and without a guilty release, in the tuning half and in the held-out one.
    counts: [[usize; 2]; 2],
}

impl Judged {
    fn judge(&mut self, scene: &Scene, incident: &Incident) {
        let report = triaged(scene, incident);
        let suspects = suspects(&report);
        let expected = incident
            .expected
            .as_ref()
            .and_then(|expected| expected.change.as_deref());
        let right = match expected {
            Some(release) => suspects.first() == Some(&release),
            None => matches!(report.released, Released::Nothing { .. }),
        };
        self.counts[usize::from(incident.half == Half::HeldOut)][usize::from(expected.is_none())] += 1;
        if !right {
            self.missed.push(format!("{}\n{}", incident.name, text(&report)));
        }
        if suspects.iter().any(|suspect| Some(*suspect) != expected) {
            let name = &incident.name;
            self.accused.push(format!("{name}: {suspects:?}\n{}", text(&report)));
        }
    }

    fn assert_right(&self) {
        assert!(self.accused.is_empty(), "{}", self.accused.join("\n"));
        assert!(self.missed.is_empty(), "{}", self.missed.join("\n"));
    }
}

#[test]
fn names_the_guilty_release_first_and_accuses_no_other() {
    let scene = scene();
    let mut judged = Judged::default();
    for incident in builtin::incidents(&scene).into_iter().map(Result::unwrap) {
        judged.judge(&scene, &incident);
    }
    judged.assert_right();
    assert_eq!(judged.counts, [[9, 15], [10, 14]]);
}

/// Incidents that neither the rules nor triage were made with, read as a user's own are.
#[test]
fn names_the_guilty_release_of_incidents_it_was_not_made_with() {
    let scene = scene();
    let text = include_str!("../data/unseen.toml");
    let mut judged = Judged::default();
    for incident in read::incidents("unseen.toml", text, &scene).unwrap() {
        judged.judge(&scene, &incident);
    }
    judged.assert_right();
}

#[test]
fn accuses_nobody_on_a_quiet_stretch() {
    let scene = scene();
    for stretch in quiet::stretches(&scene).into_iter().map(Result::unwrap) {
        let report = triaged(&scene, &stretch);
        assert!(suspects(&report).is_empty(), "{}: {}", stretch.name, text(&report));
    }
}
