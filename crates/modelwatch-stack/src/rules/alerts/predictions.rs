//! Do the answers change? Scores, classes and outcomes beside yesterday's or, for a new version, beside the other versions'.

use modelwatch_config::{Config, Rollout, Thresholds};

use super::kind::{self, Kind};
use super::{Alert, MINUTE, PERCENT, Severity, VALUE, model_team, own, percent, place, settings};
use crate::error::GenerateError;
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::rules::Rule;
use crate::rules::recording::VERSION;
use crate::rules::scope::share;

pub(super) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ModelAware {
        return Ok(rules);
    }
    rules.extend(shifts(config, &SCORE)?);
    rules.extend(shifts(config, &CLASS)?);
    rules.extend(shifts(config, &OUTCOME)?);
    rules.extend(non_finite(config)?);
    Ok(rules)
}

/// Something that is compared with what it was.
struct Shift {
    kind: &'static Kind,
    limit: fn(&Thresholds) -> f64,
    now: &'static Recorded,
    reference: &'static Recorded,
    events: &'static Recorded,
    summary: &'static str,
    what: &'static str,
    /// Whether the figures are shares.
    share: bool,
}

const SCORE: Shift = Shift {
    kind: &kind::SCORE_SHIFT,
    limit: |thresholds| thresholds.score_shift,
    now: &recorded::SCORE_P50,
    reference: &recorded::SCORE_REFERENCE,
    events: &recorded::PREDICTIONS,
    summary: "The median prediction score shifted",
    what: "the median score",
    share: false,
};
const CLASS: Shift = Shift {
    kind: &kind::CLASS_SHIFT,
    limit: |thresholds| thresholds.class_shift,
    now: &recorded::CLASS_RATIO,
    reference: &recorded::CLASS_REFERENCE,
    events: &recorded::CLASSIFIED,
    summary: "The balance of predicted classes shifted",
    what: "the class's share of the predictions",
    share: true,
};
const OUTCOME: Shift = Shift {
    kind: &kind::OUTCOME_SHIFT,
    limit: |thresholds| thresholds.outcome_shift,
    now: &recorded::OUTCOME_RATIO,
    reference: &recorded::OUTCOME_REFERENCE,
    events: &recorded::OUTCOMES,
    summary: "Business outcomes shifted",
    what: "the outcome's share",
    share: true,
};

fn shifts(config: &Config, shift: &Shift) -> Result<Vec<Rule>, GenerateError> {
    let setting = settings(
        |thresholds| ((shift.limit)(thresholds), thresholds.minimum_predictions),
        model_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        let (value, threshold) = if shift.share {
            (PERCENT, percent(limit))
        } else {
            (VALUE, limit.to_string())
        };
        Alert {
            kind: shift.kind,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: of(shift.now)
                .minus(of(shift.reference))
                .abs()
                .above(limit)
                .and(VERSION, of(shift.events).times(1800.0).at_least(minimum as f64)),
            for_: 30 * MINUTE,
            labels: shift.now.labels,
            summary: shift.summary,
            description: format!(
                "{}: {} is {value} away from a day ago or, for a new version, from the model's other versions; the \
                 threshold is {threshold}. Measured over 30 minutes, for at least 30 minutes.",
                place(shift.now.labels),
                shift.what,
            ),
            query: own(recorded(shift.now), &["model_name"]).expr(),
        }
        .rule(config)
    });
    rules.collect()
}

fn non_finite(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let setting = settings(|thresholds| thresholds.non_finite_ratio, model_team);
    let rules = share(config, setting).into_iter().map(|shared| {
        let (limit, team, job) = shared.setting;
        Alert {
            kind: &kind::NON_FINITE,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: shared
                .scope
                .of(recorded(&recorded::NON_FINITE_RATIO))
                .expr()
                .above(limit),
            for_: 5 * MINUTE,
            labels: VERSION,
            summary: "Scores are NaN or infinite",
            description: format!(
                "{}: {PERCENT} of the scores of the last 30 minutes are NaN or infinite; the threshold is {}.",
                place(VERSION),
                percent(limit)
            ),
            query: own(recorded(&recorded::NON_FINITE_RATIO), &["model_name"]).expr(),
        }
        .rule(config)
    });
    rules.collect()
}
