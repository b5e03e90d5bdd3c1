//! Is one version worse than the others? The version with the smaller share of the traffic is the one to roll back.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Rollout};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Expr, Op, max_by, recorded};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Severity, Tested, hero, labelled, over_and_back, percent, place, serving_team, settings,
};
use crate::rules::case::{Case, firing};
use crate::rules::evidence::{Bad, ERRORS, SLOW, SLOW_EXCESS, slower};
use crate::rules::labels::own;
use crate::rules::labels::{MODEL, VERSION};
use crate::rules::models::{Models, share};
use crate::rules::story::Series;
use crate::rules::text::tidy;
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

/// Versions with less than half of the traffic, and with at least `minimum` events in five minutes.
fn canaries(scope: &Models, events: &'static Recorded, minimum: u64) -> Expr {
    let share = scope.of(recorded(&recorded::VERSION_SHARE)).expr().below(0.5);
    let events = scope.of(recorded(events)).expr();
    share.and(VERSION, events.times(300.0).at_least(minimum as f64))
}

/// The evidence needed once, and on average over ten minutes. Both are equally strong.
const EVIDENCE: f64 = 4.0;
const LASTING_EVIDENCE: f64 = 2.2;
/// How long to remember how much slower a version was than the others.
const HOUR: Duration = Duration::from_secs(3600);
/// With fewer slow requests, the share is not judged.
const SLOW_AT_LEAST: f64 = 20.0;

/// A version with less than half of the traffic that is bad more often than the others at the same time, by at least `excess`. It
/// fires at once if chance can't explain it, or over ten minutes if it has little traffic. Trouble of all versions is no
/// version's fault, so bursts do not fire.
fn worse(bad: &Bad, known: &KnownAlert, scope: &Models, excess: f64, least: f64) -> Expr {
    let of = |series| scope.of(recorded(series));
    let more = of(bad.more).expr();
    let minority = of(&recorded::VERSION_SHARE).expr().below(0.5);
    let at_once = more
        .above(excess)
        .and(VERSION, of(bad.versus_others).expr().above(EVIDENCE))
        .and(VERSION, of(bad.lately).expr().at_least(least));
    // Ten minutes contain three and a third counts of three minutes each.
    let mean = |series| of(series).over("avg_over_time", 10 * MINUTE);
    let looks = of(&recorded::VERSION_REQUESTS_LATELY).over("count_over_time", 10 * MINUTE);
    let evidence = of(bad.versus_others)
        .over("sum_over_time", 10 * MINUTE)
        .with(Op::DividedBy, VERSION, looks);
    let over_ten_minutes = mean(bad.ratio)
        .with(Op::Minus, VERSION, mean(bad.others))
        .above(excess)
        .and(VERSION, evidence.above(LASTING_EVIDENCE))
        .and(VERSION, mean(bad.lately).times(10.0 / 3.0).at_least(least))
        .and(VERSION, more.above(tidy(excess / 2.0)));
    at_once.or(VERSION, over_ten_minutes).and(VERSION, minority).or(
        VERSION,
        more.above(tidy(excess / 2.0)).and(VERSION, still(scope, known)),
    )
}

/// A version whose alert fires and that is still bad, although it has taken over the traffic and there is nothing left to compare
/// it with. Without this, the same trouble would fire again as more than usual.
fn alone(bad: &Bad, known: &KnownAlert, scope: &Models, excess: f64) -> Expr {
    let of = |series| scope.of(recorded(series));
    of(bad.ratio)
        .expr()
        .above(tidy(excess / 2.0))
        .and(VERSION, still(scope, known))
        .unless(VERSION, of(bad.others))
}

fn still(scope: &Models, known: &KnownAlert) -> Expr {
    max_by(VERSION, scope.of(firing([("alertname", known.name)])))
}

fn errors(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.canary_error_ratio, thresholds.minimum_errors),
        serving_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        Alert {
            known: &known::CANARY_ERRORS,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: worse(&ERRORS, &known::CANARY_ERRORS, &shared.scope, limit, minimum as f64)
                .or(VERSION, alone(&ERRORS, &known::CANARY_ERRORS, &shared.scope, limit)),
            for_: Duration::ZERO,
            keep: HOVERS,
            labels: VERSION,
            summary: "A version fails more often than the others",
            description: place(config, VERSION)
                + ": the share of failing requests is "
                + PERCENT
                + " above that of the model's other versions; the threshold is "
                + percent(limit)
                + ". Measured over 3 minutes, or over 10 where it has little traffic, and too far apart for chance.",
            query: own(recorded(&recorded::VERSION_ERROR_RATIO), MODEL).expr(),
            case: error_case(config, hero(&shared.models), limit, minimum),
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
        let factors = || shared.scope.of(recorded(&recorded::LATENCY_FACTOR));
        let lasting = factors().over("min_over_time", 10 * MINUTE);
        let began = factors().offset(10 * MINUTE).expr();
        let others = of(&recorded::OTHERS_LATENCY_P95);
        // A multiple of a tiny latency is still tiny.
        let matters = tidy(objective.as_secs_f64() / 10.0);
        Alert {
            known: &known::CANARY_LATENCY,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            // Latency beyond the objective fires at once. Slower latency within it fires after ten minutes.
            expr: of(&recorded::LATENCY_FACTOR)
                .and(
                    VERSION,
                    worse(&SLOW, &known::CANARY_LATENCY, &shared.scope, SLOW_EXCESS, SLOW_AT_LEAST),
                )
                .or(
                    VERSION,
                    of(&recorded::LATENCY_FACTOR)
                        .and(VERSION, lasting.above(factor))
                        .and(VERSION, began)
                        .and(VERSION, own_p95.minus(others).above(matters))
                        .and(VERSION, canaries(&shared.scope, &recorded::VERSION_REQUESTS, minimum)),
                )
                .or(
                    VERSION,
                    factors().over("last_over_time", HOUR).and(
                        VERSION,
                        alone(&SLOW, &known::CANARY_LATENCY, &shared.scope, SLOW_EXCESS),
                    ),
                ),
            for_: Duration::ZERO,
            keep: HOVERS,
            labels: VERSION,
            summary: "A version is slower than the others",
            description: place(config, VERSION)
                + ": its p95 latency is "
                + VALUE
                + " times that of the model's other versions. It misses the objective in 10% of its requests more than they, \
                   measured over 3 minutes; or it has taken "
                + factor.to_string()
                + " times as long, and "
                + matters.to_string()
                + " s more, for 10 minutes.",
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

/// One version has most of the traffic and no errors. Another exceeds its error share by less, then by more than the threshold.
fn error_case(config: &Config, model: &str, limit: f64, minimum: u64) -> Case {
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
        quiet: vec![30],
        fires_at: 31,
        // Means over the recent counts end later still.
        resolved_at: Some(56 + 2 * slower(config)),
    }
}

/// Two versions with the same latency. Then one takes many times as long.
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
        quiet: vec![30, 39],
        fires_at: 41,
        resolved_at: Some(66),
    }
}
