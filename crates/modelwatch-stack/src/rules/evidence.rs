//! Evidence in place of waiting: how much more of something bad there is than is usual, in standard deviations.
//!
//! A threshold on a ratio has to wait, since a small count swings by itself. Counts of a minute and a half are weighed
//! here instead. Where `e` of `n` requests are bad and `λ` were expected, the evidence is the signed root of the Poisson
//! log-likelihood ratio, `sqrt(2 (e ln(e/λ) − (e − λ)) / φ)`, which holds for three errors as for three thousand. `φ` is how much
//! more the service's own counts swing than single events would: bursts that are part of its life are no evidence.
//!
//! What is usual is learned from calm alone: ten minutes late, and not while an alert about serving fires, so that an
//! incident does not become what is usual. Beside the evidence every alert asks for an effect that matters.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Plane};

use super::histograms::Histogram;
use super::labels::{MODEL, MODEL_ROUTE, ROUTE, VERSION};
use super::models::share;
use super::rule::Rule;
use super::shares::{matched, or_zero, share_of};
use super::text::tidy;
use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, Op, Selector, max_by, metric, number, recorded, sum_by, time, word};
use crate::recorded::{self, Recorded};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// How long swings are learned from.
const SWINGS: Duration = Duration::from_secs(6 * 3600);
/// How late calm is learned: what comes before an alert is no calm.
const LATE: Duration = Duration::from_secs(600);
/// From now to the middle of the same hour yesterday, of a series that is late itself.
const YESTERDAY: Duration = Duration::from_secs(24 * 3600 - 1800 - 600);
/// Fewer events than this are no expectation.
const LEAST_EXPECTED: f64 = 0.05;
/// What counts may swing by more than single events would: never taken for less, so that a quiet week makes nobody nervous; never
/// for more, so that a wild one hides nothing.
const DISPERSION: (f64, f64) = (1.5, 50.0);
/// What is taken while nothing is learned yet.
const UNKNOWN_DISPERSION: f64 = 2.0;
/// Evidence at which something counts as begun.
const BEGUN: f64 = 3.0;
/// One in twenty may be slow where p95 keeps its objective; a little more than that is told by p95, after longer.
pub(crate) const SLOW_LIMIT: f64 = 0.06;
/// How much more often than the others a version may be slow.
pub(crate) const SLOW_EXCESS: f64 = 0.1;
/// Requests that the other versions must have had to be compared with.
const ENOUGH_OF_OTHERS: f64 = 20.0;

/// A kind of request that is bad, and the series about it.
pub(crate) struct Bad {
    pub(crate) now: &'static Recorded,
    calm: &'static Recorded,
    pub(crate) usual: &'static Recorded,
    dispersion: &'static Recorded,
    factor: &'static Recorded,
    /// The share of the requests of now, where it is worth a look.
    pub(crate) share: &'static Recorded,
    pub(crate) evidence: &'static Recorded,
    pub(crate) since: &'static Recorded,
    pub(crate) lately: &'static Recorded,
    pub(crate) ratio: &'static Recorded,
    pub(crate) others: &'static Recorded,
    /// How much larger a version's share is than the others', where that is worth a look.
    pub(crate) more: &'static Recorded,
    pub(crate) versus_others: &'static Recorded,
    /// The share that is no news.
    floor: fn(&Model) -> f64,
    /// The share from which on it counts as begun.
    begins: fn(&Model) -> f64,
    /// The share below which no alert looks.
    worth_a_look: fn(&Model) -> f64,
    /// How much larger than the others' a share has to be to matter.
    pub(crate) excess: fn(&Model) -> f64,
}

/// Requests that fail.
pub(crate) const ERRORS: Bad = Bad {
    now: &recorded::ERRORS_NOW,
    calm: &recorded::ERRORS_CALM,
    usual: &recorded::ERRORS_USUAL,
    dispersion: &recorded::ERRORS_DISPERSION,
    factor: &recorded::ERRORS_FACTOR,
    share: &recorded::ERRORS_SHARE,
    evidence: &recorded::ERRORS_EVIDENCE,
    since: &recorded::ERRORS_SINCE,
    lately: &recorded::VERSION_ERRORS_LATELY,
    ratio: &recorded::VERSION_ERROR_RATIO,
    others: &recorded::OTHERS_ERROR_RATIO,
    more: &recorded::ERRORS_MORE,
    versus_others: &recorded::ERRORS_VERSUS_OTHERS,
    floor: |model| tidy(1.0 - model.availability_objective),
    begins: |model| tidy(model.thresholds.error_ratio / 3.0),
    worth_a_look: |model| tidy(model.thresholds.error_ratio / 3.0),
    excess: |model| model.thresholds.canary_error_ratio,
};

/// Requests that take longer than their objective.
pub(crate) const SLOW: Bad = Bad {
    now: &recorded::SLOW_NOW,
    calm: &recorded::SLOW_CALM,
    usual: &recorded::SLOW_USUAL,
    dispersion: &recorded::SLOW_DISPERSION,
    factor: &recorded::SLOW_FACTOR,
    share: &recorded::SLOW_SHARE,
    evidence: &recorded::SLOW_EVIDENCE,
    since: &recorded::SLOW_SINCE,
    lately: &recorded::VERSION_SLOW_LATELY,
    ratio: &recorded::VERSION_SLOW_RATIO,
    others: &recorded::OTHERS_SLOW_RATIO,
    more: &recorded::SLOW_MORE,
    versus_others: &recorded::SLOW_VERSUS_OTHERS,
    // Half of the one in twenty that may be slow at the 95th percentile.
    floor: |_| 0.025,
    begins: |_| 0.04,
    worth_a_look: |_| SLOW_LIMIT / 2.0,
    excess: |_| SLOW_EXCESS,
};

/// How far back the counts of now go: 90 seconds, or four scrapes, so that one missed scrape is none of less traffic.
pub(crate) fn now(config: &Config) -> Duration {
    let jobs = config.prometheus.jobs.iter();
    let serving = jobs.filter(|job| job.plane == Plane::Inference);
    let slowest = serving.map(|job| job.scrape_interval).max();
    (4 * slowest.unwrap_or(config.prometheus.scrape_interval)).max(Duration::from_secs(90))
}

/// By how many minutes the counts of now reach further back than a minute and a half, where scrapes take long: stories move as slowly.
pub(crate) fn slower(config: &Config) -> usize {
    let longer = now(config).saturating_sub(Duration::from_secs(90));
    longer.as_secs().div_ceil(60) as usize
}

/// How far back a rule looks for what it recorded before: past some evaluations that failed, or in which all seemed well.
pub(crate) fn memory(config: &Config) -> Duration {
    (4 * config.prometheus.evaluation_interval).max(3 * MINUTE)
}

/// The counts of now, and how much they say.
pub(crate) fn counts(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let window = now(config);
    let requests = metric(&contract::INFERENCE_REQUESTS);
    let failed = sum_by(ROUTE, requests.clone().eq("status", "error").increase(window));
    let all = recorded(&recorded::REQUESTS_NOW).expr();
    let mut rules = vec![
        Rule::record(
            config,
            &recorded::REQUESTS_NOW,
            &sum_by(ROUTE, requests.increase(window)),
        )?,
        Rule::record(config, &recorded::ERRORS_NOW, &or_zero(ROUTE, &failed, &all))?,
    ];
    let latency = Histogram {
        of: &contract::INFERENCE_LATENCY,
        window: window.into(),
    };
    for shared in share(config, |model| model.latency_p95) {
        let slow = latency.above(shared.setting.as_secs_f64(), ROUTE, |series| shared.scope.of(series));
        // Counts of floats that are subtracted leave remainders below zero.
        let slow = slow.times(window.as_secs_f64()).clamp_min(0.0);
        rules.push(Rule::record(config, &recorded::SLOW_NOW, &slow)?);
    }
    rules.extend(pauses(config)?);
    for bad in [&ERRORS, &SLOW] {
        let least = least(config, bad.worth_a_look);
        rules.push(Rule::record(config, bad.share, &ratio(bad, &recorded).above(least))?);
        rules.push(Rule::record(config, bad.factor, &factor(bad))?);
        rules.push(Rule::record(config, bad.evidence, &evidence(bad))?);
        for shared in share(config, bad.begins) {
            let of = |series| shared.scope.of(recorded(series));
            let begun = of(bad.share)
                .expr()
                .above(shared.setting)
                .and(ROUTE, of(bad.evidence).expr().above(BEGUN));
            let since = since(of(bad.since), ROUTE, memory(config), &begun, &begun);
            rules.push(Rule::record(config, bad.since, &since)?);
        }
    }
    Ok(rules)
}

/// The least of what the models have for a limit: below it nothing is worth a look.
fn least(config: &Config, limit: fn(&Model) -> f64) -> f64 {
    config.models.iter().map(limit).reduce(f64::min).unwrap_or(0.0)
}

/// How long a pause is remembered that nothing ends.
const PAUSE_MEMORY: Duration = Duration::from_secs(2 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);
/// A pause that goes on is no usual one until so long after.
const QUARTER: Duration = Duration::from_secs(900);

/// Requests of a model now.
pub(crate) fn requests_now(scope: impl Fn(Selector) -> Selector) -> Expr {
    matched(MODEL, |narrowed| {
        sum_by(MODEL, scope(narrowed(recorded(&recorded::REQUESTS_NOW))))
    })
}

/// When the last request was, and how long ago that is.
fn pauses(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let now = requests_now(|series| series).above(0.0).times(0.0).plus(time());
    let before = recorded(&recorded::LAST_REQUEST)
        .over("last_over_time", HOUR)
        .above(time().minus(PAUSE_MEMORY.as_secs_f64()));
    Ok(vec![
        Rule::record(config, &recorded::LAST_REQUEST, &now.or(MODEL, before))?,
        Rule::record(
            config,
            &recorded::IDLE,
            &time().minus(recorded(&recorded::LAST_REQUEST)),
        )?,
    ])
}

/// The share of the requests of now that are bad.
pub(crate) fn ratio(bad: &Bad, of: &impl Fn(&'static Recorded) -> Selector) -> Expr {
    share_of(ROUTE, &of(bad.now).expr(), &of(&recorded::REQUESTS_NOW).expr())
}

/// A time that is recorded when something begins and kept while it holds: `known` says where the old time holds on, `holds` where
/// there is to be one.
pub(crate) fn since(recorded: Selector, labels: &[&str], memory: Duration, known: &Expr, holds: &Expr) -> Expr {
    let kept = recorded.over("last_over_time", memory).and(labels, known.clone());
    kept.or(labels, holds.times(0.0).plus(time()))
}

/// How many times as many are bad as are expected. Recorded where there are more, which is in few places, so that what the rest
/// says need not be computed.
fn factor(bad: &Bad) -> Expr {
    let expected = recorded(&recorded::REQUESTS_NOW)
        .expr()
        .with_one(Op::Times, MODEL_ROUTE, &[], recorded(bad.usual))
        .clamp_min(LEAST_EXPECTED);
    recorded(bad.now).expr().with(Op::DividedBy, ROUTE, expected).above(1.0)
}

/// With `e = x λ`, `e ln(e/λ) − (e − λ)` is `e (ln x + 1/x − 1)`.
fn evidence(bad: &Bad) -> Expr {
    let requests = recorded(&recorded::REQUESTS_NOW).expr();
    let factor = recorded(bad.factor).expr();
    let each = factor
        .ln()
        .with(Op::Plus, ROUTE, number(1.0).divided_by(factor.clone()))
        .minus(1.0);
    let own = requests.and(ROUTE, factor);
    each.with(Op::Times, ROUTE, recorded(bad.now))
        .times(2.0)
        .with(
            Op::DividedBy,
            ROUTE,
            dispersion(&own, &requests, MODEL_ROUTE, recorded(bad.dispersion).expr()),
        )
        .square_root()
}

/// What a version's counts swing by: a burst is the smaller beside single events, the smaller the version's part of the whole is.
fn dispersion(own: &Expr, requests: &Expr, whole: &[&str], of_whole: Expr) -> Expr {
    let each = of_whole
        .minus(1.0)
        .with(Op::DividedBy, whole, sum_by(whole, requests.clone()).above(0.0));
    let (least, _) = DISPERSION;
    own.with_one(Op::Times, whole, &[], each).plus(1.0).clamp_min(least)
}

/// What is usual, learned from calm. Counts that do not overlap are enough for it, so it is recorded less often.
pub(crate) fn usual(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let firing = |alerts: [&'static str; 2]| word("ALERTS").eq("alertstate", "firing").one_of("alertname", alerts);
    let of_model = |alerts| max_by(MODEL, firing(alerts));
    // One replica's errors are its model's, too, and the alert does not say which model's.
    let replicas = max_by(&[], firing([known::REPLICA_FAILING.name, known::REPLICA_SLOW.name]));
    let calm = |series| {
        sum_by(MODEL_ROUTE, recorded(series).offset(LATE))
            .unless(MODEL, of_model([known::HIGH_ERROR_RATE.name, known::HIGH_LATENCY.name]))
            .unless(MODEL, of_model([known::CANARY_ERRORS.name, known::CANARY_LATENCY.name]))
            .unless(&[], replicas.clone())
    };
    let mut rules = vec![Rule::record(
        config,
        &recorded::REQUESTS_CALM,
        &calm(&recorded::REQUESTS_NOW),
    )?];
    rules.push(Rule::record(
        config,
        &recorded::LONGEST_PAUSE,
        &recorded(&recorded::IDLE).offset(QUARTER).over("max_over_time", DAY),
    )?);
    for bad in [&ERRORS, &SLOW] {
        rules.push(Rule::record(config, bad.calm, &calm(bad.now))?);
        for shared in share(config, bad.floor) {
            let of = |series| shared.scope.of(recorded(series));
            let mean = |series, ago: Option<Duration>| {
                let selector = ago.map_or_else(|| of(series), |ago| of(series).offset(ago));
                selector.over("avg_over_time", HOUR)
            };
            let share = |ago| share_of(MODEL_ROUTE, &mean(bad.calm, ago), &mean(&recorded::REQUESTS_CALM, ago));
            let unknown = sum_by(MODEL_ROUTE, of(&recorded::REQUESTS_NOW)).times(0.0);
            let usual = share(None)
                .or_more(MODEL_ROUTE, share(Some(YESTERDAY)))
                .clamp_min(shared.setting)
                .or(MODEL_ROUTE, unknown.plus(shared.setting));
            rules.push(Rule::record(config, bad.usual, &usual)?);
        }
        let over = |function| recorded(bad.calm).over(function, SWINGS);
        let unknown = sum_by(MODEL_ROUTE, recorded(&recorded::REQUESTS_NOW)).times(0.0);
        let (least, most) = DISPERSION;
        let dispersion = over("stdvar_over_time")
            .divided_by(over("avg_over_time").clamp_min(0.1))
            .clamp(least, most)
            .or(MODEL_ROUTE, unknown.plus(UNKNOWN_DISPERSION));
        rules.push(Rule::record(config, bad.dispersion, &dispersion)?);
    }
    Ok(rules)
}

/// The whole model's figure less the version's own: what the other versions do together.
pub(crate) fn others(series: &Expr) -> Expr {
    sum_by(MODEL, series.clone()).with_many(Op::Minus, MODEL, series.clone())
}

/// Versions beside their siblings of the same time: what happens to all of them is no version's fault, so nothing needs to be known
/// of the hour before.
pub(crate) fn versions(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let window = now(config).max(2 * config.prometheus.evaluation_interval);
    // Counts of twice the time: the mean of counts that end at different times of it.
    let lately = |series| sum_by(VERSION, recorded(series).over("avg_over_time", window)).times(2.0);
    let requests = recorded(&recorded::VERSION_REQUESTS_LATELY).expr();
    let mut rules = vec![Rule::record(
        config,
        &recorded::VERSION_REQUESTS_LATELY,
        &lately(&recorded::REQUESTS_NOW),
    )?];
    for bad in [&ERRORS, &SLOW] {
        let own = recorded(bad.lately).expr();
        let of_others = others(&own).with(Op::DividedBy, VERSION, others(&requests).above(ENOUGH_OF_OTHERS));
        rules.extend([
            Rule::record(config, bad.lately, &lately(bad.now))?,
            Rule::record(config, bad.ratio, &share_of(VERSION, &own, &requests))?,
            Rule::record(config, bad.others, &of_others)?,
            Rule::record(
                config,
                bad.more,
                &recorded(bad.ratio)
                    .expr()
                    .with(Op::Minus, VERSION, recorded(bad.others))
                    .above(tidy(least(config, bad.excess) / 4.0)),
            )?,
            Rule::record(config, bad.versus_others, &versus_others(bad))?,
        ]);
    }
    Ok(rules)
}

/// Two samples: `sqrt(2 (e₁ ln(e₁/(n₁ p)) + e₂ ln(e₂/(n₂ p))) / φ)`, where `p` is the share of both together. Of versions that are
/// worse alone, so that most are not computed.
fn versus_others(bad: &Bad) -> Expr {
    let of_worse = |series: &'static Recorded| recorded(series).expr().and(VERSION, recorded(bad.more));
    let all_bad = sum_by(MODEL, recorded(bad.lately));
    let all_requests = sum_by(MODEL, recorded(&recorded::VERSION_REQUESTS_LATELY));
    let (own, own_requests) = (of_worse(bad.lately), of_worse(&recorded::VERSION_REQUESTS_LATELY));
    // A little more than was seen, so that both together never expect nothing.
    let together = all_bad.plus(0.1).with(Op::DividedBy, MODEL, all_requests.above(0.0));
    let expected = |requests: &Expr| {
        requests
            .with_one(Op::Times, MODEL, &[], together.clone())
            .clamp_min(0.001)
    };
    let others = |all: &Expr, own: &Expr| all.with_many(Op::Minus, MODEL, own.clone());
    let theirs = others(&all_bad, &own).clamp_min(0.001);
    let part = |observed: &Expr, expected: Expr| {
        observed.with(Op::Times, VERSION, observed.with(Op::DividedBy, VERSION, expected).ln())
    };
    part(&own, expected(&own_requests))
        .with(
            Op::Plus,
            VERSION,
            part(&theirs, expected(&others(&all_requests, &own_requests))),
        )
        .clamp_min(0.0)
        .times(2.0)
        .with(
            Op::DividedBy,
            VERSION,
            dispersion(
                &own_requests,
                &recorded(&recorded::VERSION_REQUESTS_LATELY).expr(),
                MODEL,
                max_by(MODEL, recorded(bad.dispersion)),
            ),
        )
        .square_root()
}
