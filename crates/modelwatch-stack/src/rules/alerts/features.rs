//! Is the input complete? Features that are missing, defaulted or outside their range, by the serving path's own counts: over all
//! versions, and in one version more than in the others.
//!
//! Missing values are compared with training's own share, which the drift job knows. If a third of the training rows lacked a
//! feature, it is no fault when a third of the requests lack it.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout, Thresholds};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Expr, Op, number, recorded};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Phases, Severity, Tested, data_team, hero, labelled, over_and_back, percent, place, settings,
};
use crate::rules::case::Case;
use crate::rules::labels::own;
use crate::rules::labels::{FEATURE, VERSION_FEATURE};
use crate::rules::models::{ModelGroup, share};
use crate::rules::recording;
use crate::rules::story::Series;
use crate::rules::text::PERCENT;

/// The window of the shares, in seconds.
const QUARTER: f64 = 900.0;
/// Faults stay in the window for a quarter of an hour, so waiting that long would filter nothing. A few evaluations are enough.
const STAYS: Duration = Duration::from_secs(2 * 60);
/// The same for series that are recorded every four minutes: two evaluations.
const STAYS_IN_A_VERSION: Duration = Duration::from_secs(5 * 60);

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ModelAware {
        return Ok(rules);
    }
    for ratio in [&MISSING, &DEFAULTED, &OUT_OF_RANGE] {
        rules.extend(ratios(config, ratio)?);
        rules.extend(versions(config, ratio)?);
    }
    Ok(rules)
}

struct Ratio {
    known: &'static KnownAlert,
    limit: fn(&Thresholds) -> f64,
    ratio: &'static Recorded,
    summary: &'static str,
    what: &'static str,
    counter: &'static Metric,
    /// The value of the label `fault` in alerts about a version.
    fault: &'static str,
    /// Training's own share, if a series has it.
    reference: Option<&'static Recorded>,
}

const MISSING: Ratio = Ratio {
    known: &known::MISSING_RATIO_HIGH,
    limit: |thresholds| thresholds.missing_ratio,
    ratio: &recorded::MISSING_RATIO,
    summary: "A feature is missing too often",
    what: "missing",
    counter: &contract::FEATURE_MISSING,
    fault: recording::MISSING,
    reference: Some(&recorded::MISSING_REFERENCE),
};
const DEFAULTED: Ratio = Ratio {
    known: &known::DEFAULTED_RATIO_HIGH,
    limit: |thresholds| thresholds.defaulted_ratio,
    ratio: &recorded::DEFAULTED_RATIO,
    summary: "A default replaces a feature too often",
    what: "replaced by a default",
    counter: &contract::FEATURE_DEFAULTED,
    fault: recording::DEFAULTED,
    reference: None,
};
const OUT_OF_RANGE: Ratio = Ratio {
    known: &known::OUT_OF_RANGE_HIGH,
    limit: |thresholds| thresholds.out_of_range_ratio,
    ratio: &recorded::OUT_OF_RANGE_RATIO,
    summary: "A feature is out of its range too often",
    what: "out of range",
    counter: &contract::FEATURE_OUT_OF_RANGE,
    fault: recording::OUT_OF_RANGE,
    reference: None,
};

/// Models by their threshold, and by the number of observations that a quarter of an hour must have.
type Shared<'a> = ModelGroup<'a, ((f64, u64), &'a str, &'a str)>;

fn shared<'a>(config: &'a Config, ratio: &Ratio) -> Vec<Shared<'a>> {
    let limit = ratio.limit;
    let setting = settings(
        move |thresholds| (limit(thresholds), thresholds.minimum_requests),
        data_team,
    );
    share(config, setting)
}

/// The share, where it exceeds the threshold.
fn over(ratio: &Ratio, limit: f64, of: impl Fn(&'static Recorded) -> Expr) -> Expr {
    // Only features above the limit are evaluated further.
    let share = of(ratio.ratio).above(limit);
    let Some(reference) = ratio.reference.map(&of) else {
        return share;
    };
    // Drops an excess that chance explains with this number of observations: one within four standard errors of training's share.
    let excess = share.with(Op::Minus, FEATURE, reference.clone());
    let of_those = reference.and(FEATURE, share.clone());
    let spread = of_those.times(number(1.0).minus(of_those.clone())).times(16.0);
    let chance = excess
        .times(excess.clone())
        .with(Op::Times, FEATURE, of(&recorded::FEATURE_OBSERVATIONS))
        .times(QUARTER)
        .with(Op::Below, FEATURE, spread);
    let than_training = share
        .with(Op::Above, FEATURE, of_those.plus(limit))
        .unless(FEATURE, chance);
    than_training.or(FEATURE, share.unless(FEATURE, reference))
}

fn ratios(config: &Config, ratio: &Ratio) -> Result<Vec<Tested>, GenerateError> {
    // Without a drift job, training's share is unknown.
    let reference = ratio.reference.filter(|_| config.rollout >= Rollout::Drift);
    let ratio = &Ratio { reference, ..*ratio };
    let than_training = if reference.is_some() {
        " above training's own share, where the drift job tells that"
    } else {
        ""
    };
    let rules = shared(config, ratio).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        let too_few = of(&recorded::FEATURE_OBSERVATIONS).below(minimum as f64 / QUARTER);
        Alert {
            known: ratio.known,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: over(ratio, limit, of).unless(FEATURE, too_few),
            for_: STAYS,
            keep: HOVERS,
            labels: FEATURE,
            summary: ratio.summary,
            description: place(config, FEATURE)
                + " is "
                + ratio.what
                + " in "
                + PERCENT
                + " of its observations; the threshold is "
                + percent(limit)
                + than_training
                + ". Measured over 15 minutes.",
            query: own(recorded(ratio.ratio), FEATURE).expr(),
            case: case(ratio, hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// One version's share is worse than the others': only its code or its callers omit the feature.
fn versions(config: &Config, ratio: &Ratio) -> Result<Vec<Tested>, GenerateError> {
    let rules = shared(config, ratio).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series));
        let too_few = of(&recorded::VERSION_OBSERVATIONS)
            .expr()
            .below(minimum as f64 / QUARTER);
        Alert {
            known: &known::VERSION_FAULTY,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[("fault", ratio.fault.to_owned())],
            expr: of(&recorded::VERSION_FAULT_EXCESS)
                .eq("fault", ratio.fault)
                .expr()
                .above(limit)
                .unless(VERSION_FEATURE, too_few),
            for_: STAYS_IN_A_VERSION,
            keep: HOVERS,
            labels: VERSION_FEATURE,
            summary: "A feature is worse in one version than in the others",
            description: place(config, VERSION_FEATURE)
                + ": the share of its observations that are "
                + ratio.what
                + " is "
                + PERCENT
                + " above that of the model's other versions; the threshold is "
                + percent(limit)
                + ". Measured over 15 minutes.",
            query: own(recorded(&recorded::VERSION_FAULT_EXCESS), FEATURE)
                .eq("fault", ratio.fault)
                .expr(),
            case: version_case(ratio, hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// One version gets most requests and lacks nothing. Another crosses the threshold. A third always lacks the feature, but gets
/// almost no requests. All versions lack another feature equally.
fn version_case(ratio: &Ratio, model: &str, limit: f64, minimum: u64) -> Case {
    let (bad, good) = over_and_back(limit, minimum as f64, 40);
    let all = sum(&bad, &good);
    let few = [(0.05 * minimum as f64, 190)];
    let many = [(100.0 * minimum as f64, 190)];
    let counted = |counter: &Metric, version, feature, phases: &[(f64, usize)]| {
        let labels = [
            ("model_name", model),
            ("model_version", version),
            ("feature_name", feature),
        ];
        Series::counter(counter.name, &labels, phases)
    };
    let observations = &contract::FEATURE_OBSERVATIONS;
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            counted(observations, "stable", "income", &many),
            counted(ratio.counter, "stable", "income", &[(0.0, 190)]),
            counted(observations, "canary", "income", &all),
            counted(ratio.counter, "canary", "income", &bad),
            counted(observations, "seldom", "income", &few),
            counted(ratio.counter, "seldom", "income", &few),
            counted(observations, "stable", "age", &many),
            counted(ratio.counter, "stable", "age", &many),
            counted(observations, "canary", "age", &many),
            counted(ratio.counter, "canary", "age", &many),
        ],
        fires: labelled(&[
            ("model_name", model),
            ("model_version", "canary"),
            ("feature_name", "income"),
        ]),
        quiet: vec![30, 35],
        fires_at: 36,
        resolved_at: Some(87),
    }
}

/// Phases of the same length, added up.
fn sum(one: &Phases, other: &Phases) -> Vec<(f64, usize)> {
    let both = one.iter().zip(other);
    both.map(|(one, other)| (one.0 + other.0, one.1)).collect()
}

/// A feature crosses the threshold by the counts of two versions together. Another is always over it, but has almost no
/// observations. With training's share, one feature stays within its limit although the drift job no longer reports that share,
/// and one crosses it.
fn case(ratio: &Ratio, model: &str, limit: f64, minimum: u64) -> Case {
    let counter = ratio.counter;
    let (bad, good) = over_and_back(limit, minimum as f64, 40);
    let all = sum(&bad, &good);
    let few = [(0.05 * minimum as f64, 190)];
    let series = |counter: &Metric, feature, phases: &[(f64, usize)]| {
        ["2026-04-01", "2026-05-01"].map(|version| {
            let halves: Vec<_> = phases.iter().map(|(rate, minutes)| (rate / 2.0, *minutes)).collect();
            let labels = [
                ("model_name", model),
                ("model_version", version),
                ("feature_name", feature),
            ];
            Series::counter(counter.name, &labels, &halves)
        })
    };
    let observations = &contract::FEATURE_OBSERVATIONS;
    let mut all_series = [
        series(counter, "income", &bad),
        series(observations, "income", &all),
        series(counter, "rarely asked", &few),
        series(observations, "rarely asked", &few),
    ]
    .concat();
    let mut fires = labelled(&[("model_name", model), ("feature_name", "income")]);
    if ratio.reference.is_some() {
        let lacked = (1.0 - limit) / 2.0;
        let rate = 1000.0 * minimum as f64;
        let usual = (lacked + 0.9 * limit) * rate;
        let told = |feature, phases: &[(f64, usize)]| {
            let reference = contract::FEATURE_MISSING_REFERENCE_RATIO.name;
            Series::gauge(reference, &[("model_name", model), ("feature_name", feature)], phases)
        };
        all_series.extend(series(counter, "often lacking", &[(usual, 190)]));
        all_series.extend(series(observations, "often lacking", &[(rate, 190)]));
        all_series.push(told("often lacking", &[(lacked, 20), (f64::NAN, 170)]).elsewhere(&[(lacked, 0.0, 190)]));
        let flood = 1000.0 * rate;
        all_series.extend(series(
            counter,
            "more lacking",
            &[(usual, 30), (flood, 40), (usual, 120)],
        ));
        all_series.extend(series(
            observations,
            "more lacking",
            &[(rate, 30), (flood, 40), (rate, 120)],
        ));
        all_series.push(told("more lacking", &[(lacked, 20), (f64::NAN, 170)]).elsewhere(&[(lacked, 0.0, 190)]));
        fires.extend(labelled(&[("model_name", model), ("feature_name", "more lacking")]));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series: all_series,
        fires,
        quiet: vec![30, 32],
        fires_at: 33,
        resolved_at: Some(87),
    }
}
