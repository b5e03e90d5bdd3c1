//! Records when things were released: a version, its traffic, its features, a pipeline, a baseline, a build of the service.
//!
//! Metrics show what exists, not since when. So each rule here reads its own earlier records. The time at which something was
//! first seen is kept while it exists, and through a quarter of an hour without it, so that a restart is not a release. Things
//! that existed when the rules began are not releases either.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Config;

use super::evidence::since;
use super::labels::{MODEL, VERSION};
use super::rule::Rule;
use crate::error::GenerateError;
use crate::promql::{Expr, Op, Selector, max_by, metric, min_by, recorded, time, word};
use crate::recorded::{self, Recorded};

/// The longest absence after which something is still the same.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// The drift job's exporter may be down for longer.
const BASELINE_MEMORY: Duration = Duration::from_secs(6 * 3600);
/// How long the rules may stand still without starting over.
const WATCHING_MEMORY: Duration = Duration::from_secs(86_400);
/// How long a release is remembered.
const REMEMBERED: Duration = Duration::from_secs(6 * 3600);
/// Below this share of its model's requests, a version has no traffic.
const SOME_TRAFFIC: f64 = 0.01;
/// With fewer requests in five minutes, a model is idle, and shares of its traffic mean nothing.
const BUSY: f64 = 50.0;

/// How long after the rules began everything that existed before has been seen: a scrape of each target, and the rules about it.
pub(crate) fn settled(config: &Config) -> f64 {
    let rounds = 2 * (config.prometheus.scrape_interval + config.prometheus.evaluation_interval);
    rounds.max(Duration::from_secs(90)).as_secs_f64()
}

/// Keeps the times that are later than the beginning of the rules.
pub(crate) fn began(config: &Config, times: &Expr) -> Expr {
    let watching = recorded(&recorded::WATCHING_SINCE).expr().plus(settled(config));
    times.with_one(Op::Above, &[], &[], watching)
}

pub(crate) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let jobs = config.prometheus.jobs.iter().map(|job| job.job.as_str());
    let up = max_by(&[], word("up").one_of("job", jobs));
    let watching = recorded(&recorded::WATCHING_SINCE).over("last_over_time", WATCHING_MEMORY);
    let present = |metric: Selector, series: &'static Recorded| max_by(series.labels, metric);
    let kept = |series: &'static Recorded, memory, there: &Expr| {
        recorded(series)
            .over("last_over_time", memory)
            .and(series.labels, there.clone())
    };
    let mut rules = vec![
        Rule::record(
            config,
            &recorded::WATCHING_SINCE,
            &watching.or(&[], up.times(0.0).plus(time())),
        )?,
        Rule::record(config, &recorded::TRAFFIC_SINCE, &traffic())?,
    ];
    // The process knows when it registered a version, even when nobody scraped it then.
    let version = present(metric(&contract::MODEL_INFO), &recorded::VERSION_SINCE);
    let registered = min_by(VERSION, metric(&contract::MODEL_REGISTERED_TIMESTAMP));
    rules.push(Rule::record(
        config,
        &recorded::VERSION_SINCE,
        &kept(&recorded::VERSION_SINCE, MEMORY, &version)
            .or(VERSION, registered)
            .or(VERSION, version.times(0.0).plus(time())),
    )?);
    for (series, info, memory) in [
        (
            &recorded::FEATURES_SINCE,
            metric(&contract::MODEL_FEATURES_INFO),
            MEMORY,
        ),
        (
            &recorded::PIPELINE_SINCE,
            metric(&contract::FEATURE_PIPELINE_INFO),
            MEMORY,
        ),
        (
            &recorded::BASELINE_SINCE,
            metric(&contract::DRIFT_BASELINE_INFO),
            BASELINE_MEMORY,
        ),
        (&recorded::SERVICE_SINCE, metric(&contract::SERVICE_INFO), MEMORY),
    ] {
        let there = present(info, series);
        let since = since(recorded(series), series.labels, memory, &there, &there);
        rules.push(Rule::record(config, series, &since)?);
    }
    rules.push(Rule::record(config, &recorded::RELEASE, &events(config))?);
    Ok(rules)
}

/// Since when a version has a share of the traffic. Nothing changes while the model is idle.
fn traffic() -> Expr {
    let requests = || recorded(&recorded::MODEL_REQUESTS).expr();
    let busy = requests().times(300.0).above(BUSY);
    let has = recorded(&recorded::VERSION_SHARE)
        .expr()
        .above(SOME_TRAFFIC)
        .and(MODEL, busy.clone());
    let known = recorded(&recorded::TRAFFIC_SINCE).over("last_over_time", MEMORY);
    let idle = known.and(MODEL, requests()).unless(MODEL, busy);
    known
        .and(VERSION, has.clone())
        .or(VERSION, idle)
        .or(VERSION, has.times(0.0).plus(time()))
}

/// Each release, with its kind and its name.
fn events(config: &Config) -> Expr {
    let late = |series| {
        let times = recorded(series).expr();
        began(config, &times.above(time().minus(REMEMBERED.as_secs_f64())))
    };
    let of = |series, kind: &str, release: &str| {
        let named = late(series).renamed("release", release).labelled("kind", kind);
        max_by(&["model_name", "kind", "release"], named)
    };
    // A build without a revision must not end in a space.
    let service = late(&recorded::SERVICE_SINCE)
        .joined("release", " ", &["service_version", "revision"])
        .relabelled("release", "$1", "release", "(.*[^ ]) *")
        .labelled("kind", "service");
    [
        of(&recorded::TRAFFIC_SINCE, "traffic", "model_version"),
        of(&recorded::FEATURES_SINCE, "features", "features_digest"),
        of(&recorded::PIPELINE_SINCE, "pipeline", "pipeline_version"),
        of(&recorded::BASELINE_SINCE, "baseline", "baseline_version"),
        max_by(&["job", "kind", "release"], service),
    ]
    .into_iter()
    .fold(of(&recorded::VERSION_SINCE, "version", "model_version"), |all, more| {
        all.or(recorded::RELEASE.labels, more)
    })
}
