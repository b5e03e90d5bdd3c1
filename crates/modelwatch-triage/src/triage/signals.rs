//! Every symptom that the first round can show, and which of them is the trouble.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use modelwatch_config::Config;

use super::ask::{Asked, Topic, model};
use super::evidence::strength;
use super::report::Finding;
use super::signal::{Counted, Signal, most_changed, verdict_onset};
use super::subject::Subject;
use crate::onset::{Direction, Onset, Settings};
use crate::series::{Series, Step};
use crate::source::{Grid, Row};
use crate::symptom::Symptom;
use crate::words;

/// All signals, ordered by how much they hurt users. Among equally strong ones, the first is the trouble.
pub(super) struct Signals {
    counted: Vec<Signal>,
    /// Verdicts of the drift job.
    measured: Vec<(Signal, Onset)>,
    end: i64,
}

/// A symptom, its onset, and the version that alone shows it.
pub(super) type Primary<'s> = (&'s Signal, Onset, Option<String>);

/// Reads the symptoms from the answers of the first round.
pub(super) fn all(asked: &Asked, config: &Config, subject: &Subject) -> Signals {
    let grid = asked.grid;
    let requests = asked.rows(Topic::Requests);
    let mut counted = Vec::new();
    counted.extend(traffic(asked));
    let mut push = |counts: &Counted, symptom: Symptom, direction: Direction| {
        if !counts.is_empty() {
            counted.push(counts.signal(symptom, direction, grid));
        }
    };
    let mut errors = Counted::default();
    errors.trials(requests);
    errors.events(requests.iter().filter(|row| row.label("status") == "error"));
    push(&errors, Symptom::Errors, Direction::Rise);
    if !asked.rows(Topic::Fast).is_empty() {
        let mut fast = Counted::default();
        fast.trials(asked.rows(Topic::Timed));
        fast.events(asked.rows(Topic::Fast));
        push(&fast.complement(), Symptom::Slow(asked.edge), Direction::Rise);
    }
    let mut refused = Counted::default();
    refused.trials(requests);
    refused.events(requests.iter().filter(|row| row.label("status") == "client_error"));
    push(&refused, Symptom::ClientErrors, Direction::Rise);
    let scores = asked.rows(Topic::Scores);
    let all_scores = || scores.iter().filter(|row| edge(row).is_some_and(f64::is_infinite));
    let mut non_finite = Counted::default();
    non_finite.trials(all_scores());
    non_finite.events(asked.rows(Topic::NonFinite));
    // Scores that are not finite are in no bucket, so they are extra trials.
    non_finite.trials(asked.rows(Topic::NonFinite));
    push(&non_finite, Symptom::NonFinite, Direction::Rise);
    features(asked, &mut push);
    score_shift(scores, grid, &mut push);
    for (topic, label, symptom) in [
        (Topic::Classes, "class", Symptom::Class as fn(String) -> Symptom),
        (Topic::Outcomes, "outcome", Symptom::Outcome),
    ] {
        let rows = asked.rows(topic);
        let named = subject.label(label).map(|value| {
            let mut counts = Counted::default();
            counts.trials(rows);
            counts.events(rows.iter().filter(|row| row.label(label) == value));
            let change = counts.signal(symptom(value.to_owned()), Direction::Rise, grid).change();
            (value.to_owned(), change.unwrap_or_default())
        });
        if let Some((value, change)) = named.or_else(|| most_changed(rows, label, grid)) {
            let mut counts = Counted::default();
            counts.trials(rows);
            counts.events(rows.iter().filter(|row| row.label(label) == value));
            let direction = if change < 0.0 { Direction::Fall } else { Direction::Rise };
            push(&counts, symptom(value), direction);
        }
    }
    Signals {
        counted,
        measured: measured(asked, config, subject),
        end: grid.end(),
    }
}

/// Requests per second. Without samples of the model, a step counts zero requests if a target is up, and is a gap otherwise.
fn traffic(asked: &Asked) -> Option<Signal> {
    let grid = asked.grid;
    let requests = asked.rows(Topic::Requests);
    if requests.is_empty() {
        return None;
    }
    let mut counted = Counted::default();
    counted.trials(requests);
    let mut signal = counted.signal(Symptom::Traffic, Direction::Fall, grid);
    let up = |step: usize| {
        let rows = asked.rows(Topic::Up);
        rows.iter()
            .any(|row| row.values.get(step).copied().flatten().is_some_and(|up| up > 0.0))
    };
    let first = signal
        .total
        .steps
        .iter()
        .position(Option::is_some)
        .unwrap_or(usize::MAX);
    let steps = signal.total.steps.iter().enumerate().map(|(index, step)| {
        let requests = match step {
            Some(step) => Some(step.trials),
            None => (index > first && up(index)).then_some(0.0),
        };
        requests.map(|events| Step {
            events,
            trials: grid.step as f64,
        })
    });
    signal.total = Series::new(grid.start, grid.step, steps);
    signal.versions.clear();
    Some(signal)
}

fn features(asked: &Asked, push: &mut impl FnMut(&Counted, Symptom, Direction)) {
    let observations = asked.rows(Topic::Observations);
    let names: BTreeSet<_> = observations.iter().map(|row| row.label("feature_name")).collect();
    for (topic, symptom) in [
        (Topic::Missing, Symptom::Missing as fn(String) -> Symptom),
        (Topic::OutOfRange, Symptom::OutOfRange),
        (Topic::Defaulted, Symptom::Defaulted),
    ] {
        for &name in &names {
            let of = |rows: &'static str| move |row: &&Row| row.label(rows) == name;
            let mut counts = Counted::default();
            counts.trials(observations.iter().filter(of("feature_name")));
            counts.events(asked.rows(topic).iter().filter(of("feature_name")));
            push(&counts, symptom(name.to_owned()), Direction::Rise);
        }
    }
}

/// The bound of a bucket.
fn edge(row: &Row) -> Option<f64> {
    match row.label("le") {
        "+Inf" => Some(f64::INFINITY),
        edge => edge.parse().ok(),
    }
}

/// The bucket bound at which the distribution of scores moved most, as in the Kolmogorov–Smirnov distance.
fn score_shift(rows: &[Row], grid: Grid, push: &mut impl FnMut(&Counted, Symptom, Direction)) {
    let edges: BTreeSet<_> = rows
        .iter()
        .filter(|row| edge(row).is_some_and(f64::is_finite))
        .map(|row| row.label("le"))
        .collect();
    let at_most = |label: &str| {
        let mut counts = Counted::default();
        counts.trials(rows.iter().filter(|row| edge(row).is_some_and(f64::is_infinite)));
        counts.events(rows.iter().filter(|row| row.label("le") == label));
        counts
    };
    let moved = edges
        .into_iter()
        .filter_map(|label| {
            let counts = at_most(label);
            let change = counts.signal(Symptom::NonFinite, Direction::Rise, grid).change()?;
            Some((label, counts, change))
        })
        .max_by(|one, other| one.2.abs().total_cmp(&other.2.abs()));
    if let Some((label, counts, change)) = moved
        && let Ok(edge) = label.parse()
    {
        let above = change < 0.0;
        let counts = if above { counts.complement() } else { counts };
        push(&counts, Symptom::Scores { edge, above }, Direction::Rise);
    }
}

/// The symptoms that the drift job reports.
fn measured(asked: &Asked, config: &Config, subject: &Subject) -> Vec<(Signal, Onset)> {
    let grid = asked.grid;
    let drift = model(config, subject).and_then(|model| model.drift.as_ref());
    let window = drift.map_or(900, |drift| i64::try_from(drift.window.as_secs()).unwrap_or(900));
    let features = asked.rows(Topic::FeatureDrift).iter().map(|row| {
        let name = row.label("feature_name");
        let scores = asked.rows(Topic::FeatureDriftScore);
        let scores = scores.iter().find(|scores| scores.label("feature_name") == name);
        (Symptom::FeatureDrift(name.to_owned()), row, scores)
    });
    let predictions = asked.rows(Topic::PredictionDrift).iter();
    let predictions = predictions.map(|row| {
        (
            Symptom::PredictionDrift,
            row,
            asked.rows(Topic::PredictionDriftScore).first(),
        )
    });
    features
        .chain(predictions)
        .map(|(symptom, row, scores)| {
            let onset = verdict_onset(row, scores, grid, window);
            let steps = scores.map(|scores| scores.values.clone()).unwrap_or_default();
            let steps = steps
                .into_iter()
                .map(|score| score.map(|events| Step { events, trials: 1.0 }));
            let signal = Signal {
                symptom,
                direction: Direction::Rise,
                total: Series::new(grid.start, grid.step, steps),
                versions: std::collections::BTreeMap::new(),
            };
            (signal, onset)
        })
        .collect()
}

/// The least change of a ratio to mention.
fn floor(symptom: &Symptom) -> f64 {
    match symptom {
        Symptom::Errors => 0.002,
        Symptom::Slow(_) => 0.02,
        Symptom::ClientErrors => 0.05,
        Symptom::NonFinite => 0.0005,
        Symptom::Missing(_) | Symptom::OutOfRange(_) | Symptom::Defaulted(_) => 0.01,
        Symptom::Scores { .. } | Symptom::Class(_) | Symptom::Outcome(_) => 0.08,
        Symptom::Traffic | Symptom::FeatureDrift(_) | Symptom::PredictionDrift => 0.0,
    }
}

/// Traffic is gone when at most this share of it is left.
const GONE: f64 = 0.1;
/// How long ago a trouble may have ended to be considered, in seconds.
const RECENT: i64 = 15 * 60;

impl Signals {
    /// The trouble: the strongest symptom that the alert names or, without an alert, the strongest that goes on.
    pub(super) fn primary(&self, subject: &Subject, settings: &Settings) -> Option<Primary<'_>> {
        if let Some(named) = subject.alert.as_deref().and_then(|alert| hinted(alert, subject)) {
            let counted = self
                .counted
                .iter()
                .filter(|signal| named(&signal.symptom))
                .map(|signal| {
                    let (onset, version) = signal.onset(settings);
                    (signal, onset, version)
                });
            let measured = self.measured.iter().filter(|(signal, _)| named(&signal.symptom));
            let measured = measured.map(|(signal, onset)| (signal, onset.clone(), None));
            // Prefers one that shows: an alert about drift may name a model and no feature.
            return strongest(counted.chain(measured).collect()).into_iter().next();
        }
        self.shown(settings).into_iter().find(|(_, onset, _)| match onset {
            Onset::Since(moment) => moment.until.is_none_or(|until| until > self.end - RECENT),
            Onset::Unknown(_) => false,
        })
    }

    /// Every symptom that changed by enough to mention, strongest first.
    fn shown(&self, settings: &Settings) -> Vec<Primary<'_>> {
        let counted = self.counted.iter().filter_map(|signal| {
            let changes = |series: &Series| series.steps.iter().flatten().any(|step| step.events > 0.0);
            if !changes(&signal.total) {
                return None;
            }
            let (onset, version) = signal.onset(settings);
            let Onset::Since(moment) = &onset else {
                return None;
            };
            let enough = if signal.symptom == Symptom::Traffic {
                moment.since <= GONE * moment.before
            } else {
                (moment.since - moment.before).abs() >= floor(&signal.symptom)
            };
            enough.then_some((signal, onset, version))
        });
        let measured = self.measured.iter().filter_map(|(signal, onset)| match onset {
            Onset::Since(_) => Some((signal, onset.clone(), None)),
            Onset::Unknown(_) => None,
        });
        strongest(counted.chain(measured).collect())
    }

    /// The symptoms other than the trouble, strongest first.
    pub(super) fn findings(&self, trouble: Option<&Symptom>, settings: &Settings) -> Vec<Finding> {
        self.shown(settings)
            .into_iter()
            .filter(|(signal, _, _)| trouble != Some(&signal.symptom))
            .filter_map(|(signal, onset, version)| {
                let Onset::Since(moment) = onset else {
                    return None;
                };
                let ended = moment.until.is_some_and(|until| until <= self.end - RECENT);
                (!ended).then(|| Finding {
                    side: signal.symptom.side(),
                    what: words::moved(&signal.symptom, &moment, version.as_deref()),
                    since: Some(moment.at),
                })
            })
            .collect()
    }
}

/// Sorts by the strength of the evidence. Ties keep their order.
fn strongest(mut shown: Vec<Primary<'_>>) -> Vec<Primary<'_>> {
    shown.sort_by_cached_key(|(signal, onset, version)| Reverse(strength(signal, onset, version.as_deref())));
    shown
}

/// A predicate on symptoms.
type Meant = Box<dyn Fn(&Symptom) -> bool>;

/// The symptoms an alert is about, by its name and labels.
fn hinted(alert: &str, subject: &Subject) -> Option<Meant> {
    let name = alert.to_lowercase();
    let feature = subject.label("feature_name").map(str::to_owned);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let of = |wanted: &Option<String>, feature: &str| wanted.as_deref().is_none_or(|wanted| wanted == feature);
    let named: Meant = if has(&["missing"]) && !has(&["job"]) {
        Box::new(move |symptom| matches!(symptom, Symptom::Missing(name) if of(&feature, name)))
    } else if has(&["outofrange"]) {
        Box::new(move |symptom| matches!(symptom, Symptom::OutOfRange(name) if of(&feature, name)))
    } else if has(&["default"]) {
        Box::new(move |symptom| matches!(symptom, Symptom::Defaulted(name) if of(&feature, name)))
    } else if has(&["predictiondrift"]) {
        Box::new(|symptom| *symptom == Symptom::PredictionDrift)
    } else if has(&["featuredetected", "featuredrift", "featuredistribution", "datadrift"]) {
        Box::new(move |symptom| matches!(symptom, Symptom::FeatureDrift(name) if of(&feature, name)))
    } else if has(&["clienterror"]) {
        Box::new(|symptom| *symptom == Symptom::ClientErrors)
    } else if has(&["error", "failing", "availability"]) && !has(&["job", "rules", "notifications"]) {
        Box::new(|symptom| *symptom == Symptom::Errors)
    // After those, because a budget of errors may burn slowly.
    } else if has(&["latency", "slow"]) {
        Box::new(|symptom| matches!(symptom, Symptom::Slow(_)))
    } else if has(&["traffic"]) {
        Box::new(|symptom| *symptom == Symptom::Traffic)
    } else if has(&["nonfinite"]) {
        Box::new(|symptom| *symptom == Symptom::NonFinite)
    } else if has(&["class"]) {
        Box::new(|symptom| matches!(symptom, Symptom::Class(_)))
    } else if has(&["outcome"]) {
        Box::new(|symptom| matches!(symptom, Symptom::Outcome(_)))
    } else if has(&["distribution", "score"]) {
        Box::new(|symptom| matches!(symptom, Symptom::Scores { .. }))
    } else {
        return None;
    };
    Some(named)
}
