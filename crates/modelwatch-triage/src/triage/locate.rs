//! The second round: where the trouble is, around the moment it began.

use std::collections::{BTreeMap, BTreeSet};

use modelwatch::contract;

use super::ask::{Asked, Topic, edge_labels, of_model, with_identity};
use super::report::{Finding, Place, Trouble};
use super::signal::Signal;
use super::subject::Subject;
use crate::localization::{Candidate, Localization, Settings as ScanSettings, Slice, Table, localize, slices};
use crate::onset::{Direction, Onset, Settings as OnsetSettings, Unknown};
use crate::prometheus::query;
use crate::series::{Series, Step};
use crate::source::{Grid, Question, Row, Source, SourceError, ask_all};
use crate::symptom::{Side, Symptom};
use crate::words;

/// The trouble, and the facts that only the verdicts on releases need.
pub(super) struct Located {
    pub(super) trouble: Trouble,
    /// The version that alone holds the trouble, while others have traffic and are well.
    pub(super) only_version: Option<String>,
    /// How many other models of the same job are in the same trouble, and how many have traffic.
    pub(super) neighbours: Option<(usize, usize)>,
    /// Findings made on the way, such as a stage that became slow.
    pub(super) findings: Vec<Finding>,
    /// The versions that have traffic now.
    serving: Vec<String>,
    signal: Signal,
}

impl Located {
    /// Returns the version with traffic now, if there is exactly one.
    pub(super) fn sole_version(&self) -> Option<&str> {
        match &self.serving[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// How far a value moved in the direction of the trouble.
    pub(super) fn beyond(&self, slice: &Slice) -> f64 {
        beyond(slice, self.signal.direction)
    }

    /// The value of a label that alone holds the trouble, while others have trials and are well.
    pub(super) fn only(&self, slices: &[Slice]) -> Option<String> {
        only(slices, self.signal.direction)
    }

    /// Returns the series of a version, or that of the model.
    pub(super) fn series(&self, version: Option<&str>) -> &Series {
        version
            .and_then(|version| self.signal.versions.get(version))
            .unwrap_or(&self.signal.total)
    }
}

/// Past windows before the onset.
const INTERVALS: usize = 4;
/// The longest window, in seconds.
const LONGEST_WINDOW: i64 = 600;
/// A value alone holds the trouble from this share of the excess on.
const ONLY: f64 = 0.8;
/// The share of trials that must be elsewhere to compare with.
const COMPARED: f64 = 0.005;
/// The largest p-value that is significant.
const SIGNIFICANT: f64 = 0.05;
/// Outside of the culprit, the excess per trial is at most this part of the excess inside.
const REST: f64 = 0.5;
/// The most places to return.
const PLACES: usize = 3;

pub(super) fn locate(
    source: &dyn Source,
    subject: &Subject,
    asked: &Asked,
    signal: &Signal,
    mut onset: Onset,
    mut version: Option<String>,
    unknown: &mut Vec<String>,
) -> Located {
    let symptom = &signal.symptom;
    let windows = windows(&onset, asked.grid, &signal.total);
    let (mut place, mut versions, mut routes) = (Place::Unknown, Vec::new(), Vec::new());
    let mut neighbours = None;
    let mut findings = Vec::new();
    if let Some(windows) = &windows {
        let counts = Parts::of(symptom);
        // For a share that falls, look for its deficit: an excess of all other events.
        let falls = signal.direction == Direction::Fall && *symptom != Symptom::Traffic;
        let counts = if falls { counts.inverted() } else { counts };
        let labels = counts.labels(symptom);
        match counts.table(source, subject, windows, &labels) {
            Ok(table) => {
                let settings;
                (place, settings) = scanned(&table);
                let slices = |label| {
                    let slices = slices(&table, label, &settings).into_iter();
                    slices.map(|slice| if falls { own(slice) } else { slice }).collect()
                };
                versions = slices("model_version");
                routes = slices("route");
            }
            Err(error) => unknown.push(format!("where: {error}")),
        }
        if *symptom == Symptom::Errors {
            match failing_neighbours(source, subject, windows) {
                Ok(found) => neighbours = Some(found),
                Err(error) => unknown.push(format!("other models: {error}")),
            }
        }
        if matches!(symptom, Symptom::Slow(_)) {
            match slow_stages(source, subject, windows) {
                Ok(found) => findings = found,
                Err(error) => unknown.push(format!("stages: {error}")),
            }
        }
    }
    if symptom.is_measured() {
        versions = drifting(asked, symptom);
    }
    let only_version = only(&versions, signal.direction).or_else(|| {
        version.clone().filter(|version| {
            versions
                .iter()
                .any(|slice| slice.value != *version && slice.trials > 0.0)
        })
    });
    if let Some(only) = &only_version {
        // That version alone may show the moment more sharply than the whole model does.
        let settings = OnsetSettings {
            direction: signal.direction,
            ..OnsetSettings::default()
        };
        if let sharper @ Onset::Since(_) = crate::onset::onset(&signal.of_version(only), &settings) {
            onset = sharper;
            version = Some(only.clone());
        }
    }
    let moment = match &onset {
        Onset::Since(moment) => Some(moment),
        Onset::Unknown(_) => None,
    };
    Located {
        trouble: Trouble {
            symptom: symptom.clone(),
            before: moment.map(|moment| moment.before),
            since: moment.map(|moment| moment.since),
            onset,
            place,
            versions,
            routes,
            series: version.map_or_else(|| signal.total.clone(), |version| signal.of_version(&version)),
            query: query(&Parts::of(symptom).first_query(subject, symptom)),
        },
        only_version,
        neighbours,
        findings,
        serving: asked.serving(),
        signal: signal.clone(),
    }
}

/// Turns a slice of all other events back into one of the falling share's. The largest deficits stay first.
fn own(slice: Slice) -> Slice {
    Slice {
        events: slice.trials - slice.events,
        expected: slice.trials - slice.expected,
        ..slice
    }
}

/// Puts the findings from locating the trouble before the others.
pub(super) fn with_neighbours(mut findings: Vec<Finding>, located: Option<&Located>) -> Vec<Finding> {
    let Some(located) = located else {
        return findings;
    };
    let mut first = located.findings.clone();
    if let Some((failing, others)) = located.neighbours
        && failing > 0
    {
        first.push(Finding {
            side: Side::Serving,
            what: format!("{failing} of {others} other models of the same job fail too"),
            since: None,
        });
    }
    first.append(&mut findings);
    first
}

/// The current window and those before the trouble, each of one step.
struct Windows {
    now: Grid,
    past: Vec<Grid>,
}

fn windows(onset: &Onset, grid: Grid, total: &Series) -> Option<Windows> {
    let shortest = grid.step;
    let window = |end: i64, step: i64| Grid {
        start: end - step,
        step,
        steps: 1,
    };
    let (now, calm_end, step) = match onset {
        Onset::Since(moment) => {
            let now = moment.until.unwrap_or(grid.end()).min(grid.end());
            let step = (now - moment.latest).clamp(shortest, LONGEST_WINDOW.max(shortest));
            // When the uncertainty leaves no data before it, use the likeliest moment.
            let known = total.steps.iter().position(Option::is_some);
            let first = known.map_or(grid.start, |first| total.begins(first));
            let calm_end = if moment.earliest - step < first {
                moment.at
            } else {
                moment.earliest
            };
            (now, calm_end, step)
        }
        // The best comparison available is a day ago.
        Onset::Unknown(Unknown::BeforeTheSeries) => (grid.end(), grid.end() - 86_400, LONGEST_WINDOW.max(shortest)),
        Onset::Unknown(_) => return None,
    };
    let past = (0..INTERVALS).map(|back| {
        let back = i64::try_from(back).unwrap_or_default();
        window(calm_end - back * step, step)
    });
    Some(Windows {
        now: window(now, step),
        past: past.collect(),
    })
}

/// The metrics behind a symptom.
struct Parts {
    trials: &'static str,
    events: &'static str,
    /// The label values that make a trial an event.
    kind: Option<(&'static str, Vec<String>)>,
    /// The label values that make a sample a trial.
    all: Option<(&'static str, Vec<String>)>,
    feature: Option<String>,
    /// Whether the events are the trials that were not counted.
    complement: bool,
    suffixes: (&'static str, &'static str),
}

impl Parts {
    fn of(symptom: &Symptom) -> Self {
        let plain = |trials: &'static str, events: &'static str| Self {
            trials,
            events,
            kind: None,
            all: None,
            feature: None,
            complement: false,
            suffixes: ("", ""),
        };
        let requests = contract::INFERENCE_REQUESTS.name;
        let score = contract::PREDICTION_SCORE.name;
        let observations = contract::FEATURE_OBSERVATIONS.name;
        let infinite = || Some(("le", vec!["+Inf".to_owned()]));
        let one = |label: &'static str, value: &str| Some((label, vec![value.to_owned()]));
        let feature = |events, feature: &String| Self {
            feature: Some(feature.clone()),
            ..plain(observations, events)
        };
        match symptom {
            Symptom::Errors => Self {
                kind: one("status", "error"),
                ..plain(requests, requests)
            },
            Symptom::ClientErrors => Self {
                kind: one("status", "client_error"),
                ..plain(requests, requests)
            },
            Symptom::Traffic => plain(requests, requests),
            Symptom::Slow(edge) => Self {
                kind: Some(("le", edge_labels(*edge))),
                complement: true,
                suffixes: ("_count", "_bucket"),
                ..plain(contract::INFERENCE_LATENCY.name, contract::INFERENCE_LATENCY.name)
            },
            Symptom::NonFinite => Self {
                all: infinite(),
                suffixes: ("_bucket", ""),
                ..plain(score, contract::PREDICTION_NON_FINITE.name)
            },
            Symptom::Scores { edge, above } => Self {
                kind: Some(("le", edge_labels(*edge))),
                all: infinite(),
                complement: *above,
                suffixes: ("_bucket", "_bucket"),
                ..plain(score, score)
            },
            Symptom::Class(class) => Self {
                kind: one("class", class),
                ..plain(contract::PREDICTION_CLASS.name, contract::PREDICTION_CLASS.name)
            },
            Symptom::Outcome(outcome) => Self {
                kind: one("outcome", outcome),
                ..plain(contract::BUSINESS_OUTCOME.name, contract::BUSINESS_OUTCOME.name)
            },
            Symptom::Missing(name) => feature(contract::FEATURE_MISSING.name, name),
            Symptom::OutOfRange(name) => feature(contract::FEATURE_OUT_OF_RANGE.name, name),
            Symptom::Defaulted(name) => feature(contract::FEATURE_DEFAULTED.name, name),
            Symptom::FeatureDrift(name) => Self {
                feature: Some(name.clone()),
                ..plain(contract::DATA_DRIFT_SCORE.name, contract::DATA_DRIFT_SCORE.name)
            },
            Symptom::PredictionDrift => plain(
                contract::PREDICTION_DRIFT_SCORE.name,
                contract::PREDICTION_DRIFT_SCORE.name,
            ),
        }
    }

    /// Inverts the events: counts the other trials.
    fn inverted(mut self) -> Self {
        self.complement = !self.complement;
        self
    }

    /// The labels that a combination may use.
    fn labels(&self, symptom: &Symptom) -> Vec<&'static str> {
        match symptom {
            Symptom::Errors | Symptom::ClientErrors | Symptom::Slow(_) | Symptom::Traffic => {
                vec!["model_version", "route", "instance"]
            }
            _ => vec!["model_version", "instance"],
        }
    }

    fn question(&self, events: bool, subject: &Subject, grid: Grid, by: &[&str]) -> Question {
        let (metric, suffix, kind) = if events {
            (self.events, self.suffixes.1, &self.kind)
        } else {
            (self.trials, self.suffixes.0, &self.all)
        };
        let mut question = of_model(Question::increase(format!("{metric}{suffix}"), grid), subject).by(by);
        if let Some(feature) = &self.feature {
            question = question.only("feature_name", feature);
        }
        match kind {
            Some((label, values)) => question.one_of(label, values.iter().cloned()),
            None => question,
        }
    }

    fn first_query(&self, subject: &Subject, symptom: &Symptom) -> Question {
        let grid = Grid {
            start: subject.at - 300,
            step: 300,
            steps: 1,
        };
        let question = self.question(true, subject, grid, &self.labels(symptom));
        if symptom.is_measured() {
            let level = Question::highest(question.metric.clone(), grid).by(&["feature_name"]);
            return Question {
                only: question.only,
                ..level
            };
        }
        question
    }

    /// Counts by label, now and in the past.
    fn table(
        &self,
        source: &dyn Source,
        subject: &Subject,
        windows: &Windows,
        labels: &[&str],
    ) -> Result<Table, SourceError> {
        let symptom_is_gauge =
            self.trials == contract::DATA_DRIFT_SCORE.name || self.trials == contract::PREDICTION_DRIFT_SCORE.name;
        if symptom_is_gauge {
            return Ok(Table::new(labels.iter().copied(), 0));
        }
        let grids: Vec<_> = [windows.now].into_iter().chain(windows.past.iter().copied()).collect();
        let traffic = self.kind.is_none() && self.trials == self.events;
        let questions: Vec<_> = grids
            .iter()
            .flat_map(|&grid| [false, true].map(|events| self.question(events, subject, grid, labels)))
            .collect();
        let answers: Result<Vec<_>, _> = ask_all(source, &questions).into_iter().collect();
        let answers = answers?;
        let counts: Vec<BTreeMap<Vec<String>, Step>> =
            answers.chunks_exact(2).map(|pair| self.counts(pair, labels)).collect();
        let (now, past) = counts
            .split_first()
            .map_or((BTreeMap::new(), &[][..]), |(now, past)| (now.clone(), past));
        let mut table = Table::new(labels.iter().copied(), past.len());
        if traffic {
            // For requests, count those that are lost.
            for (back, window) in past.iter().enumerate() {
                for (values, step) in window {
                    let usual = past
                        .iter()
                        .map(|window| window.get(values).map_or(0.0, |step| step.trials))
                        .sum::<f64>();
                    let usual = usual / past.len() as f64;
                    table.add_past(back + 1, values, 0.0, step.trials);
                    let left = now.get(values).map_or(0.0, |step| step.trials);
                    if back == 0 {
                        table.add_now(values, (usual - left).max(0.0), usual);
                    }
                }
            }
            return Ok(table);
        }
        for (values, step) in &now {
            table.add_now(values, step.events, step.trials);
        }
        for (back, window) in past.iter().enumerate() {
            for (values, step) in window {
                table.add_past(back + 1, values, step.events, step.trials);
            }
        }
        Ok(table)
    }

    /// One window's trials and events, by label values.
    fn counts(&self, pair: &[Vec<Row>], labels: &[&str]) -> BTreeMap<Vec<String>, Step> {
        let mut counts: BTreeMap<Vec<String>, Step> = BTreeMap::new();
        for (rows, are_events) in pair.iter().zip([false, true]) {
            for row in rows {
                let values = labels.iter().map(|label| row.label(label).to_owned()).collect();
                let value = row.values.first().copied().flatten().unwrap_or_default();
                let step = counts.entry(values).or_default();
                if are_events {
                    step.events += value;
                } else {
                    step.trials += value;
                }
            }
        }
        if self.complement {
            for step in counts.values_mut() {
                step.events = (step.trials - step.events).max(0.0);
            }
        }
        counts
    }
}

/// Finds the place, and returns the settings of the scan that found it. If no combination left its own past, traffic may have
/// moved to one that was always worse. In that case, the scan compares each combination with the past of the whole model.
fn scanned(table: &Table) -> (Place, ScanSettings) {
    /// Enough pseudo-trials to drown any combination's own past.
    const DROWNED: f64 = 1e12;
    let own = ScanSettings::default();
    let place = placed(&localize(table, &own));
    if matches!(place, Place::In(_)) {
        return (place, own);
    }
    let drowned = ScanSettings {
        pseudo_trials: DROWNED,
        ..own.clone()
    };
    match placed(&localize(table, &drowned)) {
        there @ Place::In(_) => (there, drowned),
        _ => (place, own),
    }
}

/// The drift job's verdict on each version, as one event where it drifts.
fn drifting(asked: &Asked, symptom: &Symptom) -> Vec<Slice> {
    let (topic, feature) = match symptom {
        Symptom::FeatureDrift(feature) => (Topic::VersionDrift, feature.as_str()),
        _ => (Topic::VersionPredictionDrift, ""),
    };
    let rows = asked
        .rows(topic)
        .iter()
        .filter(|row| row.label("feature_name") == feature);
    let mut slices: Vec<_> = rows
        .filter_map(|row| {
            let events = row.values.iter().rev().find_map(|value| *value)?;
            Some(Slice {
                value: row.label("model_version").to_owned(),
                events,
                trials: 1.0,
                expected: 0.0,
            })
        })
        .collect();
    slices.sort_by(|one, other| other.events.total_cmp(&one.events));
    slices
}

/// The combinations that hold the excess, or everywhere when even the best fares no worse than the rest.
fn placed(found: &Localization) -> Place {
    if found.ranked.is_empty() {
        return Place::Unknown;
    }
    let holds = |candidate: &&Candidate| candidate.p_value <= SIGNIFICANT && stands_out(candidate, found);
    let places: Vec<_> = found
        .distinct()
        .into_iter()
        .filter(holds)
        .take(PLACES)
        .cloned()
        .collect();
    if places.is_empty() {
        Place::Everywhere
    } else {
        Place::In(places)
    }
}

/// Whether the rest has clearly less excess per trial than the candidate.
fn stands_out(candidate: &Candidate, found: &Localization) -> bool {
    let outside = found.trials - candidate.trials;
    if outside < COMPARED * found.trials || candidate.trials <= 0.0 {
        return false;
    }
    let inside = (candidate.events - candidate.expected) / candidate.trials;
    let rest = (found.excess() - (candidate.events - candidate.expected)) / outside;
    rest < REST * inside
}

/// The value that alone holds the excess, while others have trials and are well.
fn only(slices: &[Slice], direction: Direction) -> Option<String> {
    let excess = |slice: &Slice| beyond(slice, direction).max(0.0);
    let all: f64 = slices.iter().map(excess).sum();
    let trials: f64 = slices.iter().map(|slice| slice.trials).sum();
    let first = slices.first()?;
    let (own, others) = (excess(first), trials - first.trials);
    let compared = others >= COMPARED * trials && others > 0.0 && first.trials > 0.0;
    // A value with most of the trials has most of any excess, so the others must be well too.
    let well = || (all - own) / others < REST * own / first.trials;
    (compared && all > 0.0 && own >= ONLY * all && well()).then(|| first.value.clone())
}

/// How far a value moved in the direction of the trouble: events beyond those expected, or missing events.
fn beyond(slice: &Slice, direction: Direction) -> f64 {
    match direction {
        Direction::Rise => slice.excess(),
        Direction::Fall => -slice.excess(),
    }
}

/// How many other models of the same jobs fail since then, and how many have traffic.
fn failing_neighbours(
    source: &dyn Source,
    subject: &Subject,
    windows: &Windows,
) -> Result<(usize, usize), SourceError> {
    /// Requests that a window needs for a ratio.
    const LEAST: f64 = 20.0;
    /// The rise of the error share that counts as trouble.
    const RISE: f64 = 0.02;
    let question = |grid: Grid| {
        let question = Question::increase(contract::INFERENCE_REQUESTS.name, grid);
        with_identity(question, subject).by(&["job", "model_name", "status"])
    };
    let before = windows.past.first().copied().unwrap_or(windows.now);
    let mut answers = ask_all(source, &[question(windows.now), question(before)]).into_iter();
    let (now, before) = (
        answers.next().transpose()?.unwrap_or_default(),
        answers.next().transpose()?.unwrap_or_default(),
    );
    let ours: BTreeSet<_> = now
        .iter()
        .filter(|row| row.label("model_name") == subject.model)
        .map(|row| row.label("job"))
        .collect();
    let counts = |rows: &[Row], model: &str| {
        let of = rows.iter().filter(|row| row.label("model_name") == model);
        of.fold(Step::default(), |sum, row| {
            let requests = row.values.first().copied().flatten().unwrap_or_default();
            let failed = if row.label("status") == "error" { requests } else { 0.0 };
            Step {
                events: sum.events + failed,
                trials: sum.trials + requests,
            }
        })
    };
    let others: BTreeSet<_> = now
        .iter()
        .filter(|row| ours.contains(row.label("job")) && row.label("model_name") != subject.model)
        .map(|row| row.label("model_name"))
        .collect();
    let with_traffic: Vec<_> = others
        .into_iter()
        .map(|model| (counts(&now, model), counts(&before, model)))
        .filter(|(now, _)| now.trials >= LEAST)
        .collect();
    let failing = with_traffic.iter().filter(|(now, before)| {
        let rise = now.ratio().unwrap_or_default() - before.ratio().unwrap_or_default();
        rise >= RISE
    });
    Ok((failing.count(), with_traffic.len()))
}

/// The stages whose mean time grew, the largest growth first.
fn slow_stages(source: &dyn Source, subject: &Subject, windows: &Windows) -> Result<Vec<Finding>, SourceError> {
    /// The least growth to mention, in seconds.
    const GROWN: f64 = 0.01;
    let metric = contract::INFERENCE_STAGE.name;
    let question =
        |part: &str, grid: Grid| of_model(Question::increase(format!("{metric}{part}"), grid), subject).by(&["stage"]);
    let before = windows.past.first().copied().unwrap_or(windows.now);
    let questions = [windows.now, before].map(|grid| ["_sum", "_count"].map(|part| question(part, grid)));
    let answers: Result<Vec<_>, _> = ask_all(source, questions.as_flattened()).into_iter().collect();
    let answers = answers?;
    let value = |index: usize, stage: &str| {
        let rows = answers.get(index).into_iter().flatten();
        rows.filter(|row| row.label("stage") == stage)
            .find_map(|row| row.values.first().copied().flatten())
    };
    let mean =
        |index: usize, stage: &str| Some(value(index, stage)? / value(index + 1, stage).filter(|count| *count > 0.0)?);
    let stages: BTreeSet<_> = answers.iter().flatten().map(|row| row.label("stage")).collect();
    let mut grown: Vec<_> = stages
        .into_iter()
        .filter_map(|stage| Some((stage, mean(2, stage)?, mean(0, stage)?)))
        .filter(|(_, before, now)| now - before >= GROWN)
        .collect();
    grown.sort_by(|one, other| (other.2 - other.1).total_cmp(&(one.2 - one.1)));
    Ok(grown
        .into_iter()
        .take(3)
        .map(|(stage, before, now)| Finding {
            side: Side::Serving,
            what: format!(
                "stage {stage} takes {} on average, {} before",
                words::seconds(now),
                words::seconds(before)
            ),
            since: None,
        })
        .collect())
}
