//! Is one version worse than the others? The version with the smaller share of the traffic is the one to take back.

use modelwatch::contract;
use modelwatch_config::{Config, Rollout};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, recorded};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Severity, Tested, hero, labelled, over_and_back, own, percent, place, serving_team,
    settings, tidy,
};
use crate::rules::case::Case;
use crate::rules::labels::{MODEL, VERSION};
use crate::rules::models::{Models, share};
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, VALUE};

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ReleaseAware {
        return Ok(rules);
    }
    rules.extend(errors(config)?);
    rules.extend(latency(config)?);
    Ok(rules)
}

/// Versions with less than half of the traffic, and with so many events in five minutes.
fn canaries(scope: &Models, events: &'static Recorded, minimum: u64) -> Expr {
    let share = scope.of(recorded(&recorded::VERSION_SHARE)).expr().below(0.5);
    let events = scope.of(recorded(events)).expr();
    share.and(VERSION, events.times(300.0).at_least(minimum as f64))
}

fn errors(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.canary_error_ratio, thresholds.minimum_errors),
        serving_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        Alert {
            known: &known::CANARY_ERRORS,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: of(&recorded::VERSION_ERROR_RATIO)
                .minus(of(&recorded::OTHERS_ERROR_RATIO))
                .above(limit)
                .and(VERSION, canaries(&shared.scope, &recorded::VERSION_ERRORS, minimum)),
            for_: 5 * MINUTE,
            keep: HOVERS,
            labels: VERSION,
            summary: "A version fails more often than the others",
            description: place(config, VERSION)
                + ": the share of failing requests is "
                + PERCENT
                + " above that of the model's other versions; the threshold is "
                + percent(limit)
                + ". Measured over 5 minutes, for at least 5 minutes.",
            query: own(recorded(&recorded::VERSION_ERROR_RATIO), MODEL).expr(),
            case: error_case(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

fn latency(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model| {
        let setting = settings(
            |thresholds| (thresholds.canary_latency_factor, thresholds.minimum_requests),
            serving_team,
        )(model);
        (setting, model.latency_p95)
    };
    let rules = share(config, setting).into_iter().map(|shared| {
        let (((factor, minimum), team, job), objective) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        let own_p95 = of(&recorded::VERSION_LATENCY_P95);
        let others = of(&recorded::OTHERS_LATENCY_P95);
        // Twice of next to nothing is next to nothing.
        let matters = tidy(objective.as_secs_f64() / 10.0);
        Alert {
            known: &known::CANARY_LATENCY,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: own_p95
                .divided_by(others.clone())
                .above(factor)
                .and(VERSION, own_p95.minus(others).above(matters))
                .and(VERSION, canaries(&shared.scope, &recorded::VERSION_REQUESTS, minimum)),
            for_: 10 * MINUTE,
            keep: HOVERS,
            labels: VERSION,
            summary: "A version is slower than the others",
            description: place(config, VERSION)
                + ": its p95 latency is "
                + VALUE
                + " times that of the model's other versions; the threshold is "
                + factor.to_string()
                + " times and "
                + matters.to_string()
                + " s more. Measured over 5 minutes, for at least 10 minutes.",
            query: own(recorded(&recorded::VERSION_LATENCY_P95), MODEL).expr(),
            case: latency_case(hero(&shared.models), factor, objective.as_secs_f64(), minimum),
        }
        .rule(config)
    });
    rules.collect()
}

fn series(metric: &str, model: &str, version: &str, extra: (&str, &str), phases: &[(f64, usize)]) -> Series {
    let labels = [
        ("model_name", model),
        ("model_version", version),
        ("route", "/predict"),
        extra,
    ];
    Series::counter(metric, &labels, phases)
}

/// A version with most of the traffic and no errors; one whose errors exceed that by less, then by more than the threshold.
fn error_case(model: &str, limit: f64, minimum: u64) -> Case {
    let name = contract::INFERENCE_REQUESTS.name;
    let (bad, good) = over_and_back(limit, minimum as f64, 20);
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            series(
                name,
                model,
                "stable",
                ("status", "success"),
                &[(1e6 * minimum as f64, 170)],
            ),
            series(name, model, "canary", ("status", "error"), &bad),
            series(name, model, "canary", ("status", "success"), &good),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "canary")]),
        quiet: vec![30, 35],
        fires_at: 36,
        resolved_at: Some(56),
    }
}

/// Two versions that are as quick as each other; then one takes many times as long.
fn latency_case(model: &str, factor: f64, objective: f64, minimum: u64) -> Case {
    let all = minimum as f64;
    let edges = [0.5, 2.0 * factor, 4.0 * factor].map(|times| tidy(objective * times).to_string());
    let mut all_series = Vec::new();
    for (version, rate, quick) in [
        (
            "stable",
            10.0 * all,
            [(10.0 * all, 100), (10.0 * all, 1), (10.0 * all, 9)],
        ),
        ("canary", all, [(all, 30), (0.0, 30), (all, 50)]),
    ] {
        let total = [(rate, 110)];
        let bucket = "ml_inference_latency_seconds_bucket";
        let requests = contract::INFERENCE_REQUESTS.name;
        all_series.push(series(requests, model, version, ("status", "success"), &total));
        all_series.push(series(bucket, model, version, ("le", &edges[0]), &quick));
        all_series.push(series(bucket, model, version, ("le", &edges[1]), &quick));
        all_series.push(series(bucket, model, version, ("le", &edges[2]), &total));
        all_series.push(series(bucket, model, version, ("le", "+Inf"), &total));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series: all_series,
        fires: labelled(&[("model_name", model), ("model_version", "canary")]),
        quiet: vec![30, 40],
        fires_at: 41,
        resolved_at: Some(66),
    }
}
