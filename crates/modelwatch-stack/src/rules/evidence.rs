//! Evidence instead of waiting: how far bad requests exceed what is usual, in standard deviations.
//!
//! A threshold on a ratio has to wait, because a small count varies by itself. The rules here weigh the counts of a minute and a
//! half instead. With `e` of `n` requests bad and `λ` expected, the evidence is the signed root of the Poisson log-likelihood
//! ratio, `sqrt(2 (e ln(e/λ) − (e − λ)) / φ)`. It holds for three errors as well as for three thousand. `φ` is how much more the
//! service's own counts vary than single events would: bursts that are normal for the service are no evidence.
//!
//! The usual level is learned only from calm: with a delay of ten minutes, and not while an alert about serving fires. So an
//! incident never becomes usual. Besides the evidence, every alert requires an effect that matters.

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
/// The period from which variation is learned.
const SWINGS: Duration = Duration::from_secs(6 * 3600);
/// The delay with which calm is learned: the time before an alert is not calm.
const LATE: Duration = Duration::from_secs(600);
/// From now to the middle of the same hour yesterday, for a series that is itself delayed.
const YESTERDAY: Duration = Duration::from_secs(24 * 3600 - 1800 - 600);
/// An expectation is at least this many events.
const LEAST_EXPECTED: f64 = 0.05;
/// The limits of how much more counts vary than single events. The lower one keeps a quiet week from making alerts nervous, the
/// upper one keeps a wild week from hiding trouble.
const DISPERSION: (f64, f64) = (1.5, 50.0);
/// The dispersion before anything is learned.
const UNKNOWN_DISPERSION: f64 = 2.0;
/// The evidence from which on trouble counts as begun.
const BEGUN: f64 = 3.0;
/// One in twenty requests may be slow when p95 meets its objective. The p95 rule covers a little more than that, after a longer
/// time.
pub(crate) const SLOW_LIMIT: f64 = 0.06;
/// The excess of a version's slow share over the others' that matters.
pub(crate) const SLOW_EXCESS: f64 = 0.1;
/// The requests that the other versions need for a comparison.
const ENOUGH_OF_OTHERS: f64 = 20.0;

/// A kind of bad request, and the series about it.
pub(crate) struct Bad {
    pub(crate) now: &'static Recorded,
    calm: &'static Recorded,
    pub(crate) usual: &'static Recorded,
    dispersion: &'static Recorded,
    factor: &'static Recorded,
    /// The share among the current requests, where it is worth a look.
    pub(crate) share: &'static Recorded,
    pub(crate) evidence: &'static Recorded,
    pub(crate) since: &'static Recorded,
    pub(crate) lately: &'static Recorded,
    pub(crate) ratio: &'static Recorded,
    pub(crate) others: &'static Recorded,
    /// The excess of a version's share over the others', where it is worth a look.
    pub(crate) more: &'static Recorded,
    pub(crate) versus_others: &'static Recorded,
    /// The share that is always usual.
    floor: fn(&Model) -> f64,
    /// The share from which on trouble counts as begun.
    begins: fn(&Model) -> f64,
    /// The share below which no alert looks.
    worth_a_look: fn(&Model) -> f64,
    /// The excess over the others' share that matters.
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

/// The window of the current counts: 90 seconds, or four scrapes, so that one missed scrape does not look like less traffic.
pub(crate) fn now(config: &Config) -> Duration {
    let jobs = config.prometheus.jobs.iter();
    let serving = jobs.filter(|job| job.plane == Plane::Inference);
    let slowest = serving.map(|job| job.scrape_interval).max();
    (4 * slowest.unwrap_or(config.prometheus.scrape_interval)).max(Duration::from_secs(90))
}

/// By how many minutes the window of the current counts exceeds a minute and a half when scrapes are slow. Stories are slower by
/// as much.
pub(crate) fn slower(config: &Config) -> usize {
    let longer = now(config).saturating_sub(Duration::from_secs(90));
    longer.as_secs().div_ceil(60) as usize
}

/// How far back a rule looks for its own last record: past some evaluations that failed, or in which all seemed well.
pub(crate) fn memory(config: &Config) -> Duration {
    (4 * config.prometheus.evaluation_interval).max(3 * MINUTE)
}

/// The current counts, and their evidence.
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
        // Subtracting counts of floats can leave a remainder below zero.
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

/// The smallest limit among the models. Below it, nothing is worth a look.
fn least(config: &Config, limit: fn(&Model) -> f64) -> f64 {
    config.models.iter().map(limit).reduce(f64::min).unwrap_or(0.0)
}

/// How long the last request is remembered during a pause.
const PAUSE_MEMORY: Duration = Duration::from_secs(2 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);
/// The delay with which a pause that continues counts as usual.
const QUARTER: Duration = Duration::from_secs(900);

/// The current requests of a model.
pub(crate) fn requests_now(scope: impl Fn(Selector) -> Selector) -> Expr {
    matched(MODEL, |narrowed| {
        sum_by(MODEL, scope(narrowed(recorded(&recorded::REQUESTS_NOW))))
    })
}

/// The time of the last request, and the time since.
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

/// The share of the current requests that are bad.
pub(crate) fn ratio(bad: &Bad, of: &impl Fn(&'static Recorded) -> Selector) -> Expr {
    share_of(ROUTE, &of(bad.now).expr(), &of(&recorded::REQUESTS_NOW).expr())
}

/// The time at which something began, kept while it lasts. `known` says where the recorded time stays valid, `holds` where one
/// must exist.
pub(crate) fn since(recorded: Selector, labels: &[&str], memory: Duration, known: &Expr, holds: &Expr) -> Expr {
    let kept = recorded.over("last_over_time", memory).and(labels, known.clone());
    kept.or(labels, holds.times(0.0).plus(time()))
}

/// How many times the expected count is bad. Recorded only where that exceeds 1, which is rare, so that the rules based on it
/// have little to compute.
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

/// The dispersion of a version's counts. The smaller the version's part of the whole, the less a burst adds to the variation of
/// single events.
fn dispersion(own: &Expr, requests: &Expr, whole: &[&str], of_whole: Expr) -> Expr {
    let each = of_whole
        .minus(1.0)
        .with(Op::DividedBy, whole, sum_by(whole, requests.clone()).above(0.0));
    let (least, _) = DISPERSION;
    own.with_one(Op::Times, whole, &[], each).plus(1.0).clamp_min(least)
}

/// The usual level, learned from calm. Counts that do not overlap are enough, so it is recorded less often.
pub(crate) fn usual(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let firing = |alerts: [&'static str; 2]| word("ALERTS").eq("alertstate", "firing").one_of("alertname", alerts);
    let of_model = |alerts| max_by(MODEL, firing(alerts));
    // One replica's errors are its models' too, and the alert does not name the model.
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

/// The whole model's figure minus the version's own: that of the other versions.
pub(crate) fn others(series: &Expr) -> Expr {
    sum_by(MODEL, series.clone()).with_many(Op::Minus, MODEL, series.clone())
}

/// Compares versions with their siblings at the same time. Trouble of all versions is no version's fault, so the past hour does
/// not matter.
pub(crate) fn versions(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let window = now(config).max(2 * config.prometheus.evaluation_interval);
    // Counts over twice the window: the mean of counts that end at different times in it.
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

/// Two samples: `sqrt(2 (e₁ ln(e₁/(n₁ p)) + e₂ ln(e₂/(n₂ p))) / φ)`, where `p` is the share of both together. Computed only for
/// versions that are worse, which are few.
fn versus_others(bad: &Bad) -> Expr {
    let of_worse = |series: &'static Recorded| recorded(series).expr().and(VERSION, recorded(bad.more));
    let all_bad = sum_by(MODEL, recorded(bad.lately));
    let all_requests = sum_by(MODEL, recorded(&recorded::VERSION_REQUESTS_LATELY));
    let (own, own_requests) = (of_worse(bad.lately), of_worse(&recorded::VERSION_REQUESTS_LATELY));
    // Slightly more than observed, so that the expectation of both together is never zero.
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
