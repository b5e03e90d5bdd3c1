//! The exporter's loop for performance: what it shows of labels that it never saw.

use modelwatch::contract::{
    Metric, PERFORMANCE, PERFORMANCE_ESTIMATE, PERFORMANCE_ESTIMATE_HIGH, PERFORMANCE_ESTIMATE_LOW, PERFORMANCE_HIGH,
    PERFORMANCE_LABELS, PERFORMANCE_LAST_SUCCESS_TIMESTAMP, PERFORMANCE_LOW, PERFORMANCE_PREDICTIONS,
    PERFORMANCE_REFERENCE, PERFORMANCE_RUN_DURATION, PERFORMANCE_RUNS, SEGMENT_PERFORMANCE, SEGMENT_PERFORMANCE_GROWTH,
    SEGMENT_PERFORMANCE_LABELS, SEGMENT_PERFORMANCE_REFERENCE,
};
use modelwatch_config::Performance;

use super::condition::reaches;
use super::drift_job::Window;
use super::moment::Moment;
use super::random::Random;
use super::series::{Labels, Recorder, with};
use crate::incident::effect::{Effect, What};
use crate::scene::Actor;

/// What the loop said last of a model.
pub(crate) struct PerformanceJob {
    performance: Performance,
    /// When a run succeeded last, in seconds.
    last_success: f64,
    successes: f64,
    unreadable: f64,
    next_run: f64,
    /// Rows that were added to those of a period, one a run: counts that stand still are told of.
    predicted: f64,
    labelled: f64,
    readable: bool,
    /// All predictions first, then each version.
    versions: Vec<Figures>,
    values: Vec<Figures>,
}

/// What is said of a version or of a segment's value.
#[derive(Clone, Default)]
struct Figures {
    name: String,
    share: f64,
    wrong: f64,
    expected_wrong: f64,
}

/// How long a run takes, in seconds.
const RUN: f64 = 20.0;
/// The measures, and what they are in the reference.
const MEASURES: [(&str, f64); 2] = [("accuracy", 0.95), ("roc_auc", 0.93)];
/// The share of predictions whose labels have come.
const LABELLED: f64 = 0.4;
/// The values of a segment, each with its share of the predictions.
pub(crate) const VALUES: [(&str, f64); 3] = [("NO", 0.55), ("SE", 0.42), ("MT", 0.03)];
const ALL_VERSIONS: &str = "__all__";
/// How much of its interval a figure moves by chance.
const SCATTER: f64 = 0.2;

impl PerformanceJob {
    /// The loop of a model that has one, in a world that begins so many seconds after the first scrape.
    pub(crate) fn new(actor: &Actor, versions: &[(String, f64)], begins: f64) -> Option<Self> {
        let performance = actor.model.performance.clone()?;
        let named = |name: &str, share: f64| Figures {
            name: name.to_owned(),
            share,
            ..Figures::default()
        };
        let all = std::iter::once(named(ALL_VERSIONS, 1.0));
        let versions = all.chain(versions.iter().map(|(version, share)| named(version, *share)));
        let values = VALUES.iter().filter(|_| !performance.segments.is_empty());
        Some(Self {
            // It ran for as long as anybody remembers.
            last_success: begins - performance.interval.as_secs_f64() + RUN,
            successes: 100.0,
            unreadable: 0.0,
            next_run: begins,
            predicted: 0.0,
            labelled: 0.0,
            readable: true,
            versions: versions.collect(),
            values: values.map(|(value, share)| named(value, *share)).collect(),
            performance,
        })
    }

    /// Lets the loop run if it is time.
    pub(crate) fn advance(&mut self, moment: Moment<'_>, random: &mut Random) {
        while self.next_run + RUN <= moment.time {
            let began = self.next_run;
            self.next_run += self.performance.interval.as_secs_f64();
            let happens = |what: What| {
                let effects = &mut moment.incident.effects.iter();
                effects.any(|effect| {
                    effect.what == what
                        && reaches(effect, moment.is_hero)
                        && effect.strength(moment.minutes_at(began)) > 0.0
                })
            };
            self.predicted += 1.0;
            self.readable = !happens(What::OutcomesUnreadable);
            if self.readable {
                self.successes += 1.0;
                self.last_success = began + RUN;
            } else {
                self.unreadable += 1.0;
            }
            if !happens(What::LabelsStop) {
                self.labelled += 1.0;
            }
            let window = Window {
                begins: moment.minutes_at(began - self.performance.period.as_secs_f64()),
                ends: moment.minutes_at(began),
            };
            self.judge(moment, window, random);
        }
    }

    fn judge(&mut self, moment: Moment<'_>, window: Window, random: &mut Random) {
        let rows = self.rows(moment);
        let effects: Vec<&Effect> = moment.incident.effects.iter().collect();
        // How much of a group an effect is felt by, over the whole period.
        let felt = |of: &dyn Fn(&What) -> Option<f64>, part: &dyn Fn(&Effect) -> f64| -> f64 {
            let here = effects.iter().filter(|effect| reaches(effect, moment.is_hero));
            here.filter_map(|effect| Some(of(&effect.what)? * part(effect) * window.mean(&|at| effect.strength(at))))
                .sum()
        };
        let wrong = |what: &What| match what {
            What::Wrong(share) => Some(*share),
            _ => None,
        };
        let expected = |what: &What| match what {
            What::ExpectedWrong(share) => Some(*share),
            _ => None,
        };
        let share_of_value = |effect: &Effect| match &effect.scope.segment {
            None => 1.0,
            Some((_, value)) => VALUES
                .iter()
                .find(|(known, _)| known == value)
                .map_or(0.0, |(_, share)| *share),
        };
        let shares: Vec<(String, f64)> = self.versions.iter().map(|one| (one.name.clone(), one.share)).collect();
        for version in &mut self.versions {
            let part = |effect: &Effect| {
                let of_version = match &effect.scope.version {
                    None => 1.0,
                    Some(only) if *only == version.name => 1.0,
                    Some(only) if version.name == ALL_VERSIONS => shares
                        .iter()
                        .find(|(name, _)| name == only)
                        .map_or(0.0, |(_, share)| *share),
                    Some(_) => 0.0,
                };
                of_version * share_of_value(effect)
            };
            let mut by_chance = |rows: f64| SCATTER * reach(MEASURES[0].1, rows) * (random.factor(4.0) - 1.0);
            version.wrong = felt(&wrong, &part) + by_chance(rows * version.share * LABELLED);
            version.expected_wrong = felt(&expected, &part) + by_chance(rows * version.share);
        }
        for value in &mut self.values {
            let part = |effect: &Effect| match &effect.scope.segment {
                Some((_, only)) if *only != value.name => 0.0,
                _ => effect.scope.version.as_ref().map_or(1.0, |only| {
                    shares
                        .iter()
                        .find(|(name, _)| name == only)
                        .map_or(0.0, |(_, share)| *share)
                }),
            };
            let chance = SCATTER * reach(MEASURES[0].1, rows * value.share * LABELLED) * (random.factor(4.0) - 1.0);
            value.wrong = felt(&wrong, &part) + chance;
        }
    }

    /// Predictions of a period.
    fn rows(&self, moment: Moment<'_>) -> f64 {
        (self.performance.period.as_secs_f64() * moment.incident.traffic.rate).round()
    }

    /// Writes what its exporter shows.
    pub(crate) fn record(&self, recorder: &mut Recorder, moment: Moment<'_>, labels: &dyn Fn() -> Labels, here: bool) {
        let value = |value: f64| here.then_some(value);
        let by_labels = |value: f64| value_where(here && self.readable, value);
        let plus = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with(labels(), more));
        let rows = self.rows(moment);
        let segment = self.performance.segments.first().map_or("", String::as_str);
        for (measure, usual) in MEASURES {
            let of = [("measure", measure)];
            recorder.take(|| plus(&PERFORMANCE_REFERENCE, &of), value(usual));
            for version in &self.versions {
                let of = [("model_version", version.name.as_str()), of[0]];
                let figure = usual - version.wrong;
                let reach = reach(figure, rows * version.share * LABELLED);
                recorder.take(|| plus(&PERFORMANCE, &of), by_labels(figure));
                recorder.take(|| plus(&PERFORMANCE_LOW, &of), by_labels(figure - reach));
                recorder.take(|| plus(&PERFORMANCE_HIGH, &of), by_labels(figure + reach));
                let figure = usual - version.expected_wrong;
                let reach = self::reach(figure, rows * version.share);
                recorder.take(|| plus(&PERFORMANCE_ESTIMATE, &of), value(figure));
                recorder.take(|| plus(&PERFORMANCE_ESTIMATE_LOW, &of), value(figure - reach));
                recorder.take(|| plus(&PERFORMANCE_ESTIMATE_HIGH, &of), value(figure + reach));
            }
            for one in &self.values {
                let of = [("segment", segment), ("segment_value", one.name.as_str()), of[0]];
                let figure = usual - one.wrong;
                recorder.take(|| plus(&SEGMENT_PERFORMANCE, &of), by_labels(figure));
                recorder.take(|| plus(&SEGMENT_PERFORMANCE_REFERENCE, &of), by_labels(usual));
                // Where it is clear of chance: the reference has as many labels of the value as the period has.
                let reach = reach(figure, rows * one.share * LABELLED).hypot(reach(usual, rows * one.share * LABELLED));
                let growth = value_where(one.wrong > 2.0 * reach, one.wrong / (1.0 - usual));
                recorder.take(|| plus(&SEGMENT_PERFORMANCE_GROWTH, &of), growth.and_then(by_labels));
            }
        }
        for version in &self.versions {
            let of = [("model_version", version.name.as_str())];
            let predictions = (rows * version.share).round() + self.predicted;
            recorder.take(|| plus(&PERFORMANCE_PREDICTIONS, &of), value(predictions));
            let known = (rows * version.share * LABELLED).round() + self.labelled;
            let known = if self.readable { known } else { 0.0 };
            recorder.take(|| plus(&PERFORMANCE_LABELS, &of), value(known));
        }
        for one in &self.values {
            let of = [("segment", segment), ("segment_value", one.name.as_str())];
            let known = (rows * one.share * LABELLED).round();
            recorder.take(|| plus(&SEGMENT_PERFORMANCE_LABELS, &of), by_labels(known));
        }
        recorder.take(
            || plus(&PERFORMANCE_LAST_SUCCESS_TIMESTAMP, &[]),
            value(self.last_success),
        );
        recorder.take(|| plus(&PERFORMANCE_RUN_DURATION, &[]), value(RUN));
        for (result, runs) in [("success", self.successes), ("outcomes", self.unreadable)] {
            recorder.take(|| plus(&PERFORMANCE_RUNS, &[("result", result)]), value(runs));
        }
    }
}

fn value_where(is_there: bool, value: f64) -> Option<f64> {
    is_there.then_some(value)
}

/// How far an interval of 95 % reaches to each side of a share of so many rows.
fn reach(share: f64, rows: f64) -> f64 {
    1.96 * (share * (1.0 - share) / rows.max(1.0)).max(0.0).sqrt()
}
