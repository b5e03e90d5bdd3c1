//! Recording rules: the definitions that alerts and dashboards share.
//!
//! Ratios are of sums over replicas, never averages of ratios. What is compared with a threshold exists before the first
//! error (as 0) and does not exist without traffic (rather than as NaN).

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout};

use super::evidence;
use super::histograms::Histogram;
use super::labels::{FEATURE, MODEL, REPLICA, ROUTE, VERSION, VERSION_FEATURE};
use super::models::share;
use super::releases;
use super::rule::{Group, Rule};
use super::shares::{matched, or_zero, share_of};
use crate::error::GenerateError;
use crate::promql::{Expr, Op, Selector, max_by, metric, number, recorded, sum_by};
use crate::recorded::{self, Recorded};

const MINUTE: Duration = Duration::from_secs(60);
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
const QUARTER: Duration = Duration::from_secs(15 * 60);
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);
const HALF_HOUR: Duration = Duration::from_secs(30 * 60);
const LATENCY: Histogram = Histogram {
    of: &contract::INFERENCE_LATENCY,
    window: FIVE_MINUTES,
};
const SCORES: Histogram = Histogram {
    of: &contract::PREDICTION_SCORE,
    window: TEN_MINUTES,
};
/// What a shift is measured against.
const YESTERDAY: Duration = Duration::from_secs(86_400);
const LAST_WEEK: Duration = Duration::from_secs(7 * 86_400);
const AN_HOUR_AGO: Duration = Duration::from_secs(3600);
/// A quantile over fewer events per second than one in a quarter of an hour is a remainder of subtracting floats.
const NOISE: f64 = 0.001;

pub(crate) fn groups(config: &Config) -> Result<Vec<Group>, GenerateError> {
    let interval = config.prometheus.evaluation_interval;
    let mut counts = evidence::counts(config)?;
    if config.rollout >= Rollout::ReleaseAware {
        counts.extend(evidence::versions(config)?);
    }
    let mut groups = vec![
        Group::new(config, "recording-rules", Some(interval), serving(config)?),
        Group::new(
            config,
            "recording-rules-usual",
            Some(interval.max(2 * MINUTE)),
            evidence::usual(config)?,
        ),
        Group::new(config, "recording-rules-now", Some(interval), counts),
        Group::new(
            config,
            "recording-rules-releases",
            Some(interval),
            releases::rules(config)?,
        ),
    ];
    if config.rollout >= Rollout::ModelAware {
        groups.push(Group::new(
            config,
            "recording-rules-predictions",
            Some(interval.max(MINUTE)),
            predictions(config)?,
        ));
        groups.push(Group::new(
            config,
            "recording-rules-features",
            Some(interval.max(MINUTE)),
            features(config)?,
        ));
    }
    if config.rollout >= Rollout::ReleaseAware {
        groups.push(Group::new(
            config,
            "recording-rules-versions",
            Some(interval),
            versions(config)?,
        ));
        let (short, long) = objectives(config)?;
        groups.push(Group::new(config, "recording-rules-objectives", Some(interval), short));
        groups.push(Group::new(
            config,
            "recording-rules-objectives-long",
            Some(interval.max(2 * MINUTE)),
            long,
        ));
    }
    Ok(groups)
}

fn serving(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let requests = metric(&contract::INFERENCE_REQUESTS);
    let failed = sum_by(ROUTE, requests.clone().eq("status", "error").rate(FIVE_MINUTES));
    let rps = recorded(&recorded::REQUESTS).expr();
    let mistaken = |labels: &[&str]| {
        matched(labels, |narrowed| {
            let mistakes = metric(&contract::INFERENCE_REQUESTS).eq("status", "client_error");
            let all = sum_by(labels, narrowed(recorded(&recorded::REQUESTS)));
            let mistakes = or_zero(labels, &sum_by(labels, narrowed(mistakes).rate(FIVE_MINUTES)), &all);
            share_of(labels, &mistakes, &all)
        })
    };
    let of_model = |series: &'static Recorded| matched(MODEL, |narrowed| sum_by(MODEL, narrowed(recorded(series))));
    let latency = |at| LATENCY.quantile(at, ROUTE);
    let of_versions = |series: &'static Recorded| sum_by(VERSION, recorded(series));
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
        Rule::record(config, &recorded::VERSION_REQUESTS, &of_versions(&recorded::REQUESTS))?,
        Rule::record(config, &recorded::VERSION_ERRORS, &of_versions(&recorded::ERRORS))?,
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
        Rule::record(config, &recorded::CLIENT_ERROR_RATIO, &mistaken(VERSION))?,
        Rule::record(config, &recorded::MODEL_CLIENT_ERROR_RATIO, &mistaken(MODEL))?,
        Rule::record(
            config,
            &recorded::REPLICA_REQUESTS,
            &sum_by(REPLICA, requests.rate(FIVE_MINUTES)),
        )?,
        Rule::record(
            config,
            &recorded::REPLICA_ERRORS,
            &or_zero(
                REPLICA,
                &sum_by(REPLICA, requests.eq("status", "error").rate(FIVE_MINUTES)),
                &recorded(&recorded::REPLICA_REQUESTS).expr(),
            ),
        )?,
        Rule::record(config, &recorded::REPLICA_LATENCY, &LATENCY.mean(REPLICA))?,
        Rule::record(config, &recorded::LATENCY_P50, &latency(0.5))?,
        Rule::record(config, &recorded::LATENCY_P95, &latency(0.95))?,
        Rule::record(config, &recorded::LATENCY_P99, &latency(0.99))?,
    ])
}

/// The whole model's figure less the version's own: what the other versions do together.
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

/// Burn rates, of sloth's shape. Windows above five minutes are sums over the recorded five-minute rates: the ratio of two
/// sums of equally many samples, and few series rather than days of raw ones. Those of two hours and more come
/// second, for they need not be looked at as often.
fn objectives(config: &Config) -> Result<(Vec<Rule>, Vec<Rule>), GenerateError> {
    let requests = recorded(&recorded::MODEL_REQUESTS);
    let mut short = Vec::new();
    let mut long = Vec::new();
    for shared in share(config, |model| model.latency_p95) {
        let slow = matched(MODEL, |narrowed| {
            LATENCY.above(shared.setting.as_secs_f64(), MODEL, |series| {
                narrowed(shared.scope.of(series))
            })
        });
        short.push(Rule::record(config, &recorded::MODEL_SLOW, &slow)?);
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
            let rules = if window < Duration::from_secs(2 * 3600) {
                &mut short
            } else {
                &mut long
            };
            rules.push(Rule::record(config, series, &ratio)?);
        }
    }
    Ok((short, long))
}

type Windows = [(&'static Recorded, Duration); 7];

const AVAILABILITY_WINDOWS: Windows = [
    (&recorded::AVAILABILITY_5M, FIVE_MINUTES),
    (&recorded::AVAILABILITY_30M, HALF_HOUR),
    (&recorded::AVAILABILITY_1H, Duration::from_secs(3600)),
    (&recorded::AVAILABILITY_2H, Duration::from_secs(2 * 3600)),
    (&recorded::AVAILABILITY_6H, Duration::from_secs(6 * 3600)),
    (&recorded::AVAILABILITY_1D, Duration::from_secs(86_400)),
    (&recorded::AVAILABILITY_3D, Duration::from_secs(3 * 86_400)),
];
const LATENCY_WINDOWS: Windows = [
    (&recorded::SLOW_5M, FIVE_MINUTES),
    (&recorded::SLOW_30M, HALF_HOUR),
    (&recorded::SLOW_1H, Duration::from_secs(3600)),
    (&recorded::SLOW_2H, Duration::from_secs(2 * 3600)),
    (&recorded::SLOW_6H, Duration::from_secs(6 * 3600)),
    (&recorded::SLOW_1D, Duration::from_secs(86_400)),
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

/// How far the distributions of the versions' scores are from others: the largest difference of shares up to one edge, which is
/// what Kolmogorov and Smirnov compare. One value for all, and two heaps about the old median, are far.
fn distance(from: &Expr) -> Expr {
    let own = recorded(&recorded::SCORE_BELOW).expr();
    max_by(VERSION, own.with(Op::Minus, EDGE, from.clone()).abs())
}

/// From a day or a week ago, whichever is nearer: what comes each week is no change. A version without a yesterday is compared with
/// the others.
fn distance_from_reference() -> Expr {
    let own = recorded(&recorded::SCORE_BELOW);
    let ago = |ago| distance(&own.clone().offset(ago).expr());
    // Shares by how many they are of: the sum over the model less the version's own.
    let counts = own
        .expr()
        .with_one(Op::Times, VERSION, &[], recorded(&recorded::PREDICTIONS));
    let predictions = recorded(&recorded::PREDICTIONS).expr();
    let of_model = sum_by(&["model_name", "le"], counts.clone());
    let others_predictions = others(&sum_by(MODEL, predictions.clone()), &predictions).above(NOISE);
    let of_others = of_model.with_many(Op::Minus, &["model_name", "le"], counts).with_one(
        Op::DividedBy,
        VERSION,
        &[],
        others_predictions,
    );
    ago(YESTERDAY)
        .or_less(VERSION, ago(LAST_WEEK))
        .or(VERSION, distance(&of_others))
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
    let by_value = |labels: &[&'static str]| {
        let labels = [labels, &[label]].concat();
        sum_by(&labels, events.rate(TEN_MINUTES))
    };
    let total = recorded(series.total);
    let of_model = sum_by(MODEL, total.clone());
    let other_total = others(&of_model, &total.expr()).above(NOISE);
    let other_events = by_value(MODEL).with_many(Op::Minus, &["model_name", label], by_value(VERSION));
    // A value that a version did not have yesterday had a share of 0, if the version was there.
    let yesterday = recorded(series.ratio).offset(YESTERDAY).expr();
    let was_there = total.clone().offset(YESTERDAY).expr().above(0.0);
    let not_yet = recorded(series.ratio).expr().times(0.0).and(VERSION, was_there);
    let other_ratio = other_events.with_one(Op::DividedBy, VERSION, &[], other_total);
    Ok(vec![
        Rule::record(config, series.total, &sum_by(VERSION, events.rate(TEN_MINUTES)))?,
        Rule::record(
            config,
            series.ratio,
            &by_value(VERSION).with_one(Op::DividedBy, VERSION, &[], total.expr().above(0.0)),
        )?,
        Rule::record(
            config,
            series.reference,
            &yesterday.or(by_value_labels, not_yet).or(by_value_labels, other_ratio),
        )?,
    ])
}

/// A fault of a feature, as its label says, and what counts it.
const FAULTS: [(&str, &Metric); 3] = [
    (MISSING, &contract::FEATURE_MISSING),
    (DEFAULTED, &contract::FEATURE_DEFAULTED),
    (OUT_OF_RANGE, &contract::FEATURE_OUT_OF_RANGE),
];
pub(super) const MISSING: &str = "missing";
pub(super) const DEFAULTED: &str = "defaulted";
pub(super) const OUT_OF_RANGE: &str = "out_of_range";

/// Faults of features by version, and from them how far a version is worse than the others. Counters are read once, here:
/// everything else about features is made of these.
fn version_features(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let seen = recorded(&recorded::VERSION_OBSERVATIONS).expr();
    let others_seen = recorded(&recorded::OTHERS_OBSERVATIONS).expr();
    let mut rules = vec![
        Rule::record(
            config,
            &recorded::VERSION_OBSERVATIONS,
            &sum_by(VERSION_FEATURE, metric(&contract::FEATURE_OBSERVATIONS).rate(QUARTER)),
        )?,
        Rule::record(
            config,
            &recorded::OTHERS_OBSERVATIONS,
            &sum_by(FEATURE, seen.clone())
                .with_many(Op::Minus, FEATURE, seen.clone())
                .above(NOISE),
        )?,
    ];
    // Two shares of so many observations are no further apart by chance than this, nearly ever: four standard errors where
    // they are largest, of shares of a half.
    let both = seen
        .times(others_seen.clone())
        .divided_by(seen.plus(others_seen.clone()));
    let chance = number(2.0).divided_by(both.times(QUARTER.as_secs_f64()).square_root());
    for (fault, counter) in FAULTS {
        let bad = recorded(&recorded::VERSION_FAULTS).eq("fault", fault).expr();
        let own = bad.with(Op::DividedBy, VERSION_FEATURE, seen.clone());
        let others = sum_by(FEATURE, bad.clone()).with_many(Op::Minus, FEATURE, bad.clone());
        let excess = own.with(
            Op::Minus,
            VERSION_FEATURE,
            others.with(Op::DividedBy, VERSION_FEATURE, others_seen.clone()),
        );
        for (series, expr) in [
            (
                &recorded::VERSION_FAULTS,
                sum_by(VERSION_FEATURE, metric(counter).rate(QUARTER)).above(0.0),
            ),
            (
                &recorded::VERSION_FAULT_EXCESS,
                excess.with(Op::Above, VERSION_FEATURE, chance.clone()),
            ),
        ] {
            let mut rule = Rule::record(config, series, &expr)?;
            rule.labels.insert("fault".to_owned(), fault.to_owned());
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn features(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let seen = recorded(&recorded::FEATURE_OBSERVATIONS).expr();
    let faults = |fault: &str| sum_by(FEATURE, recorded(&recorded::VERSION_FAULTS).eq("fault", fault));
    let ratio = |fault: &str| share_of(FEATURE, &or_zero(FEATURE, &faults(fault), &seen), &seen);
    // Some services tell the ratio and not the counts; then the worst replica stands for all.
    let gauge = max_by(FEATURE, metric(&contract::FEATURE_MISSING_RATIO));
    let uncounted = gauge.unless(FEATURE, seen.clone());
    let mut rules = version_features(config)?;
    rules.extend([
        Rule::record(
            config,
            &recorded::FEATURE_OBSERVATIONS,
            &sum_by(FEATURE, recorded(&recorded::VERSION_OBSERVATIONS)),
        )?,
        Rule::record(config, &recorded::MISSING_RATIO, &ratio(MISSING).or(FEATURE, uncounted))?,
        Rule::record(config, &recorded::DEFAULTED_RATIO, &ratio(DEFAULTED))?,
    ]);
    // A feature without a declared range has no such counter, and its figure is the drift job's.
    let declared = sum_by(FEATURE, metric(&contract::FEATURE_OUT_OF_RANGE)).times(0.0);
    let out_of_range = faults(OUT_OF_RANGE).or(FEATURE, declared);
    let counted = share_of(FEATURE, &out_of_range, &seen);
    if config.rollout >= Rollout::Drift {
        // While no exporter says anything of a model, what the last one said goes on: the baseline did not change with it.
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
            // Two exporters that tell the same are still one drift.
            &sum_by(MODEL, max_by(FEATURE, metric(&contract::DATA_DRIFT_DETECTED))),
        )?);
    } else {
        rules.push(Rule::record(config, &recorded::OUT_OF_RANGE_RATIO, &counted)?);
    }
    Ok(rules)
}
