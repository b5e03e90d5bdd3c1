//! Do the answers change? Scores, classes and outcomes beside yesterday's or, for a new version, beside the other versions'.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout, Thresholds};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Severity, Tested, hero, labelled, model_team, over_and_back, own, percent, place, settings,
    tidy,
};
use crate::rules::case::Case;
use crate::rules::labels::VERSION;
use crate::rules::models::share;
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, VALUE};

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
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

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Something that is compared with what it was.
struct Shift {
    known: &'static KnownAlert,
    limit: fn(&Thresholds) -> f64,
    now: &'static Recorded,
    reference: &'static Recorded,
    events: &'static Recorded,
    summary: &'static str,
    what: &'static str,
    /// Whether the figures are shares.
    share: bool,
    /// The story of a model with this threshold and minimum.
    case: fn(&str, f64, u64) -> Case,
}

const SCORE: Shift = Shift {
    known: &known::SCORE_SHIFT,
    limit: |thresholds| thresholds.score_shift,
    now: &recorded::SCORE_P50,
    reference: &recorded::SCORE_REFERENCE,
    events: &recorded::PREDICTIONS,
    summary: "The median prediction score shifted",
    what: "the median score",
    share: false,
    case: score_case,
};
const CLASS: Shift = Shift {
    known: &known::CLASS_SHIFT,
    limit: |thresholds| thresholds.class_shift,
    now: &recorded::CLASS_RATIO,
    reference: &recorded::CLASS_REFERENCE,
    events: &recorded::CLASSIFIED,
    summary: "The balance of predicted classes shifted",
    what: "the class's share of the predictions",
    share: true,
    case: |model, limit, minimum| balance_case(&contract::PREDICTION_CLASS, "class", model, limit, minimum),
};
const OUTCOME: Shift = Shift {
    known: &known::OUTCOME_SHIFT,
    limit: |thresholds| thresholds.outcome_shift,
    now: &recorded::OUTCOME_RATIO,
    reference: &recorded::OUTCOME_REFERENCE,
    events: &recorded::OUTCOMES,
    summary: "Business outcomes shifted",
    what: "the outcome's share",
    share: true,
    case: |model, limit, minimum| balance_case(&contract::BUSINESS_OUTCOME, "outcome", model, limit, minimum),
};

fn shifts(config: &Config, shift: &Shift) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| ((shift.limit)(thresholds), thresholds.minimum_predictions),
        model_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        // What comes each week at this time is no shift.
        let week_ago = shared.scope.of(recorded(shift.now)).offset(WEEK).expr();
        let as_a_week_ago = of(shift.now).minus(week_ago).abs().below(limit);
        let (value, threshold) = if shift.share {
            (PERCENT, percent(limit))
        } else {
            (VALUE, limit.to_string())
        };
        Alert {
            known: shift.known,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: of(shift.now)
                .minus(of(shift.reference))
                .abs()
                .above(limit)
                .unless(shift.now.labels, as_a_week_ago)
                .and(VERSION, of(shift.events).times(1800.0).at_least(minimum as f64)),
            for_: 30 * MINUTE,
            keep: HOVERS,
            labels: shift.now.labels,
            summary: shift.summary,
            description: place(config, shift.now.labels)
                + ": "
                + shift.what
                + " is "
                + value
                + " away from a day ago or, for a new version, from the model's other versions, and not what it was a week ago; the threshold is "
                + threshold
                + ". Measured over 30 minutes, for at least 30 minutes.",
            query: own(recorded(shift.now), &["model_name"]).expr(),
            case: (shift.case)(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

fn non_finite(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(|thresholds| thresholds.non_finite_ratio, model_team);
    let rules = share(config, setting).into_iter().map(|shared| {
        let (limit, team, job) = shared.setting;
        Alert {
            known: &known::NON_FINITE,
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
            keep: HOVERS,
            labels: VERSION,
            summary: "Scores are NaN or infinite",
            description: place(config, VERSION)
                + ": "
                + PERCENT
                + " of the scores of the last 30 minutes are NaN or infinite; the threshold is "
                + percent(limit)
                + ".",
            query: own(recorded(&recorded::NON_FINITE_RATIO), &["model_name"]).expr(),
            case: non_finite_case(hero(&shared.models), limit),
        }
        .rule(config)
    });
    rules.collect()
}

/// Steps in an hour: two are in the window that medians and shares are over.
const HOUR: usize = 4;
const STEP: Duration = Duration::from_secs(15 * 60);

fn version<'a>(model: &'a str, extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("model_name", model), ("model_version", "v1")], extra].concat()
}

/// A day at one median, two hours half a threshold away, then far away, then back.
fn score_case(model: &str, limit: f64, minimum: u64) -> Case {
    let rate = minimum as f64;
    let phases = [25 * HOUR, 2 * HOUR, HOUR + 2, 3 * HOUR];
    // Which of the buckets that end at 1, 1.1, 10 and 11 thresholds the scores are in, by phase.
    let lands = [0, 1, 3, 0];
    let edges = [1.0, 1.1, 10.0, 11.0].map(|times| tidy(limit * times).to_string());
    let name = "ml_prediction_score_bucket";
    let mut series: Vec<_> = edges
        .iter()
        .enumerate()
        .map(|(bucket, edge)| {
            let counted = lands
                .iter()
                .zip(phases)
                .map(|(lands, steps)| (if *lands <= bucket { rate } else { 0.0 }, steps));
            Series::counter(name, &version(model, &[("le", edge)]), &counted.collect::<Vec<_>>())
        })
        .collect();
    let all = [(rate, phases.iter().sum())];
    series.push(Series::counter(
        name,
        &version(model, &[("le", "0")]),
        &[(0.0, all[0].1)],
    ));
    series.push(Series::counter(name, &version(model, &[("le", "+Inf")]), &all));
    series.push(Series::counter("ml_prediction_score_count", &version(model, &[]), &all));
    let far = 27 * HOUR;
    Case {
        step: STEP,
        evaluate: 1,
        series,
        fires: labelled(&[("model_name", model), ("model_version", "v1")]),
        // Half an hour of far scores is a median after a quarter of an hour.
        quiet: vec![far, far + 2],
        fires_at: far + 4,
        resolved_at: Some(far + 2 * HOUR + 1),
    }
}

/// A value of the label that nothing had for a day, then a share below the threshold, then everything, then nothing again.
fn balance_case(counter: &Metric, label: &'static str, model: &str, limit: f64, minimum: u64) -> Case {
    let rate = minimum as f64;
    let rare = [
        (0.0, 25 * HOUR),
        (0.9 * limit * rate, 2 * HOUR),
        (100.0 * rate, HOUR + 2),
        (0.0, 3 * HOUR),
    ];
    let usual = [
        (rate, 25 * HOUR),
        ((1.0 - 0.9 * limit) * rate, 2 * HOUR),
        (0.0, HOUR + 2),
        (100.0 * rate, 3 * HOUR),
    ];
    let far = 27 * HOUR;
    let fires = ["rare", "usual"]
        .map(|value| labelled(&[("model_name", model), ("model_version", "v1"), (label, value)]).concat());
    Case {
        step: STEP,
        evaluate: 1,
        series: vec![
            Series::counter(counter.name, &version(model, &[(label, "rare")]), &rare),
            Series::counter(counter.name, &version(model, &[(label, "usual")]), &usual),
        ],
        fires: fires.to_vec(),
        quiet: vec![far, far + 2],
        fires_at: far + 3,
        resolved_at: Some(far + 2 * HOUR + 1),
    }
}

fn non_finite_case(model: &str, limit: f64) -> Case {
    let (bad, good) = over_and_back(limit, 100.0, 20);
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            Series::counter(contract::PREDICTION_NON_FINITE.name, &version(model, &[]), &bad),
            Series::counter("ml_prediction_score_count", &version(model, &[]), &good),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1")]),
        quiet: vec![30, 35],
        fires_at: 36,
        resolved_at: Some(81),
    }
}
