//! Is one version worse than the others? The version with the smaller share of the traffic is the one to take back.

use modelwatch_config::{Config, Rollout};

use super::kind;
use super::{Alert, MINUTE, PERCENT, Severity, own, percent, place, serving_team, settings, tidy};
use crate::error::GenerateError;
use crate::promql::{Expr, recorded};
use crate::recorded;
use crate::rules::Rule;
use crate::rules::recording::{MODEL, VERSION};
use crate::rules::scope::{Scope, share};

pub(super) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ReleaseAware {
        return Ok(rules);
    }
    rules.extend(errors(config)?);
    rules.extend(latency(config)?);
    Ok(rules)
}

/// Versions with less than half of the traffic and enough of it.
fn canaries(scope: &Scope, minimum: u64) -> Expr {
    let share = scope.of(recorded(&recorded::VERSION_SHARE)).expr().below(0.5);
    let requests = scope.of(recorded(&recorded::VERSION_REQUESTS)).expr();
    share.and(VERSION, requests.times(300.0).at_least(minimum as f64))
}

fn errors(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.canary_error_ratio, thresholds.minimum_requests),
        serving_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        Alert {
            kind: &kind::CANARY_ERRORS,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: of(&recorded::VERSION_ERROR_RATIO)
                .minus(of(&recorded::OTHERS_ERROR_RATIO))
                .above(limit)
                .and(VERSION, canaries(&shared.scope, minimum)),
            for_: 5 * MINUTE,
            labels: VERSION,
            summary: "A version fails more often than the others",
            description: format!(
                "{}: the share of failing requests is {PERCENT} above that of the model's other versions; the threshold is \
                 {}. Measured over 5 minutes, for at least 5 minutes.",
                place(VERSION),
                percent(limit)
            ),
            query: own(recorded(&recorded::VERSION_ERROR_RATIO), MODEL).expr(),
        }
        .rule(config)
    });
    rules.collect()
}

fn latency(config: &Config) -> Result<Vec<Rule>, GenerateError> {
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
            kind: &kind::CANARY_LATENCY,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: own_p95
                .divided_by(others.clone())
                .above(factor)
                .and(VERSION, own_p95.minus(others).above(matters))
                .and(VERSION, canaries(&shared.scope, minimum)),
            for_: 10 * MINUTE,
            labels: VERSION,
            summary: "A version is slower than the others",
            description: format!(
                "{}: its p95 latency is {{{{ $value | printf \"%.3g\" }}}} times that of the model's other versions; the \
                 threshold is {factor} times and {matters} s more. Measured over 5 minutes, for at least 10 minutes.",
                place(VERSION),
            ),
            query: own(recorded(&recorded::VERSION_LATENCY_P95), MODEL).expr(),
        }
        .rule(config)
    });
    rules.collect()
}
