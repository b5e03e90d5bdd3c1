//! The drift job: what its exporter shows of windows that it never saw.

use modelwatch::contract::{
    CLASS_DRIFT_DETECTED, CLASS_DRIFT_SCORE, DATA_DRIFT_DETECTED, DATA_DRIFT_SCORE, DRIFT_BASELINE_INFO,
    DRIFT_BASELINE_TIMESTAMP, DRIFT_LAST_SUCCESS_TIMESTAMP, DRIFT_RUN_DURATION, DRIFT_RUNS, DRIFT_WINDOW_ROWS, Metric,
    PREDICTION_DRIFT_DETECTED, PREDICTION_DRIFT_SCORE,
};
use modelwatch_config::Drift;

use super::condition::reaches;
use super::moment::Moment;
use super::random::Random;
use super::series::{Labels, Recorder, with};
use super::shares::is_of;
use crate::incident::ReleaseKind;
use crate::incident::effect::{ScoreChange, What};
use crate::scene::Actor;

/// What the job said last of a model.
pub(crate) struct DriftJob {
    drift: Drift,
    /// When it ended last, in seconds.
    last_success: f64,
    successes: f64,
    failures: f64,
    next_run: f64,
    features: Vec<Verdict>,
    scores: Verdict,
    classes: Verdict,
}

#[derive(Clone, Copy, Default)]
struct Verdict {
    score: f64,
    windows: u64,
    detected: bool,
}

/// How long a run takes, in seconds.
const RUN: f64 = 8.0;
/// The distance of windows to which nothing happened.
const CALM: f64 = 0.02;
/// The age of the baseline when the world begins, in seconds.
const BASELINE_AGE: f64 = 20.0 * 86_400.0;

impl DriftJob {
    /// The job of a model that has one, in a world that begins so many seconds after the first scrape.
    pub(crate) fn new(actor: &Actor, begins: f64) -> Option<Self> {
        let drift = actor.model.drift.clone()?;
        let interval = drift.interval.as_secs_f64();
        Some(Self {
            // It ran for as long as anybody remembers.
            last_success: begins - interval + RUN,
            successes: 100.0,
            failures: 0.0,
            next_run: begins + drift.grace.as_secs_f64(),
            features: vec![Verdict::default(); actor.features.len()],
            scores: Verdict::default(),
            classes: Verdict::default(),
            drift,
        })
    }

    /// Lets the job run if it is time.
    pub(crate) fn advance(&mut self, moment: Moment<'_>, random: &mut Random) {
        let happens = |what: fn(&What) -> bool, time: f64| {
            let effects = &mut moment.incident.effects.iter();
            effects.any(|effect| {
                what(&effect.what) && reaches(effect, moment.is_hero) && effect.strength(moment.minutes_at(time)) > 0.0
            })
        };
        while self.next_run + RUN <= moment.time {
            let began = self.next_run;
            self.next_run += self.drift.interval.as_secs_f64();
            if happens(|what| matches!(what, What::DriftStuck), began) {
                continue;
            }
            if happens(|what| matches!(what, What::DriftFails), began) {
                self.failures += 1.0;
                continue;
            }
            self.successes += 1.0;
            self.last_success = began + RUN;
            let ends = began - self.drift.grace.as_secs_f64();
            let window = Window {
                begins: moment.minutes_at(ends - self.drift.window.as_secs_f64()),
                ends: moment.minutes_at(ends),
            };
            self.judge(moment, window, random);
        }
    }

    fn judge(&mut self, moment: Moment<'_>, window: Window, random: &mut Random) {
        let mut distance = |of: &dyn Fn(&What) -> Option<f64>, feature: Option<&String>| {
            let effects = moment.incident.effects.iter();
            let here = effects.filter(|effect| {
                let named = effect.scope.feature.as_ref();
                reaches(effect, moment.is_hero)
                    && feature.is_none_or(|feature| named.is_none_or(|named| named == feature))
            });
            let most = here
                .filter_map(|effect| match effect.what {
                    // The whole window is far from it at once.
                    What::WrongBaseline(score) => Some(score * effect.strength(window.ends)),
                    _ => Some(of(&effect.what)? * window.mean(&|minutes| effect.strength(minutes)).powi(2)),
                })
                .fold(0.0, f64::max);
            most + CALM * random.factor(4.0)
        };
        let rule = (self.drift.consecutive_windows, self.drift.threshold);
        for (feature, verdict) in moment.actor.features.iter().zip(&mut self.features) {
            let of = |what: &What| match what {
                What::Drift(score) => Some(*score),
                What::Missing(share) | What::OutOfRange(share) | What::Defaulted(share) => Some(2.0 * share),
                _ => None,
            };
            let own = self.drift.features.get(feature).and_then(|own| own.threshold);
            verdict.take(distance(&of, Some(feature)), (rule.0, own.unwrap_or(rule.1)));
        }
        let scores = |what: &What| match what {
            What::Score(ScoreChange::Shift(by)) => Some(4.0 * by.abs()),
            What::Score(_) => Some(2.0),
            _ => None,
        };
        let classes = |what: &What| match what {
            What::Threshold(_) | What::Score(_) => Some(0.6),
            _ => None,
        };
        self.scores.take(distance(&scores, None), rule);
        self.classes.take(distance(&classes, None), rule);
    }

    /// Writes what its exporter shows.
    pub(crate) fn record(&self, recorder: &mut Recorder, moment: Moment<'_>, labels: &dyn Fn() -> Labels, here: bool) {
        let Moment { incident, actor, .. } = moment;
        let value = |value: f64| here.then_some(value);
        let plus = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with(labels(), more));
        for (feature, verdict) in actor.features.iter().zip(&self.features) {
            let of = [("feature_name", feature.as_str())];
            recorder.take(|| plus(&DATA_DRIFT_SCORE, &of), value(verdict.score));
            recorder.take(
                || plus(&DATA_DRIFT_DETECTED, &of),
                value(f64::from(u8::from(verdict.detected))),
            );
        }
        for (score, detected, verdict) in [
            (&PREDICTION_DRIFT_SCORE, &PREDICTION_DRIFT_DETECTED, self.scores),
            (&CLASS_DRIFT_SCORE, &CLASS_DRIFT_DETECTED, self.classes),
        ] {
            recorder.take(|| plus(score, &[]), value(verdict.score));
            recorder.take(|| plus(detected, &[]), value(f64::from(u8::from(verdict.detected))));
        }
        let rows = self.drift.window.as_secs_f64() * incident.traffic.rate;
        recorder.take(|| plus(&DRIFT_WINDOW_ROWS, &[]), value(rows.round()));
        recorder.take(|| plus(&DRIFT_LAST_SUCCESS_TIMESTAMP, &[]), value(self.last_success));
        recorder.take(|| plus(&DRIFT_RUN_DURATION, &[]), value(RUN));
        for (result, runs) in [
            ("success", self.successes),
            ("failure", self.failures),
            ("no_rows", 0.0),
            ("too_few_rows", 0.0),
        ] {
            recorder.take(|| plus(&DRIFT_RUNS, &[("result", result)]), value(runs));
        }
        // The baselines in the order of their time; the last one that has begun is in use.
        let baselines = incident
            .releases
            .iter()
            .filter(|release| release.kind == ReleaseKind::Baseline && is_of(release, actor, moment.is_hero));
        let mut used = ("baseline-1", -BASELINE_AGE);
        let mut names = vec!["baseline-1"];
        for release in baselines {
            let begins = moment.onset + release.minutes * 60.0;
            names.push(&release.name);
            if begins <= moment.time {
                used = (&release.name, begins);
            }
        }
        for name in names {
            let is_used = here && name == used.0;
            recorder.take(
                || plus(&DRIFT_BASELINE_INFO, &[("baseline_version", name)]),
                is_used.then_some(1.0),
            );
        }
        recorder.take(|| plus(&DRIFT_BASELINE_TIMESTAMP, &[]), value(used.1));
    }
}

/// A window in minutes from the onset.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) begins: f64,
    pub(super) ends: f64,
}

impl Window {
    /// The mean of what changes over it.
    pub(super) fn mean(self, of: &dyn Fn(f64) -> f64) -> f64 {
        const POINTS: usize = 30;
        let step = (self.ends - self.begins) / POINTS as f64;
        let points = (0..POINTS).map(|point| of(self.begins + (point as f64 + 0.5) * step));
        points.sum::<f64>() / POINTS as f64
    }
}

impl Verdict {
    fn take(&mut self, score: f64, (windows, threshold): (u64, f64)) {
        self.score = (score * 1e4).round() / 1e4;
        self.windows = if score > threshold { self.windows + 1 } else { 0 };
        self.detected = self.windows >= windows;
    }
}
