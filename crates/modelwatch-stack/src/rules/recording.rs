//! Recording rules: the definitions that alerts and dashboards share.
//!
//! Ratios are of sums over replicas, never averages of ratios. A series that is compared with a threshold exists (as 0) before
//! the first error, and is absent, not NaN, without traffic.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout, Thresholds};

use super::evidence;
use super::histograms::Histogram;
use super::labels::{FEATURE, JOB, MODEL, REPLICA, ROUTE, VERSION, VERSION_FEATURE};
use super::models::share;
use super::performance;
use super::releases;
use super::rule::{Group, Rule};
use super::shares::{matched, or_zero, share_of};
use crate::error::GenerateError;
use crate::promql::{Expr, Op, Selector, Window, count_by, max_by, metric, number, recorded, sum_by};
use crate::recorded::{self, Recorded};

const MINUTE: Duration = Duration::from_secs(60);
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const LATENCY: Histogram = Histogram {
    of: &contract::INFERENCE_LATENCY,
    window: Window::Of(FIVE_MINUTES),
};
const SCORES: Histogram = Histogram {
    of: &contract::PREDICTION_SCORE,
    window: Window::Of(TEN_MINUTES),
};
/// The reference of a shift.
const YESTERDAY: Duration = DAY;
const LAST_WEEK: Duration = Duration::from_secs(7 * 86_400);
const AN_HOUR_AGO: Duration = HOUR;
/// The evaluation interval of tickets.
pub(super) const TICKETS: Duration = MINUTE;
/// The evaluation interval of what tickets read. It measures over ten minutes and more, so this adds little delay.
pub(super) const LONG_WINDOWS: Duration = Duration::from_secs(2 * 60);
/// The evaluation interval of figures about days, and of those that no alert reads. It is the longest for a series that
/// Prometheus drops after five minutes.
pub(super) const SELDOM: Duration = Duration::from_secs(4 * 60);
/// Below this many events per second, fewer than one in a quarter of an hour, a quantile is only a remainder of subtracting
/// floats.
const NOISE: f64 = 0.001;

pub(crate) fn groups(config: &Config) -> Result<Vec<Group>, GenerateError> {
    let interval = config.prometheus.evaluation_interval;
    let group = |name, least: Duration, rules| Group::new(config, name, Some(interval.max(least)), rules);
    let mut counts = evidence::counts(config)?;
    if config.rollout >= Rollout::ReleaseAware {
        counts.extend(evidence::versions(config)?);
    }
    let mut groups = vec![
        group("recording-rules", interval, serving(config)?),
        group("recording-rules-usual", 2 * MINUTE, evidence::usual(config)?),
        group("recording-rules-now", interval, counts),
        group("recording-rules-replicas", interval, replicas(config)?),
        group("recording-rules-releases", interval, releases::rules(config)?),
        group("recording-rules-callers", TICKETS, callers(config)?),
        group("recording-rules-quantiles", SELDOM, quantiles(config)?),
    ];
    if config.rollout >= Rollout::ModelAware {
        groups.push(group("recording-rules-predictions", LONG_WINDOWS, predictions(config)?));
        groups.push(group("recording-rules-features", LONG_WINDOWS, features(config)?));
        groups.push(group(
            "recording-rules-version-features",
            SELDOM,
            version_features(config)?,
        ));
    }
    if config.rollout >= Rollout::Drift {
        groups.push(group(
            "recording-rules-performance",
            SELDOM,
            performance::rules(config)?,
        ));
    }
    if config.rollout >= Rollout::ReleaseAware {
        groups.push(group("recording-rules-versions", TICKETS, versions(config)?));
        let Objectives { short, hours, days } = objectives(config)?;
        groups.push(group("recording-rules-objectives", interval, short));
        groups.push(group("recording-rules-objectives-hours", 2 * MINUTE, hours));
        groups.push(group("recording-rules-objectives-days", SELDOM, days));
    }
    Ok(groups)
}

fn serving(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let requests = metric(&contract::INFERENCE_REQUESTS);
    let failed = sum_by(ROUTE, requests.clone().eq("status", "error").rate(FIVE_MINUTES));
    let rps = recorded(&recorded::REQUESTS).expr();
    let of_model = |series: &'static Recorded| matched(MODEL, |narrowed| sum_by(MODEL, narrowed(recorded(series))));
    Ok(vec![
        Rule::record(config, &recorded::REQUESTS, &sum_by(ROUTE, requests.rate(FIVE_MINUTES)))?,
        Rule::record(config, &recorded::ERRORS, &or_zero(ROUTE, &failed, &rps))?,
        Rule::record(
            config,
            &recorded::ERROR_RATIO,
            &share_of(ROUTE, &recorded(&recorded::ERRORS).expr(), &rps),
        )?,
        Rule::record(config, &recorded::MODEL_REQUESTS, &of_model(&recorded::REQUESTS))?,
        Rule::record(config, &recorded::MODEL_ERRORS, &of_model(&recorded::ERRORS))?,
        Rule::record(
            config,
            &recorded::VERSION_REQUESTS,
            &sum_by(VERSION, recorded(&recorded::REQUESTS)),
        )?,
        Rule::record(
            config,
            &recorded::VERSION_SHARE,
            &recorded(&recorded::VERSION_REQUESTS).expr().with_one(
                Op::DividedBy,
                MODEL,
                &[],
                sum_by(MODEL, recorded(&recorded::VERSION_REQUESTS)).above(0.0),
            ),
        )?,
        Rule::record(config, &recorded::LATENCY_P95, &LATENCY.quantile(0.95, ROUTE))?,
    ])
}

/// Quantiles that dashboards show and no alert reads.
fn quantiles(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    Ok(vec![
        Rule::record(config, &recorded::LATENCY_P50, &LATENCY.quantile(0.5, ROUTE))?,
        Rule::record(config, &recorded::LATENCY_P99, &LATENCY.quantile(0.99, ROUTE))?,
    ])
}

/// Mistakes of callers. The counter is read once, and the requests supply the zero share.
fn callers(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let mistakes = metric(&contract::INFERENCE_REQUESTS).eq("status", "client_error");
    let mistaken = |labels: &[&str]| {
        matched(labels, |narrowed| {
            let all = sum_by(labels, narrowed(recorded(&recorded::REQUESTS)));
            let mistakes = sum_by(labels, narrowed(recorded(&recorded::CLIENT_ERRORS)));
            share_of(labels, &or_zero(labels, &mistakes, &all), &all)
        })
    };
    Ok(vec![
        Rule::record(
            config,
            &recorded::CLIENT_ERRORS,
            &sum_by(ROUTE, mistakes.rate(FIVE_MINUTES)).above(0.0),
        )?,
        Rule::record(config, &recorded::CLIENT_ERROR_RATIO, &mistaken(VERSION))?,
        Rule::record(config, &recorded::MODEL_CLIENT_ERROR_RATIO, &mistaken(MODEL))?,
    ])
}

/// Replicas, and how far each is from its siblings. A replica that is the only one of its version, such as a first canary, is
/// compared with none: the rules about versions cover it.
fn replicas(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let counted = metric(&contract::INFERENCE_REQUESTS);
    let requests = recorded(&recorded::REPLICA_REQUESTS).expr();
    let errors = recorded(&recorded::REPLICA_ERRORS).expr();
    let latency = recorded(&recorded::REPLICA_LATENCY).expr();
    let lone = recorded(&recorded::REPLICA_ALONE).expr();
    let siblings = |of: &Expr| {
        let others = sum_by(JOB, of.clone()).with_many(Op::Minus, JOB, of.clone());
        let requests = sum_by(JOB, requests.clone()).with_many(Op::Minus, JOB, requests.clone());
        others.with(Op::DividedBy, REPLICA, requests.above(NOISE))
    };
    let serves = &["job", "instance", "model_name", "model_version"];
    let version = &["job", "model_name", "model_version"];
    let served = max_by(serves, metric(&contract::MODEL_INFO));
    let alone = served.and(version, count_by(version, served.clone()).equals(1.0));
    let share = errors.with(Op::DividedBy, REPLICA, requests.above(0.0));
    let spent = latency.with(Op::Times, REPLICA, requests.clone());
    Ok(vec![
        Rule::record(
            config,
            &recorded::REPLICA_REQUESTS,
            &sum_by(REPLICA, counted.rate(FIVE_MINUTES)),
        )?,
        Rule::record(
            config,
            &recorded::REPLICA_ERRORS,
            &or_zero(
                REPLICA,
                &sum_by(REPLICA, counted.eq("status", "error").rate(FIVE_MINUTES)),
                &requests,
            ),
        )?,
        Rule::record(config, &recorded::REPLICA_LATENCY, &LATENCY.mean(REPLICA))?,
        Rule::record(config, &recorded::REPLICA_ALONE, &max_by(REPLICA, alone))?,
        Rule::record(
            config,
            &recorded::REPLICA_ERROR_EXCESS,
            &share
                .with(Op::Minus, REPLICA, siblings(&errors))
                .unless(REPLICA, lone.clone()),
        )?,
        Rule::record(
            config,
            &recorded::REPLICA_LATENCY_FACTOR,
            &latency
                .with(Op::DividedBy, REPLICA, siblings(&spent).above(0.0))
                .unless(REPLICA, lone),
        )?,
    ])
}

/// The whole model's figure minus the version's own: that of the other versions.
fn others(model: &Expr, version: &Expr) -> Expr {
    model.with_many(Op::Minus, MODEL, version.clone())
}

fn versions(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let requests = recorded(&recorded::VERSION_REQUESTS).expr();
    let other_requests = others(&sum_by(MODEL, requests.clone()), &requests).above(NOISE);
    let own = recorded(&recorded::VERSION_LATENCY_P95).expr();
    Ok(vec![
        Rule::record(config, &recorded::VERSION_LATENCY_P95, &LATENCY.quantile(0.95, VERSION))?,
        Rule::record(
            config,
            &recorded::OTHERS_LATENCY_P95,
            &LATENCY.quantile_of_others(0.95, VERSION).and(VERSION, other_requests),
        )?,
        Rule::record(
            config,
            &recorded::LATENCY_FACTOR,
            &own.with(
                Op::DividedBy,
                VERSION,
                recorded(&recorded::OTHERS_LATENCY_P95).expr().above(0.0),
            ),
        )?,
    ])
}

/// Burn rates in the shape of sloth's. Windows above five minutes are sums over the recorded five-minute rates: the ratio of two
/// sums with equally many samples, from few series instead of days of raw ones. The longer a window, the less often it has to be
/// evaluated.
fn objectives(config: &Config) -> Result<Objectives, GenerateError> {
    let requests = recorded(&recorded::MODEL_REQUESTS);
    let mut rules = Objectives::default();
    for shared in share(config, |model| model.latency_p95) {
        let slow = matched(MODEL, |narrowed| {
            LATENCY.above(shared.setting.as_secs_f64(), MODEL, |series| {
                narrowed(shared.scope.of(series))
            })
        });
        rules.short.push(Rule::record(config, &recorded::MODEL_SLOW, &slow)?);
    }
    for (bad, windows) in [
        (&recorded::MODEL_ERRORS, AVAILABILITY_WINDOWS),
        (&recorded::MODEL_SLOW, LATENCY_WINDOWS),
    ] {
        let bad = recorded(bad);
        for (series, window) in windows {
            let ratio = if window == FIVE_MINUTES {
                share_of(MODEL, &bad.expr(), &requests.expr())
            } else {
                let sum = |series: &Selector| series.over("sum_over_time", window);
                share_of(MODEL, &sum(&bad), &sum(&requests))
            };
            let group = if window < 2 * HOUR {
                &mut rules.short
            } else if window < DAY {
                &mut rules.hours
            } else {
                &mut rules.days
            };
            group.push(Rule::record(config, series, &ratio)?);
        }
    }
    Ok(rules)
}

/// Rules of objectives, by how long they look back.
#[derive(Default)]
struct Objectives {
    short: Vec<Rule>,
    hours: Vec<Rule>,
    days: Vec<Rule>,
}

type Windows = [(&'static Recorded, Duration); 7];

const AVAILABILITY_WINDOWS: Windows = [
    (&recorded::AVAILABILITY_5M, FIVE_MINUTES),
    (&recorded::AVAILABILITY_30M, HALF_HOUR),
    (&recorded::AVAILABILITY_1H, HOUR),
    (&recorded::AVAILABILITY_2H, Duration::from_secs(2 * 3600)),
    (&recorded::AVAILABILITY_6H, Duration::from_secs(6 * 3600)),
    (&recorded::AVAILABILITY_1D, DAY),
    (&recorded::AVAILABILITY_3D, Duration::from_secs(3 * 86_400)),
];
const LATENCY_WINDOWS: Windows = [
    (&recorded::SLOW_5M, FIVE_MINUTES),
    (&recorded::SLOW_30M, HALF_HOUR),
    (&recorded::SLOW_1H, HOUR),
    (&recorded::SLOW_2H, Duration::from_secs(2 * 3600)),
    (&recorded::SLOW_6H, Duration::from_secs(6 * 3600)),
    (&recorded::SLOW_1D, DAY),
    (&recorded::SLOW_3D, Duration::from_secs(3 * 86_400)),
];

fn predictions(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let of_version = sum_by(VERSION, recorded(&recorded::PREDICTIONS));
    let non_finite = sum_by(VERSION, metric(&contract::PREDICTION_NON_FINITE).rate(TEN_MINUTES));
    let mut rules = vec![
        Rule::record(config, &recorded::PREDICTIONS, &SCORES.observations(VERSION))?,
        Rule::record(config, &recorded::SCORE_BELOW, &SCORES.shares(VERSION))?,
        Rule::record(
            config,
            &recorded::SCORE_P50,
            &SCORES.quantile_of(0.5, recorded(&recorded::SCORE_BELOW).expr(), VERSION),
        )?,
        Rule::record(config, &recorded::SCORE_DISTANCE, &distance_from_reference())?,
        Rule::record(
            config,
            &recorded::SCORE_DISTANCE_HOUR,
            &distance(&recorded(&recorded::SCORE_BELOW).offset(AN_HOUR_AGO).expr()),
        )?,
        Rule::record(
            config,
            &recorded::NON_FINITE_RATIO,
            &non_finite.divided_by(
                or_zero(VERSION, &of_version, &non_finite)
                    .plus(non_finite.clone())
                    .above(0.0),
            ),
        )?,
    ];
    rules.extend(balance(config, &contract::PREDICTION_CLASS, "class", &CLASSES)?);
    rules.extend(balance(config, &contract::BUSINESS_OUTCOME, "outcome", &OUTCOMES)?);
    Ok(rules)
}

const EDGE: &[&str] = &["model_name", "model_version", "le"];

/// How far the distributions of the versions' scores are from others: the largest difference of shares up to a bucket bound, as
/// in the Kolmogorov–Smirnov test. A single value for all scores, and two heaps around the old median, are far away.
fn distance(from: &Expr) -> Expr {
    let own = recorded(&recorded::SCORE_BELOW).expr();
    max_by(VERSION, own.with(Op::Minus, EDGE, from.clone()).abs())
}

/// The distance from a day or a week ago, whichever is nearer, because a weekly pattern is not a change. A version without a
/// yesterday is compared with the others.
fn distance_from_reference() -> Expr {
    let ago = |ago| distance(&recorded(&recorded::SCORE_BELOW).offset(ago).expr());
    let known = ago(YESTERDAY).or_less(VERSION, ago(LAST_WEEK));
    known.or(VERSION, distance_from_others())
}

/// Compares versions without a yesterday with their model's other versions. The model's shares weight each version by its count
/// and include the version itself. So its distance from the others is larger than that from the model, in proportion to its part
/// of the model.
fn distance_from_others() -> Expr {
    let below = recorded(&recorded::SCORE_BELOW).expr();
    let predictions = recorded(&recorded::PREDICTIONS).expr();
    let of_model = &["model_name", "le"];
    // Most models have no such version, so they are not evaluated.
    let new = predictions.unless(VERSION, recorded(&recorded::PREDICTIONS).offset(YESTERDAY));
    let counts = below
        .and(MODEL, new.clone())
        .with_one(Op::Times, VERSION, &[], predictions.clone());
    let all = sum_by(MODEL, predictions.clone());
    let shares = sum_by(of_model, counts).with_one(Op::DividedBy, MODEL, &[], all.above(0.0));
    let from_model = below.and(VERSION, new).with_one(Op::Minus, of_model, &[], shares).abs();
    let others = others(&all, &predictions).above(NOISE);
    max_by(VERSION, from_model).with(
        Op::Times,
        VERSION,
        others
            .with(Op::Plus, VERSION, predictions)
            .with(Op::DividedBy, VERSION, others),
    )
}

/// The recorded series of a distribution over the values of a label.
struct Balance {
    total: &'static Recorded,
    ratio: &'static Recorded,
    reference: &'static Recorded,
}

const CLASSES: Balance = Balance {
    total: &recorded::CLASSIFIED,
    ratio: &recorded::CLASS_RATIO,
    reference: &recorded::CLASS_REFERENCE,
};
const OUTCOMES: Balance = Balance {
    total: &recorded::OUTCOMES,
    ratio: &recorded::OUTCOME_RATIO,
    reference: &recorded::OUTCOME_REFERENCE,
};

fn balance(
    config: &Config,
    counter: &'static Metric,
    label: &'static str,
    series: &Balance,
) -> Result<Vec<Rule>, GenerateError> {
    let events = metric(counter);
    let by_value_labels = &[VERSION, &[label]].concat()[..];
    let total = recorded(series.total);
    let of_model = sum_by(MODEL, total.clone());
    let other_total = others(&of_model, &total.expr()).above(NOISE);
    // The events, from their recorded shares, so that counters are read only once.
    let events_now = recorded(series.ratio)
        .expr()
        .with_one(Op::Times, VERSION, &[], total.clone());
    let of_value = &["model_name", label];
    let other_events = sum_by(of_value, events_now.clone()).with_many(Op::Minus, of_value, events_now);
    // A value that a version did not have yesterday had a share of 0, if the version existed.
    let yesterday = recorded(series.ratio).offset(YESTERDAY).expr();
    let was_there = total.clone().offset(YESTERDAY).expr().above(0.0);
    let not_yet = recorded(series.ratio).expr().times(0.0).and(VERSION, was_there);
    let other_ratio = other_events.with_one(Op::DividedBy, VERSION, &[], other_total);
    // The only version, without a yesterday, is compared with the model's answers an hour ago, from any version.
    let own = recorded(series.ratio).expr();
    let of_model_then = sum_by(MODEL, total.clone().offset(AN_HOUR_AGO)).above(NOISE);
    let events_then = recorded(series.ratio).offset(AN_HOUR_AGO).expr().with_one(
        Op::Times,
        VERSION,
        &[],
        total.clone().offset(AN_HOUR_AGO),
    );
    let shares_then = sum_by(of_value, events_then).with_one(Op::DividedBy, MODEL, &[], of_model_then.clone());
    let an_hour_ago = own.times(0.0).with_one(Op::Plus, of_value, &[], shares_then);
    let not_then = own.times(0.0).and(MODEL, of_model_then);
    Ok(vec![
        Rule::record(config, series.total, &sum_by(VERSION, events.rate(TEN_MINUTES)))?,
        Rule::record(
            config,
            series.ratio,
            &sum_by(by_value_labels, events.rate(TEN_MINUTES)).with_one(
                Op::DividedBy,
                VERSION,
                &[],
                total.expr().above(0.0),
            ),
        )?,
        Rule::record(
            config,
            series.reference,
            &yesterday
                .or(by_value_labels, not_yet)
                .or(by_value_labels, other_ratio)
                .or(by_value_labels, an_hour_ago)
                .or(by_value_labels, not_then),
        )?,
    ])
}

/// A fault of a feature: its label, its counter, and the share that a model tolerates.
struct Fault {
    label: &'static str,
    counter: &'static Metric,
    limit: fn(&Thresholds) -> f64,
}

const FAULTS: [Fault; 3] = [
    Fault {
        label: MISSING,
        counter: &contract::FEATURE_MISSING,
        limit: |thresholds| thresholds.missing_ratio,
    },
    Fault {
        label: DEFAULTED,
        counter: &contract::FEATURE_DEFAULTED,
        limit: |thresholds| thresholds.defaulted_ratio,
    },
    Fault {
        label: OUT_OF_RANGE,
        counter: &contract::FEATURE_OUT_OF_RANGE,
        limit: |thresholds| thresholds.out_of_range_ratio,
    },
];
pub(super) const MISSING: &str = "missing";
pub(super) const DEFAULTED: &str = "defaulted";
pub(super) const OUT_OF_RANGE: &str = "out_of_range";

/// Faults of features by version, where they exceed what any model tolerates, and how much worse such a version is than the
/// others. A file may have thousands of features, each in several versions, so nothing else is recorded.
fn version_features(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let seen = recorded(&recorded::VERSION_OBSERVATIONS).expr();
    let mut rules = vec![Rule::record(
        config,
        &recorded::VERSION_OBSERVATIONS,
        &sum_by(VERSION_FEATURE, metric(&contract::FEATURE_OBSERVATIONS).rate(QUARTER)),
    )?];
    for fault in &FAULTS {
        let limits = config.models.iter().map(|model| (fault.limit)(&model.thresholds));
        let least = limits.fold((fault.limit)(&Thresholds::default()), f64::min);
        let rate = |labels: &[&str]| sum_by(labels, metric(fault.counter).rate(QUARTER));
        let share = rate(VERSION_FEATURE)
            .with(Op::DividedBy, VERSION_FEATURE, seen.above(0.0))
            .above(least);
        let bad = recorded(&recorded::VERSION_FAULT_RATIO).eq("fault", fault.label).expr();
        let own_seen = seen.and(VERSION_FEATURE, bad.clone());
        let others_seen = sum_by(FEATURE, seen.clone())
            .with_many(Op::Minus, FEATURE, own_seen.clone())
            .above(NOISE);
        let others_bad = rate(FEATURE).with_many(
            Op::Minus,
            FEATURE,
            bad.with(Op::Times, VERSION_FEATURE, own_seen.clone()),
        );
        let excess = bad.with(
            Op::Minus,
            VERSION_FEATURE,
            others_bad.with(Op::DividedBy, VERSION_FEATURE, others_seen.clone()),
        );
        // Two shares of this many observations almost never differ by more than this by chance: four standard errors where they
        // are largest, at shares of a half.
        let both = own_seen.with(Op::Times, VERSION_FEATURE, others_seen.clone()).with(
            Op::DividedBy,
            VERSION_FEATURE,
            own_seen.with(Op::Plus, VERSION_FEATURE, others_seen),
        );
        let chance = number(2.0).divided_by(both.times(QUARTER.as_secs_f64()).square_root());
        for (series, expr) in [
            (&recorded::VERSION_FAULT_RATIO, share),
            (
                &recorded::VERSION_FAULT_EXCESS,
                excess.with(Op::Above, VERSION_FEATURE, chance),
            ),
        ] {
            let mut rule = Rule::record(config, series, &expr)?;
            rule.labels.insert("fault".to_owned(), fault.label.to_owned());
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn features(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let seen = recorded(&recorded::FEATURE_OBSERVATIONS).expr();
    let rate = |counter| sum_by(FEATURE, metric(counter).rate(QUARTER));
    let ratio = |counter| share_of(FEATURE, &or_zero(FEATURE, &rate(counter), &seen), &seen);
    // Some services export the ratio and not the counts. Then the worst replica represents all.
    let gauge = max_by(FEATURE, metric(&contract::FEATURE_MISSING_RATIO));
    let uncounted = gauge.unless(FEATURE, seen.clone());
    let mut rules = vec![
        Rule::record(
            config,
            &recorded::FEATURE_OBSERVATIONS,
            &rate(&contract::FEATURE_OBSERVATIONS),
        )?,
        Rule::record(
            config,
            &recorded::MISSING_RATIO,
            &ratio(&contract::FEATURE_MISSING).or(FEATURE, uncounted),
        )?,
        Rule::record(config, &recorded::DEFAULTED_RATIO, &ratio(&contract::FEATURE_DEFAULTED))?,
    ];
    // A feature without a declared range has no such counter. Its figure comes from the drift job.
    let counted = share_of(FEATURE, &rate(&contract::FEATURE_OUT_OF_RANGE), &seen);
    if config.rollout >= Rollout::Drift {
        // While no exporter reports a model, its last value stays: the baseline did not change when the exporter went.
        let told = max_by(FEATURE, metric(&contract::FEATURE_MISSING_REFERENCE_RATIO));
        let held = recorded(&recorded::MISSING_REFERENCE)
            .expr()
            .unless(MODEL, told.clone());
        rules.push(Rule::record(
            config,
            &recorded::MISSING_REFERENCE,
            &told.or(FEATURE, max_by(FEATURE, held)),
        )?);
        let by_drift_job = max_by(FEATURE, metric(&contract::FEATURE_OUT_OF_RANGE_RATIO));
        rules.push(Rule::record(
            config,
            &recorded::OUT_OF_RANGE_RATIO,
            &counted.or(FEATURE, by_drift_job),
        )?);
        let records = |selector: Selector| sum_by(MODEL, selector.rate(QUARTER));
        let log = metric(&contract::PREDICTION_LOG_RECORDS);
        let all = records(log.clone());
        let dropped = records(log.eq("result", "dropped"));
        rules.push(Rule::record(
            config,
            &recorded::LOG_DROP_RATIO,
            &share_of(MODEL, &or_zero(MODEL, &dropped, &all), &all),
        )?);
        rules.push(Rule::record(
            config,
            &recorded::DRIFT_TRIGGERED,
            // Two exporters that report the same drift count as one.
            &sum_by(MODEL, max_by(FEATURE, metric(&contract::DATA_DRIFT_DETECTED))),
        )?);
    } else {
        rules.push(Rule::record(config, &recorded::OUT_OF_RANGE_RATIO, &counted)?);
    }
    Ok(rules)
}
