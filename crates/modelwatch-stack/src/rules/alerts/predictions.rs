//! Do the answers change? Compares scores, classes and outcomes with an hour ago and yesterday or, for a new version, with the
//! other versions.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout, Thresholds};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Expr, Op, max_by, min_by, number, recorded};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Severity, Tested, hero, labelled, model_team, over_and_back, percent, place, settings,
};
use crate::rules::case::{Case, firing};
use crate::rules::evidence::others;
use crate::rules::labels::own;
use crate::rules::labels::{MODEL, VERSION};
use crate::rules::models::{Models, share};
use crate::rules::story::Series;
use crate::rules::text::PERCENT;
use crate::rules::text::tidy;

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ModelAware {
        return Ok(rules);
    }
    rules.extend(scores(config)?);
    rules.extend(shifts(config, &CLASS)?);
    rules.extend(shifts(config, &OUTCOME)?);
    rules.extend(non_finite(config)?);
    Ok(rules)
}

const HOUR_AGO: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// The window of the figures, in seconds.
const WINDOW: f64 = 600.0;
/// `minimum_predictions` is about half an hour, which is this many times ten minutes.
const THIRD: f64 = 3.0;
/// Longer than the window of the shares.
const LATELY: Duration = Duration::from_secs(15 * 60);
/// How long a shift must last. A few evaluations are enough, because the window is ten minutes.
const STAYS: Duration = Duration::from_secs(2 * 60);

/// Versions with enough predictions to judge.
fn enough(scope: &Models, events: &'static Recorded, minimum: u64) -> Expr {
    let events = scope.of(recorded(events)).expr();
    events.times(WINDOW * THIRD).at_least(minimum as f64)
}

/// `1/n + 1/m` for the events of a version and those it is compared with: its own of yesterday, or the other versions', which may
/// be few.
fn scatter(scope: &Models, events: &'static Recorded) -> Expr {
    let own = scope.of(recorded(events)).expr().above(0.0);
    let compared = own
        .and(VERSION, of_yesterday(scope, events))
        .or(VERSION, others(&own).above(0.0))
        .or(VERSION, own.clone());
    let one_over = |events: Expr| number(1.0).divided_by(events);
    one_over(own)
        .with(Op::Plus, VERSION, one_over(compared))
        .divided_by(WINDOW)
}

/// The distance that two distributions of this many events seldom exceed by chance: `2 √(1/n + 1/m)`.
fn chance(scope: &Models) -> Expr {
    scatter(scope, &recorded::PREDICTIONS).times(4.0).square_root()
}

/// The whole distribution of the scores. A single value for all, or two heaps around the old median, shift it as much as a new
/// median does.
fn scores(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.score_shift, thresholds.minimum_predictions),
        model_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let scope = &shared.scope;
        let of = |series| scope.of(recorded(series)).expr();
        let far = |distance: Expr| distance.with(Op::Minus, VERSION, chance(scope)).above(limit);
        // A slow change, or one that repeats at this time of day, is close to one of the two.
        let as_an_hour_ago = of(&recorded::SCORE_DISTANCE_HOUR).unless(VERSION, far(of(&recorded::SCORE_DISTANCE_HOUR)));
        let distance = of(&recorded::SCORE_DISTANCE);
        let settled = settled(scope, &recorded::PREDICTIONS);
        let begins = distance
            .and(VERSION, far(distance.clone()))
            .unless(VERSION, as_an_hour_ago.and(VERSION, settled));
        let alone = of(&recorded::SCORE_DISTANCE_HOUR);
        let alone = alone.and(VERSION, far(alone.clone())).unless(VERSION, distance.clone());
        let goes_on = distance.above(tidy(0.6 * limit)).and(VERSION, still(scope, &known::SCORE_SHIFT));
        Alert {
            known: &known::SCORE_SHIFT,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: begins
                .or(VERSION, alone)
                .and(VERSION, enough(scope, &recorded::PREDICTIONS, minimum))
                .or(VERSION, goes_on),
            for_: STAYS,
            keep: HOVERS,
            labels: VERSION,
            summary: "The distribution of prediction scores changed",
            description: place(config, VERSION)
                + ": the shares of its scores differ by up to "
                + PERCENT
                + " from those of an hour ago and of a day or a week ago or, for a new version, of the model's other versions; the \
                   threshold is "
                + percent(limit)
                + " beyond chance. Measured over 10 minutes.",
            query: own(recorded(&recorded::SCORE_DISTANCE), MODEL).expr(),
            case: score_case(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// Versions that were there a day ago.
fn of_yesterday(scope: &Models, events: &'static Recorded) -> Expr {
    scope.of(recorded(events)).offset(DAY).expr().above(0.0)
}

/// Versions that their own past hour may acquit. A newer version is compared with the others, because it may have been just as
/// wrong an hour ago. The oldest version is the reference for newer ones, so their difference from it is not its shift.
fn settled(scope: &Models, events: &'static Recorded) -> Expr {
    // A version that went still has predictions in the window.
    let since = scope
        .of(recorded(&recorded::VERSION_SINCE))
        .over("last_over_time", LATELY);
    let newer = since.with_one(Op::Above, MODEL, &[], min_by(MODEL, since.clone()));
    of_yesterday(scope, events).or(VERSION, since.unless(VERSION, newer))
}

/// Versions for which an alert already fires.
fn still(scope: &Models, alert: &KnownAlert) -> Expr {
    max_by(VERSION, scope.of(firing([("alertname", alert.name)])))
}

/// The shares of the values of a label.
struct Shift {
    known: &'static KnownAlert,
    limit: fn(&Thresholds) -> f64,
    now: &'static Recorded,
    reference: &'static Recorded,
    events: &'static Recorded,
    summary: &'static str,
    what: &'static str,
    /// The story of a model with this threshold and minimum.
    case: fn(&str, f64, u64) -> Case,
}

const CLASS: Shift = Shift {
    known: &known::CLASS_SHIFT,
    limit: |thresholds| thresholds.class_shift,
    now: &recorded::CLASS_RATIO,
    reference: &recorded::CLASS_REFERENCE,
    events: &recorded::CLASSIFIED,
    summary: "The balance of predicted classes shifted",
    what: "the class's share of the predictions",
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
    case: |model, limit, minimum| balance_case(&contract::BUSINESS_OUTCOME, "outcome", model, limit, minimum),
};

fn shifts(config: &Config, shift: &Shift) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| ((shift.limit)(thresholds), thresholds.minimum_predictions),
        model_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let scope = &shared.scope;
        let of = |series| scope.of(recorded(series)).expr();
        let now = of(shift.now);
        let before = |ago| scope.of(recorded(shift.now)).offset(ago).expr();
        // A value that comes at this time every week is not a shift. One that has lasted for an hour came slowly.
        let as_a_week_ago = now.minus(before(WEEK)).abs().below(limit);
        let as_an_hour_ago = now.minus(before(HOUR_AGO)).abs().below(limit);
        // At most three standard errors of the difference of two shares.
        let chance = scatter(scope, shift.events).times(2.25).square_root();
        let far = now
            .minus(of(shift.reference))
            .abs()
            .above(limit);
        let certain = far.with_one(Op::Minus, VERSION, &[], chance).above(limit);
        let settled = settled(scope, shift.events);
        let goes_on = max_by(shift.now.labels, scope.of(firing([("alertname", shift.known.name)])));
        Alert {
            known: shift.known,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: far
                .and(shift.now.labels, certain)
                .unless(shift.now.labels, as_an_hour_ago.and(VERSION, settled))
                .or(shift.now.labels, far.and(shift.now.labels, goes_on))
                .unless(shift.now.labels, as_a_week_ago)
                .and(VERSION, enough(scope, shift.events, minimum)),
            for_: STAYS,
            keep: HOVERS,
            labels: shift.now.labels,
            summary: shift.summary,
            description: place(config, shift.now.labels)
                + ": "
                + shift.what
                + " is "
                + PERCENT
                + " away from an hour and a day ago or, for a new version, from the model's other versions now or, where there are \
                   none, from the model an hour ago, and not what it was a week ago; the threshold is "
                + percent(limit)
                + " beyond chance. Measured over 10 minutes.",
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
            for_: STAYS,
            keep: HOVERS,
            labels: VERSION,
            summary: "Scores are NaN or infinite",
            description: place(config, VERSION)
                + ": "
                + PERCENT
                + " of the scores of the last 10 minutes are NaN or infinite; the threshold is "
                + percent(limit)
                + ".",
            query: own(recorded(&recorded::NON_FINITE_RATIO), &["model_name"]).expr(),
            case: non_finite_case(hero(&shared.models), limit),
        }
        .rule(config)
    });
    rules.collect()
}

/// Steps in an hour. The window of the shares contains two steps.
const HOUR: usize = 12;
const STEP: Duration = Duration::from_secs(5 * 60);
/// The stories last days, so they are evaluated every quarter of an hour. `minutes-to-alert.yml` shows how soon alerts fire.
const LOOKS: u32 = 3;
const DAY: Duration = Duration::from_secs(86_400);
/// So many predictions that chance does not move a share.
const MANY: f64 = 1e5;

fn version<'a>(model: &'a str, extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("model_name", model), ("model_version", "v1")], extra].concat()
}

/// Scores stay in one place for a day. For an hour, nearly the threshold's share is elsewhere. Two hours are as before, then all
/// scores are the same for an hour, then the first state returns.
fn score_case(model: &str, limit: f64, minimum: u64) -> Case {
    let rate = MANY * minimum as f64;
    let phases = [25 * HOUR, HOUR, 2 * HOUR, HOUR + 3, 3 * HOUR];
    // The share of the scores in the second bucket, by phase. The others are in the first.
    let elsewhere = [0.0, 0.9 * limit, 0.0, 1.0, 0.0];
    let name = "ml_prediction_score_bucket";
    let first: Vec<_> = elsewhere
        .iter()
        .zip(phases)
        .map(|(share, steps)| ((1.0 - share) * rate, steps))
        .collect();
    let all = [(rate, phases.iter().sum())];
    let bucket = |le, phases: &[(f64, usize)]| Series::counter(name, &version(model, &[("le", le)]), phases);
    let far = 28 * HOUR;
    Case {
        step: STEP,
        evaluate: LOOKS,
        series: vec![
            bucket("0", &[(0.0, all[0].1)]),
            bucket("0.5", &first),
            bucket("1", &all),
            bucket("+Inf", &all),
            Series::counter("ml_prediction_score_count", &version(model, &[]), &all),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1")]),
        quiet: vec![25 * HOUR + 3, far],
        fires_at: far + 6,
        resolved_at: Some(far + HOUR + 6),
    }
}

/// A value of the label is absent for a day. Then its share is below the threshold, zero, all, and zero again.
fn balance_case(counter: &Metric, label: &'static str, model: &str, limit: f64, minimum: u64) -> Case {
    let rate = MANY * minimum as f64;
    let rare = [
        (0.0, 25 * HOUR),
        (0.9 * limit * rate, HOUR),
        (0.0, 2 * HOUR),
        (rate, HOUR + 3),
        (0.0, 3 * HOUR),
    ];
    let usual = [
        (rate, 25 * HOUR),
        ((1.0 - 0.9 * limit) * rate, HOUR),
        (rate, 2 * HOUR),
        (0.0, HOUR + 3),
        (rate, 3 * HOUR),
    ];
    let far = 28 * HOUR;
    let fires = ["rare", "usual"]
        .map(|value| labelled(&[("model_name", model), ("model_version", "v1"), (label, value)]).concat());
    Case {
        step: STEP,
        evaluate: LOOKS,
        series: vec![
            Series::counter(counter.name, &version(model, &[(label, "rare")]), &rare),
            Series::counter(counter.name, &version(model, &[(label, "usual")]), &usual),
        ],
        fires: fires.to_vec(),
        quiet: vec![25 * HOUR + 3, far],
        fires_at: far + 6,
        resolved_at: Some(far + HOUR + 6),
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
        quiet: vec![30, 32],
        fires_at: 33,
        resolved_at: Some(81),
    }
}
