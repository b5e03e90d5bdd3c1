//! Requests, one by one.

use super::condition::Condition;
use super::counters::Counters;
use super::random::Random;
use crate::incident::effect::ScoreChange;

/// What is usual of a model.
#[derive(Clone, Copy)]
pub(crate) struct Usual {
    /// The share of requests that fail.
    pub(crate) errors: f64,
    /// The share of requests that are the caller's mistake.
    pub(crate) client_errors: f64,
    /// The median latency in seconds.
    pub(crate) latency: f64,
}

/// How widely latencies scatter: the logarithm's standard deviation.
const LATENCY_SCATTER: f64 = 0.5;
/// The part of a request that its first stage takes.
const FIRST_STAGE: f64 = 0.3;
/// The part that the second takes.
const SECOND_STAGE: f64 = 0.6;
/// The shape of the scores' beta distribution: most are low, some are high.
const SCORES: (f64, f64) = (2.0, 4.0);
/// Where a score is high.
const THRESHOLD: f64 = 0.5;
/// Share of rows in which a feature is missing anyway.
const MISSING: f64 = 0.005;
/// Share of rows in which a feature is out of its range anyway.
const OUT_OF_RANGE: f64 = 0.002;

/// Answers one request by a route.
pub(crate) fn answer(counters: &mut Counters, route: usize, usual: &Usual, condition: &Condition, random: &mut Random) {
    let fetch =
        condition.slow_stage + FIRST_STAGE * usual.latency * condition.slow * random.about(1.0, LATENCY_SCATTER);
    let rest = (1.0 - FIRST_STAGE) * usual.latency * condition.slow * random.about(1.0, LATENCY_SCATTER);
    counters.latency[route].observe(fetch + rest);
    let status = if random.happens(1.0 - (1.0 - usual.errors) * (1.0 - condition.errors)) {
        1
    } else if random.happens(1.0 - (1.0 - usual.client_errors) * (1.0 - condition.client_errors)) {
        2
    } else {
        0
    };
    counters.requests[route][status] += 1.0;
    if status == 2 {
        // It never got as far as the model.
        return;
    }
    counters.stages[0].observe(fetch);
    counters.stages[1].observe(rest * SECOND_STAGE / (1.0 - FIRST_STAGE));
    for (feature, condition) in counters.features.iter_mut().zip(&condition.features) {
        feature.observations += 1.0;
        if random.happens(condition.missing.max(MISSING)) {
            feature.missing += 1.0;
            // A default stands in for some of what is missing only where something says so.
        }
        if random.happens(condition.defaulted) {
            feature.defaulted += 1.0;
        } else if random.happens(condition.out_of_range.max(OUT_OF_RANGE)) {
            feature.out_of_range += 1.0;
        }
    }
    if status == 0 {
        predict(counters, condition, random);
    }
}

fn predict(counters: &mut Counters, condition: &Condition, random: &mut Random) {
    let score = match condition.score {
        None => random.score(SCORES.0, SCORES.1),
        Some(ScoreChange::Shift(by)) => (random.score(SCORES.0, SCORES.1) + by).clamp(0.0, 1.0),
        Some(ScoreChange::Constant(score)) => score,
        // Half of them low and half high; in the middle, where the median was, nothing.
        Some(ScoreChange::Heaps) if random.happens(0.5) => random.score(2.0, 30.0),
        Some(ScoreChange::Heaps) => random.score(30.0, 8.0),
    };
    let is_finite = !random.happens(condition.non_finite);
    if is_finite {
        counters.score.observe(score);
    } else {
        counters.non_finite += 1.0;
    }
    // A comparison with NaN is false.
    let class = usize::from(is_finite && score >= condition.threshold.unwrap_or(THRESHOLD));
    counters.classes[class] += 1.0;
    let outcome = if random.happens(condition.escalated) {
        2
    } else if class == 0 {
        usize::from(random.happens(0.1))
    } else {
        1 + usize::from(random.happens(0.3))
    };
    counters.outcomes[outcome] += 1.0;
}
