//! Symptoms over time, from a source's rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::onset::{Direction, Moment, Onset, Settings, Unknown, onset};
use crate::series::{Series, Step};
use crate::source::{Grid, Row};
use crate::symptom::Symptom;

/// A symptom over time, for the model and for each version.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) symptom: Symptom,
    pub(super) direction: Direction,
    pub(super) total: Series,
    pub(super) versions: BTreeMap<String, Series>,
}

/// Events and trials by version.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    versions: BTreeMap<String, Counts>,
}

/// Events and trials by step.
#[derive(Clone, Debug, Default)]
struct Counts {
    events: Vec<Option<f64>>,
    trials: Vec<Option<f64>>,
}

impl Counted {
    pub(super) fn trials<'r>(&mut self, rows: impl IntoIterator<Item = &'r Row>) {
        for row in rows {
            add(&mut self.of(row).trials, &row.values);
        }
    }

    pub(super) fn events<'r>(&mut self, rows: impl IntoIterator<Item = &'r Row>) {
        for row in rows {
            add(&mut self.of(row).events, &row.values);
        }
    }

    fn of(&mut self, row: &Row) -> &mut Counts {
        self.versions.entry(row.label("model_version").to_owned()).or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.versions
            .values()
            .all(|counts| counts.trials.iter().all(Option::is_none))
    }

    /// Replaces the events by the rest of the trials, such as those slower than a bucket bound, or those of another kind.
    pub(super) fn complement(mut self) -> Self {
        for Counts { events, trials } in self.versions.values_mut() {
            events.resize(trials.len(), None);
            for (event, trial) in events.iter_mut().zip(trials) {
                *event = trial.map(|trial| (trial - event.unwrap_or_default()).max(0.0));
            }
        }
        self
    }

    pub(super) fn signal(&self, symptom: Symptom, direction: Direction, grid: Grid) -> Signal {
        let series = |Counts { events, trials }: &Counts| {
            let steps = (0..grid.steps).map(|step| {
                trials.get(step).copied().flatten().map(|trials| Step {
                    events: events.get(step).copied().flatten().unwrap_or_default(),
                    trials,
                })
            });
            Series::new(grid.start, grid.step, steps)
        };
        let mut total = Counts::default();
        for counts in self.versions.values() {
            add(&mut total.events, &counts.events);
            add(&mut total.trials, &counts.trials);
        }
        let named = self.versions.iter().filter(|(version, _)| !version.is_empty());
        Signal {
            symptom,
            direction,
            total: series(&total),
            versions: named
                .map(|(version, counts)| (version.clone(), series(counts)))
                .collect(),
        }
    }
}

fn add(sum: &mut Vec<Option<f64>>, values: &[Option<f64>]) {
    sum.resize(sum.len().max(values.len()), None);
    for (sum, value) in sum.iter_mut().zip(values) {
        if let Some(value) = value {
            *sum = Some(sum.unwrap_or_default() + value);
        }
    }
}

impl Signal {
    /// Since when the symptom lasts, over all versions together or, when only one shows it, in that version.
    pub(super) fn onset(&self, settings: &Settings) -> (Onset, Option<String>) {
        let mut settings = settings.clone();
        settings.direction = self.direction;
        let whole = onset(&self.total, &settings);
        if matches!(whole, Onset::Since(_)) {
            return (whole, None);
        }
        let most = self
            .versions
            .keys()
            .filter_map(|version| match onset(&self.of_version(version), &settings) {
                Onset::Since(moment) => Some((version, moment)),
                Onset::Unknown(_) => None,
            })
            .max_by(|(_, one), (_, other)| {
                (one.since - one.before)
                    .abs()
                    .total_cmp(&(other.since - other.before).abs())
            });
        match most {
            Some((version, moment)) => (Onset::Since(moment), Some(version.clone())),
            None => (whole, None),
        }
    }

    /// Returns one version's series. Where it has no trials, as before its release, the total stands in: that is what to compare
    /// it with.
    pub(super) fn of_version(&self, version: &str) -> Series {
        let Some(own) = self.versions.get(version) else {
            return self.total.clone();
        };
        let steps = own.steps.iter().zip(&self.total.steps).map(|(own, total)| {
            let traffic = own.filter(|own| own.trials > 0.0);
            traffic.or(*total)
        });
        Series::new(own.start, own.step, steps)
    }

    /// The change of the ratio from the first half of the series to its last twelfth. `None` without trials in both.
    pub(super) fn change(&self) -> Option<f64> {
        let series = &self.total;
        let length = series.end() - series.start;
        let before = series.between(series.start, series.start + length / 2);
        let now = series.between(series.end() - length / 12, series.end());
        Some(now.ratio()? - before.ratio()?)
    }
}

/// The value of a label whose share of the trials changed most, and by how much.
pub(super) fn most_changed(rows: &[Row], label: &str, grid: Grid) -> Option<(String, f64)> {
    let values: BTreeSet<_> = rows.iter().map(|row| row.label(label).to_owned()).collect();
    values
        .into_iter()
        .filter_map(|value| {
            let mut counted = Counted::default();
            counted.trials(rows);
            counted.events(rows.iter().filter(|row| row.label(label) == value));
            let change = counted
                .signal(Symptom::Class(String::new()), Direction::Rise, grid)
                .change()?;
            Some((value, change))
        })
        .max_by(|(_, one), (_, other)| one.abs().total_cmp(&other.abs()))
}

/// Since when a verdict of the drift job holds: the beginning of the last run of 1. Gaps do not end a run, because the exporter
/// may be down.
pub(super) fn verdict_onset(row: &Row, scores: Option<&Row>, grid: Grid, window: i64) -> Onset {
    let last = row.values.iter().rposition(Option::is_some);
    let Some(last) = last.filter(|&last| row.values[last].is_some_and(|verdict| verdict >= 1.0)) else {
        let unknown = if last.is_some() {
            Unknown::Steady
        } else {
            Unknown::NoData
        };
        return Onset::Unknown(unknown);
    };
    let quiet = row.values[..last]
        .iter()
        .rposition(|verdict| verdict.is_some_and(|verdict| verdict < 1.0));
    let Some(quiet) = quiet else {
        return Onset::Unknown(Unknown::BeforeTheSeries);
    };
    let first = (quiet + 1..=last)
        .find(|&step| row.values[step].is_some())
        .unwrap_or(last);
    let score = |step: usize| {
        scores
            .and_then(|scores| scores.values.get(step).copied().flatten())
            .unwrap_or_default()
    };
    Onset::Since(Moment {
        at: grid.begins(first + 1),
        // The verdict covers the window before it.
        earliest: grid.begins(quiet + 1).saturating_sub(window).max(grid.start),
        latest: grid.begins(first + 1),
        until: None,
        before: score(quiet),
        since: score(last),
    })
}
