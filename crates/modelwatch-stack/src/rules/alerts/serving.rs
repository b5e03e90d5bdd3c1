//! Is the serving path healthy? Latency, errors, saturation, traffic.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, prometheus_duration};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, max_by, metric, recorded, sum_by};
use crate::recorded;
use crate::rules::alert::{
    Alert, MINUTE, Severity, Tested, hero, labelled, over_and_back, own, percent, place, serving_team, settings, tidy,
};
use crate::rules::case::Case;
use crate::rules::labels::{MODEL, ROUTE};
use crate::rules::models::{Models, only, share};
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, TIME, VALUE};

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    rules.extend(latency(config)?);
    rules.extend(errors(config)?);
    rules.extend(saturation(config)?);
    rules.extend(traffic_gone(config)?);
    Ok(rules)
}

/// Series that saw at least so many requests in five minutes.
fn enough(scope: &Models, minimum: u64) -> Expr {
    let requests = scope.of(recorded(&recorded::REQUESTS)).expr();
    requests.times(300.0).at_least(minimum as f64)
}

/// So many events a minute are enough for anything that asks for `minimum` in five.
fn plenty(minimum: u64) -> f64 {
    minimum as f64
}

fn latency(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model| {
        let (minimum, team, job) = settings(|thresholds| thresholds.minimum_requests, serving_team)(model);
        (minimum, team, job, model.latency_p95)
    };
    let rules = share(config, setting).into_iter().map(|shared| {
        let (minimum, team, job, limit) = shared.setting;
        let p95 = shared.scope.of(recorded(&recorded::LATENCY_P95)).expr();
        Alert {
            known: &known::HIGH_LATENCY,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: p95
                .above(limit.as_secs_f64())
                .and(ROUTE, enough(&shared.scope, minimum)),
            for_: 10 * MINUTE,
            labels: ROUTE,
            summary: "p95 inference latency is above its objective",
            description: place(config, ROUTE)
                + ": 95% of requests take up to "
                + TIME
                + "; the objective is "
                + prometheus_duration(limit)
                + ". Measured over 5 minutes, for at least 10 minutes.",
            query: own(recorded(&recorded::LATENCY_P95), &["model_name"]).expr(),
            case: latency_case(hero(&shared.models), limit.as_secs_f64(), minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// 96 of 100 requests keep the objective, then half of them; a version with few requests keeps it in none.
fn latency_case(model: &str, limit: f64, minimum: u64) -> Case {
    let all = plenty(minimum);
    let within = [(0.96 * all, 30), (0.5 * all, 30), (all, 60)];
    let total = [(all, 120)];
    let few = [(0.1 * all, 120)];
    let bucket = |version, le: &str, phases: &[(f64, usize)]| {
        let labels = [
            ("model_name", model),
            ("model_version", version),
            ("route", "/predict"),
            ("le", le),
        ];
        Series::counter("ml_inference_latency_seconds_bucket", &labels, phases)
    };
    let (edge, next) = (tidy(limit).to_string(), tidy(limit * 2.0).to_string());
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            bucket("v1", &edge, &within),
            bucket("v1", &next, &total),
            bucket("v1", "+Inf", &total),
            bucket("v-few", &edge, &[(0.0, 120)]),
            bucket("v-few", &next, &few),
            bucket("v-few", "+Inf", &few),
            counted(model, "v1", "success", &total),
            counted(model, "v-few", "success", &few),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1"), ("route", "/predict")]),
        quiet: vec![30, 40],
        fires_at: 41,
        resolved_at: 70,
    }
}

fn counted(model: &str, version: &str, status: &str, phases: &[(f64, usize)]) -> Series {
    let labels = [
        ("model_name", model),
        ("model_version", version),
        ("route", "/predict"),
        ("status", status),
    ];
    Series::counter(contract::INFERENCE_REQUESTS.name, &labels, phases)
}

/// A version whose errors go over the threshold, and one with few requests, all of which fail.
fn error_case(model: &str, limit: f64, minimum: u64) -> Case {
    let (bad, good) = over_and_back(limit, plenty(minimum), 30);
    let few = [(0.1 * plenty(minimum), 180)];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            counted(model, "v1", "error", &bad),
            counted(model, "v1", "success", &good),
            counted(model, "v-few", "error", &few),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1"), ("route", "/predict")]),
        quiet: vec![30, 40],
        fires_at: 41,
        resolved_at: 66,
    }
}

fn errors(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.error_ratio, thresholds.minimum_requests),
        serving_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let ratio = shared.scope.of(recorded(&recorded::ERROR_RATIO)).expr();
        Alert {
            known: &known::HIGH_ERROR_RATE,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: ratio.above(limit).and(ROUTE, enough(&shared.scope, minimum)),
            for_: 10 * MINUTE,
            labels: ROUTE,
            summary: "The share of failing requests is too high",
            description: place(config, ROUTE)
                + ": "
                + PERCENT
                + " of requests fail; the threshold is "
                + percent(limit)
                + ". Measured over 5 minutes, for at least 10 minutes.",
            query: own(recorded(&recorded::ERROR_RATIO), &["model_name"]).expr(),
            case: error_case(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

fn saturation(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    let in_flight = settings(|thresholds| thresholds.in_flight, serving_team);
    for shared in share(config, in_flight) {
        let (limit, team, job) = shared.setting;
        let by_replica = sum_by(
            &["model_name", "instance"],
            shared.scope.of(metric(&contract::INFERENCE_IN_FLIGHT)),
        );
        let alert = Alert {
            known: &known::IN_FLIGHT_HIGH,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: max_by(MODEL, by_replica).above(limit),
            for_: 10 * MINUTE,
            labels: MODEL,
            summary: "A replica has too many requests in flight",
            description: place(config, MODEL)
                + ": the busiest replica has "
                + VALUE
                + " requests in flight; the threshold is "
                + limit.to_string()
                + ". For at least 10 minutes.",
            query: sum_by(
                &["instance", "model_version"],
                own(metric(&contract::INFERENCE_IN_FLIGHT), MODEL),
            ),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                // Two replicas below the threshold are together above it.
                series: vec![
                    gauge(
                        &contract::INFERENCE_IN_FLIGHT,
                        hero(&shared.models),
                        "a",
                        &[(0.9 * limit, 30), (2.0 * limit, 20), (0.0, 30)],
                    ),
                    gauge(
                        &contract::INFERENCE_IN_FLIGHT,
                        hero(&shared.models),
                        "b",
                        &[(0.9 * limit, 80)],
                    ),
                ],
                fires: labelled(&[("model_name", hero(&shared.models))]),
                quiet: vec![29, 39],
                fires_at: 40,
                resolved_at: 50,
            },
        };
        rules.push(alert.rule(config)?);
    }
    let queue = settings(|thresholds| thresholds.queue_depth, serving_team);
    for shared in share(config, queue) {
        let (limit, team, job) = shared.setting;
        let depth = shared.scope.of(metric(&contract::INFERENCE_QUEUE_DEPTH));
        let alert = Alert {
            known: &known::QUEUE_DEEP,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: max_by(MODEL, depth).above(limit),
            for_: 5 * MINUTE,
            labels: MODEL,
            summary: "Requests queue for the model",
            description: place(config, MODEL)
                + ": "
                + VALUE
                + " requests wait on one replica; the threshold is "
                + limit.to_string()
                + ". For at least 5 minutes.",
            query: max_by(&["instance"], own(metric(&contract::INFERENCE_QUEUE_DEPTH), MODEL)),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                series: vec![gauge(
                    &contract::INFERENCE_QUEUE_DEPTH,
                    hero(&shared.models),
                    "a",
                    &[(0.9 * limit, 30), (2.0 * limit, 20), (0.0, 30)],
                )],
                fires: labelled(&[("model_name", hero(&shared.models))]),
                quiet: vec![29, 34],
                fires_at: 35,
                resolved_at: 50,
            },
        };
        rules.push(alert.rule(config)?);
    }
    Ok(rules)
}

fn gauge(metric: &Metric, model: &str, instance: &str, phases: &[(f64, usize)]) -> Series {
    Series::gauge(metric.name, &[("model_name", model), ("instance", instance)], phases)
}

/// A model that had traffic over the last hours and has none now, be its series at zero or gone.
fn traffic_gone(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model| {
        let setting = settings(|thresholds| thresholds.minimum_requests, serving_team)(model);
        model.expect_traffic.then_some(setting)
    };
    let rules = only(config, setting).into_iter().map(|shared| {
        let (minimum, team, job) = shared.setting;
        let requests = || shared.scope.of(recorded(&recorded::MODEL_REQUESTS));
        let before = requests()
            .offset(10 * MINUTE)
            .over("avg_over_time", Duration::from_secs(6 * 3600));
        Alert {
            known: &known::TRAFFIC_GONE,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: before
                .times(300.0)
                .at_least(minimum as f64)
                .unless(MODEL, requests().expr().above(0.0)),
            for_: 10 * MINUTE,
            labels: MODEL,
            summary: "A model gets no requests any more",
            description: place(config, MODEL)
                + ": no request for 10 minutes; over the 6 hours before there were "
                + VALUE
                + " in 5 minutes on average, and at least "
                + minimum.to_string()
                + " count as traffic.",
            query: own(recorded(&recorded::MODEL_REQUESTS), MODEL).expr(),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                // Little traffic that ends is no fault; much that ends is.
                series: vec![counted(
                    hero(&shared.models),
                    "v1",
                    "success",
                    &[
                        (0.1 * plenty(minimum), 60),
                        (0.0, 30),
                        (20.0 * plenty(minimum), 60),
                        (0.0, 40),
                        (plenty(minimum), 30),
                    ],
                )],
                fires: labelled(&[("model_name", hero(&shared.models))]),
                quiet: vec![89, 150, 160],
                fires_at: 166,
                resolved_at: 192,
            },
        }
        .rule(config)
    });
    rules.collect()
}
