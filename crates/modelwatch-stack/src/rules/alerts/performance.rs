//! Is the model still right, and do its labels still arrive?
//!
//! `modelwatch performance` and the exporter's loop run now and then, so their figures stay constant between two runs. When one
//! version fell, the alert names that version. When only all predictions together are enough to show a loss, the alert names
//! `__all__`.

use std::time::Duration;

use modelwatch::contract::{self, SourceMetric};
use modelwatch_config::{Config, Model, Performance, Plane, Rollout, prometheus_duration};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Expr, Op, Selector, max_by, metric, recorded, sum_by, time};
use crate::recorded;
use crate::rules::alert::{Alert, MINUTE, Severity, Tested, hero, labelled, model_team, percent, place, settings};
use crate::rules::case::{Case, Test};
use crate::rules::labels::{MODEL, SEGMENT, VERSION, own};
use crate::rules::models::{Models, only, share};
use crate::rules::performance::{ABSOLUTE_ERROR, ALL_VERSIONS, BIAS, CALIBRATION_ERROR};
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, TIME, Text, VALUE, tidy};

const DAY: Duration = Duration::from_secs(86_400);
/// From this share of labelled predictions on, the labels represent all predictions.
const MOST: f64 = 0.5;

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::Drift {
        return Ok(rules);
    }
    rules.extend(fell(config)?);
    rules.extend(segment_fell(config)?);
    rules.extend(estimate_fell(config)?);
    rules.extend(calibration(config)?);
    rules.extend(stopped(config)?);
    Ok(rules)
}

/// Applies to single versions, and to all predictions together only when no version shows it.
fn by_version(of: impl Fn(Selector) -> Expr, series: Selector) -> Expr {
    let single = of(series.clone().ne("model_version", ALL_VERSIONS));
    let together = of(series.eq("model_version", ALL_VERSIONS));
    single.or(VERSION, together.unless(MODEL, single.clone()))
}

/// The worst of a version's measures, where it exceeds the limit.
fn worst(growth: Selector, limit: f64) -> Expr {
    max_by(VERSION, growth).above(limit)
}

/// Versions with at least this many.
fn enough(scope: &Models, counted: &'static SourceMetric, minimum: u64) -> Expr {
    max_by(VERSION, scope.of(metric(counted))).at_least(minimum as f64)
}

fn severity(model: &Model) -> Severity {
    if model.high_risk {
        Severity::Page
    } else {
        Severity::Ticket
    }
}

/// Limits, severity, team and job of the alerts about a loss of performance.
fn of_fall(model: &Model) -> ((f64, u64), Severity, String, String) {
    let thresholds = &model.thresholds;
    let limits = (thresholds.performance_loss, thresholds.minimum_labels);
    let team = model.owners.model.team.clone();
    (limits, severity(model), team, model.job.clone())
}

/// Versions, or all predictions, whose loss by labels grew beyond the limit.
fn fallen(scope: &Models, limit: f64, minimum: u64) -> Expr {
    let enough = enough(scope, &contract::PERFORMANCE_LABELS, minimum);
    by_version(
        |growth| worst(growth, limit).and(VERSION, enough.clone()),
        scope.of(recorded(&recorded::PERFORMANCE_GROWTH)),
    )
}

fn fell(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let rules = share(config, of_fall).into_iter().map(|shared| {
        let ((limit, minimum), severity, team, job) = &shared.setting;
        Alert {
            known: &known::PERFORMANCE_FELL,
            severity: *severity,
            team,
            job: Some(job),
            extra: &[],
            expr: fallen(&shared.scope, *limit, *minimum),
            for_: 5 * MINUTE,
            keep: Duration::ZERO,
            labels: VERSION,
            summary: "A model is right less often than before",
            description: place(config, VERSION)
                + ": by the labels so far, its loss is "
                + PERCENT
                + " more than in the reference, beyond chance; the threshold is "
                + percent(*limit)
                + ".",
            query: own(metric(&contract::PERFORMANCE), VERSION).expr(),
            case: fell_case(hero(&shared.models), *limit, *minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// The rows of one value of a segment, unless a version or all predictions show the loss: that alert covers the segment too.
fn segment_fell(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let rules = share(config, of_fall).into_iter().map(|shared| {
        let ((limit, minimum), severity, team, job) = &shared.setting;
        let scope = &shared.scope;
        let growth = max_by(SEGMENT, scope.of(metric(&contract::SEGMENT_PERFORMANCE_GROWTH)));
        let labels = max_by(SEGMENT, scope.of(metric(&contract::SEGMENT_PERFORMANCE_LABELS)));
        Alert {
            known: &known::PERFORMANCE_FELL,
            severity: *severity,
            team,
            job: Some(job),
            // Without a label of its own, promtool takes it for a copy of the alert about versions.
            extra: &[("fault", "segment".to_owned())],
            expr: growth
                .above(*limit)
                .and(SEGMENT, labels.at_least(*minimum as f64))
                .unless(MODEL, fallen(scope, *limit, *minimum)),
            for_: 5 * MINUTE,
            keep: Duration::ZERO,
            labels: SEGMENT,
            summary: "A model is right less often for some than before",
            description: place(config, SEGMENT)
                + ": by the labels so far, the loss of these predictions is "
                + PERCENT
                + " more than theirs in the reference, beyond chance; the threshold is "
                + percent(*limit)
                + ". Over all predictions it is not above the threshold.",
            query: own(metric(&contract::SEGMENT_PERFORMANCE), SEGMENT).expr(),
            case: segment_case(hero(&shared.models), *limit, *minimum),
        }
        .rule(config)
    });
    rules.collect()
}

fn estimate_fell(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.performance_loss, thresholds.minimum_labels),
        model_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let scope = &shared.scope;
        let labelled = scope.of(recorded(&recorded::LABELS_SHARE)).expr().at_least(MOST);
        let told = labelled.and(VERSION, enough(scope, &contract::PERFORMANCE_LABELS, minimum));
        let enough = enough(scope, &contract::PERFORMANCE_PREDICTIONS, minimum);
        Alert {
            known: &known::ESTIMATE_FELL,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: by_version(
                |growth| {
                    let worst = worst(growth, limit).and(VERSION, enough.clone());
                    worst.unless(VERSION, told.clone())
                },
                scope.of(recorded(&recorded::ESTIMATE_GROWTH)),
            ),
            for_: 5 * MINUTE,
            keep: Duration::ZERO,
            labels: VERSION,
            summary: "A model is expected to be right less often than before",
            description: place(config, VERSION)
                + ": without labels, its loss is expected to be "
                + PERCENT
                + " more than in the reference, beyond chance; the threshold is "
                + percent(limit)
                + ". The estimate holds if the inputs moved and their meaning did not.",
            query: own(metric(&contract::PERFORMANCE_ESTIMATE), VERSION).expr(),
            case: estimate_case(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// Probabilities that do not match frequencies, and numbers that are too large or too small on average.
fn calibration(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| {
            let limits = (thresholds.calibration_error, thresholds.bias_ratio);
            (limits, thresholds.minimum_labels)
        },
        model_team,
    );
    let mut rules = Vec::new();
    for shared in share(config, setting) {
        let (((off, aside), minimum), team, job) = shared.setting;
        let model = hero(&shared.models);
        let enough = enough(&shared.scope, &contract::PERFORMANCE_LABELS, minimum);
        let alert = |fault: &str, series, limit, description, measure, case| {
            Alert {
                known: &known::CALIBRATION_OFF,
                severity: Severity::Ticket,
                team,
                job: Some(job),
                extra: &[("fault", fault.to_owned())],
                expr: by_version(
                    |excess| worst(excess, limit).and(VERSION, enough.clone()),
                    shared.scope.of(recorded(series)),
                ),
                for_: 5 * MINUTE,
                keep: Duration::ZERO,
                labels: VERSION,
                summary: "Predictions differ from what happens",
                description,
                query: own(metric(&contract::PERFORMANCE), VERSION)
                    .eq("measure", measure)
                    .expr(),
                case,
            }
            .rule(config)
        };
        let probabilities: Text = place(config, VERSION)
            + ": predicted probabilities are off what happens by "
            + PERCENT
            + " more than in the reference, beyond chance; the threshold is "
            + percent(off)
            + ".";
        let numbers: Text = place(config, VERSION)
            + ": the mean error of predicted numbers moved by "
            + VALUE
            + " mean absolute errors of the reference, beyond chance; the threshold is "
            + aside.to_string()
            + ".";
        rules.push(alert(
            "probabilities",
            &recorded::CALIBRATION_EXCESS,
            off,
            probabilities,
            CALIBRATION_ERROR,
            off_case(model, off, minimum),
        )?);
        rules.push(alert(
            "bias",
            &recorded::BIAS_EXCESS,
            aside,
            numbers,
            BIAS,
            aside_case(model, aside, minimum),
        )?);
    }
    Ok(rules)
}

/// One alert each: performance is no longer reported, no labels arrive, or fewer arrive than before.
fn stopped(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| {
            let ages = (thresholds.performance_age, thresholds.labels_age);
            (ages, thresholds.labels_drop, thresholds.minimum_labels)
        },
        model_team,
    );
    let mut rules = Vec::new();
    for shared in share(config, setting) {
        let (((late, age), drop, minimum), team, job) = shared.setting;
        let model = hero(&shared.models);
        let scope = &shared.scope;
        let all = |of: Selector| scope.of(of).eq("model_version", ALL_VERSIONS);
        let changed = |counted| max_by(MODEL, all(metric(counted)).over("changes", age));
        let told = scope.of(metric(&contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP));
        let told = max_by(MODEL, told.over("last_over_time", DAY.max(2 * late)));
        let untold = time().minus(told).above(late.as_secs_f64());
        let many = max_by(MODEL, all(metric(&contract::PERFORMANCE_PREDICTIONS))).at_least(minimum as f64);
        let known = max_by(MODEL, all(recorded(&recorded::LABELS_SHARE)));
        let none = known
            .and(MODEL, many.clone())
            .and(MODEL, changed(&contract::PERFORMANCE_PREDICTIONS).above(0.0))
            .unless(MODEL, changed(&contract::PERFORMANCE_LABELS).above(0.0))
            .unless(MODEL, untold.clone());
        let before = max_by(MODEL, all(recorded(&recorded::LABELS_SHARE)).offset(age));
        let fewer = known
            .with(Op::Below, MODEL, before.times(tidy(1.0 - drop)))
            .and(MODEL, many)
            .unless(MODEL, untold.clone())
            .unless(MODEL, none.clone());
        let alert = |fault: &str, expr, description, case| {
            Alert {
                known: &known::LABELS_STOPPED,
                severity: Severity::Ticket,
                team,
                job: Some(job),
                extra: &[("fault", fault.to_owned())],
                expr,
                for_: 5 * MINUTE,
                keep: Duration::ZERO,
                labels: MODEL,
                summary: "Nobody knows whether a model is right",
                description,
                query: own(metric(&contract::PERFORMANCE_LABELS), MODEL).expr(),
                case,
            }
            .rule(config)
        };
        let (long, since) = (prometheus_duration(age), prometheus_duration(late));
        let silent = place(config, MODEL)
            + ": performance was last published "
            + TIME
            + format!(
                " ago; more than {since} is too long. Until it is again, nobody watches whether the model is right."
            );
        let without = place(config, MODEL)
            + format!(": no label has arrived for {long}, but predictions have. ")
            + PERCENT
            + " of the predictions have a label.";
        let less = place(config, MODEL)
            + ": "
            + PERCENT
            + format!(
                " of the predictions have a label, which is less than {long} ago by more than {} of that share.",
                percent(drop)
            );
        rules.push(alert("no_run", untold, silent, silent_case(model, late))?);
        rules.push(alert("no_labels", none, without, none_case(model, age, minimum))?);
        rules.push(alert(
            "fewer_labels",
            fewer,
            less,
            fewer_case(model, age, drop, minimum),
        )?);
    }
    rules.extend(failing(config)?);
    Ok(rules)
}

/// The exporter's runs for performance keep failing, or keep finding no outcomes.
fn failing(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, performance: &Performance| {
        let team = model.owners.model.team.clone();
        (team, model.job.clone(), performance.interval)
    };
    let told = only(config, |model| {
        model
            .performance
            .as_ref()
            .map(|performance| setting(model, performance))
    });
    let rules = told.into_iter().map(|shared| {
        let (team, job, interval) = &shared.setting;
        // At least two runs, whenever the first begins.
        let seen = (*interval * 3).max(15 * MINUTE);
        let runs = shared.scope.of(metric(&contract::PERFORMANCE_RUNS));
        let failed = sum_by(MODEL, runs.clone().ne("result", "success").increase(seen));
        Alert {
            known: &known::LABELS_STOPPED,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[("fault", "failing".to_owned())],
            expr: failed
                .above(0.5)
                .unless(MODEL, sum_by(MODEL, runs.eq("result", "success").increase(seen)).above(0.0)),
            for_: 5 * MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "Nobody knows whether a model is right",
            description: place(config, MODEL)
                + ": the exporter looked "
                + VALUE
                + format!(
                    " times in the last {} at how right it is, and failed each time: outcomes, predictions or the reference are not where \
                     modelwatch.toml says, or lack a column, or it took too long.",
                    prometheus_duration(seen)
                ),
            query: sum_by(&["result"], own(metric(&contract::PERFORMANCE_RUNS), MODEL).increase(seen)),
            case: failing_case(hero(&shared.models), seen),
        }
        .rule(config)
    });
    rules.collect()
}

/// A figure of a version: before, while it is bad, and after.
fn figure(metric: &SourceMetric, model: &str, version: &str, measure: &str, [good, bad]: [f64; 2]) -> Series {
    let labels = [("model_name", model), ("model_version", version), ("measure", measure)];
    Series::gauge(metric.name, &labels, &[(good, 30), (bad, 30), (good, 30)])
}

/// The same figure throughout.
fn reference(model: &str, measure: &str, value: f64) -> Series {
    let labels = [("model_name", model), ("measure", measure)];
    Series::gauge(contract::PERFORMANCE_REFERENCE.name, &labels, &[(value, 90)])
}

fn counted(metric: &SourceMetric, model: &str, version: &str, value: f64) -> Series {
    let labels = [("model_name", model), ("model_version", version)];
    Series::gauge(metric.name, &labels, &[(value, 90)])
}

/// A value with its interval, good and bad.
fn with_interval(
    metrics: [&SourceMetric; 3],
    model: &str,
    version: &str,
    measure: &str,
    values: [[f64; 3]; 2],
) -> Vec<Series> {
    let of = |index: usize| {
        figure(
            metrics[index],
            model,
            version,
            measure,
            values.map(|value| value[index]),
        )
    };
    (0..3).map(of).collect()
}

const REALISED: [&SourceMetric; 3] = [
    &contract::PERFORMANCE,
    &contract::PERFORMANCE_LOW,
    &contract::PERFORMANCE_HIGH,
];
const ESTIMATED: [&SourceMetric; 3] = [
    &contract::PERFORMANCE_ESTIMATE,
    &contract::PERFORMANCE_ESTIMATE_LOW,
    &contract::PERFORMANCE_ESTIMATE_HIGH,
];

/// The AUC of one version, and of all together, falls: one version's loss of 0.2 grows by five times the limit. Another version's
/// loss grows by less than the limit, and its error by less than the interval allows. A third version has too few labels.
fn fell_case(model: &str, limit: f64, minimum: u64) -> Case {
    fall(&known::PERFORMANCE_FELL, REALISED, model, limit, minimum)
}

/// One carrier's flights are right less often. Another carrier's loss grows by less than the limit; a third has too few labels.
fn segment_case(model: &str, limit: f64, minimum: u64) -> Case {
    let mut series = Vec::new();
    for (value, times, rows) in [
        ("UA", 4.0, 10.0 * minimum as f64),
        ("AA", 0.9, 10.0 * minimum as f64),
        ("HA", 4.0, minimum as f64 - 1.0),
    ] {
        series.extend(of_segment(
            model,
            value,
            &[(0.0, 30), (times * limit, 30), (0.0, 30)],
            rows,
        ));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series,
        fires: labelled(&[("model_name", model), ("segment", "carrier"), ("segment_value", "UA")]),
        quiet: vec![29, 34],
        fires_at: 35,
        resolved_at: Some(60),
    }
}

/// The growth of the loss of a carrier's flights, and their labels.
fn of_segment(model: &str, value: &str, growth: &[(f64, usize)], rows: f64) -> [Series; 2] {
    let labels = [
        ("model_name", model),
        ("segment", "carrier"),
        ("segment_value", value),
        ("measure", "accuracy"),
    ];
    [
        Series::gauge(contract::SEGMENT_PERFORMANCE_GROWTH.name, &labels, growth),
        Series::gauge(contract::SEGMENT_PERFORMANCE_LABELS.name, &labels[..3], &[(rows, 90)]),
    ]
}

/// A carrier's flights got so much worse that all predictions did. The alert is about all of them, and there is no second one.
pub(in crate::rules) fn explained(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let limit = model.thresholds.performance_loss;
    let labels = 10.0 * model.thresholds.minimum_labels as f64;
    let mut series = vec![reference(&model.name, "roc_auc", 0.8)];
    series.extend(area(REALISED, &model.name, ALL_VERSIONS, limit, 5.0, 0.1 * limit));
    series.push(counted(
        &contract::PERFORMANCE_LABELS,
        &model.name,
        ALL_VERSIONS,
        labels,
    ));
    series.extend(of_segment(
        &model.name,
        "UA",
        &[(0.0, 30), (20.0 * limit, 30), (0.0, 30)],
        labels,
    ));
    let name = "performance that fell for one segment so that all predictions show it is told of once";
    of_all(config, model, name, &series)
}

/// The same for estimates. A version with most labels raises none, because the labels already show it.
fn estimate_case(model: &str, limit: f64, minimum: u64) -> Case {
    let mut case = fall(&known::ESTIMATE_FELL, ESTIMATED, model, limit, minimum);
    case.series.extend(area(ESTIMATED, model, "told", limit, 5.0, 0.001));
    let all = 10.0 * minimum as f64;
    case.series.extend([
        counted(&contract::PERFORMANCE_PREDICTIONS, model, "told", all),
        counted(&contract::PERFORMANCE_LABELS, model, "told", all),
    ]);
    case
}

/// An AUC whose loss grows from 0.2 by `times` the limit.
fn area(metrics: [&SourceMetric; 3], model: &str, version: &str, limit: f64, times: f64, reach: f64) -> Vec<Series> {
    let bad = 0.8 - 0.2 * times * limit;
    let values = [0.8, bad].map(|value| [value, value - reach, value + reach]);
    with_interval(metrics, model, version, "roc_auc", values)
}

fn fall(known: &'static KnownAlert, metrics: [&SourceMetric; 3], model: &str, limit: f64, minimum: u64) -> Case {
    let enough = 10.0 * minimum as f64;
    let few = minimum as f64 - 1.0;
    let (labels, predictions) = (&contract::PERFORMANCE_LABELS, &contract::PERFORMANCE_PREDICTIONS);
    // With labels of few predictions only, they do not represent the others.
    let share = if std::ptr::eq(known, &known::ESTIMATE_FELL) {
        0.1
    } else {
        1.0
    };
    let unsure = [4.0, 4.0 * (1.0 + 2.0 * limit)].map(|value| [value, value - 8.0 * limit, value + 8.0 * limit]);
    let mut series = vec![reference(model, "roc_auc", 0.8), reference(model, ABSOLUTE_ERROR, 4.0)];
    for (version, times, rows) in [
        ("canary", 5.0, enough),
        (ALL_VERSIONS, 3.0, enough),
        ("stable", 0.9, enough),
        ("rare", 5.0, few),
    ] {
        series.extend(area(metrics, model, version, limit, times, 0.01 * limit));
        series.push(counted(labels, model, version, share * rows));
        series.push(counted(predictions, model, version, rows));
    }
    series.extend(with_interval(metrics, model, "stable", ABSOLUTE_ERROR, unsure));
    Case {
        step: MINUTE,
        evaluate: 1,
        series,
        fires: labelled(&[("model_name", model), ("model_version", "canary")]),
        quiet: vec![29, 34],
        fires_at: 35,
        resolved_at: Some(60),
    }
}

/// Each of two versions is too small for certainty, and both together are not. The alert is about all of them.
pub(in crate::rules) fn together(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let limit = model.thresholds.performance_loss;
    let labels = 10.0 * model.thresholds.minimum_labels as f64;
    let mut series = vec![reference(&model.name, "roc_auc", 0.8)];
    for (version, reach) in [("canary", 1.0), ("stable", 1.0), (ALL_VERSIONS, 0.1)] {
        series.extend(area(REALISED, &model.name, version, limit, 5.0, reach * limit));
        series.push(counted(&contract::PERFORMANCE_LABELS, &model.name, version, labels));
    }
    let name = "performance that fell in all versions together is told of them, where none shows it alone";
    of_all(config, model, name, &series)
}

/// The first half hour is good. Then there is one alert, about all versions together.
fn of_all(config: &Config, model: &Model, name: &str, series: &[Series]) -> Result<Test, GenerateError> {
    let among = [("alertname".to_owned(), known::PERFORMANCE_FELL.name.to_owned())].into();
    let mut test = Test::new(config, name, MINUTE, series);
    test.fires(29 * MINUTE, &among, &[])?;
    let labels = [
        ("model_name", model.name.as_str()),
        ("model_version", ALL_VERSIONS),
        ("job", &model.job),
        ("plane", Plane::Drift.name()),
        ("severity", severity(model).label(config)),
        ("team", &model.owners.model.team),
    ];
    test.fires(40 * MINUTE, &among, &labelled(&labels))?;
    Ok(test)
}

/// Probabilities match the reference, then are off by more than the limit, then match again. In another version, they are off by
/// as much as chance allows.
fn off_case(model: &str, limit: f64, minimum: u64) -> Case {
    let off = [0.01, 0.01 + 1.5 * limit];
    let values = off.map(|value| [value, value - 0.1 * limit, value + 0.1 * limit]);
    let unsure = off.map(|value| [value, value - limit, value + limit]);
    let mut series = vec![reference(model, CALIBRATION_ERROR, 0.01)];
    series.extend(with_interval(REALISED, model, "canary", CALIBRATION_ERROR, values));
    series.extend(with_interval(REALISED, model, "stable", CALIBRATION_ERROR, unsure));
    calibration_case(model, minimum, series)
}

/// Numbers become too small on average, with certainty in only one version.
fn aside_case(model: &str, limit: f64, minimum: u64) -> Case {
    let mean = [0.5, 0.5 - 4.0 * 1.5 * limit];
    let values = mean.map(|value| [value, value - limit, value + limit]);
    let unsure = mean.map(|value| [value, value - 4.0 * limit, value + 4.0 * limit]);
    let mut series = vec![reference(model, ABSOLUTE_ERROR, 4.0), reference(model, BIAS, 0.5)];
    series.extend(with_interval(REALISED, model, "canary", BIAS, values));
    series.extend(with_interval(REALISED, model, "stable", BIAS, unsure));
    calibration_case(model, minimum, series)
}

fn calibration_case(model: &str, minimum: u64, mut series: Vec<Series>) -> Case {
    for version in ["canary", "stable"] {
        series.push(counted(&contract::PERFORMANCE_LABELS, model, version, minimum as f64));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series,
        fires: labelled(&[("model_name", model), ("model_version", "canary")]),
        quiet: vec![29, 34],
        fires_at: 35,
        resolved_at: Some(60),
    }
}

/// The step of a story of days, and the number of steps.
fn stepped(long: Duration) -> (Duration, usize) {
    let step = MINUTE.max(long / 60);
    let steps = long.as_millis() / step.as_millis().max(1);
    (step, usize::try_from(steps).unwrap_or(usize::MAX))
}

/// Runs report, then keep failing, then report again.
fn failing_case(model: &str, seen: Duration) -> Case {
    let step = MINUTE.max(seen / 60);
    let count =
        |long: Duration| usize::try_from(long.as_millis().div_ceil(step.as_millis().max(1))).unwrap_or(usize::MAX);
    let (steps, for_) = (count(seen), count(5 * MINUTE));
    let runs = |result, phases: &[(f64, usize)]| {
        let labels = [("model_name", model), ("result", result)];
        Series::counter(contract::PERFORMANCE_RUNS.name, &labels, phases)
    };
    let failing = 2 * steps + for_;
    Case {
        step,
        evaluate: 1,
        series: vec![
            runs("success", &[(1.0, 30), (0.0, failing), (1.0, 10)]),
            runs("outcomes", &[(0.0, 30), (1.0, failing), (0.0, 10)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![29, 28 + steps],
        fires_at: 29 + failing,
        resolved_at: Some(31 + failing),
    }
}

/// The job runs at each step, then stops for too long, then runs again.
fn silent_case(model: &str, late: Duration) -> Case {
    let (step, steps) = stepped(late);
    let seconds = step.as_secs_f64();
    let resumes = 29 + steps + 1 + 15;
    let told = [
        (0.0, seconds, 30),
        (29.0 * seconds, 0.0, resumes - 30),
        (resumes as f64 * seconds, seconds, 10),
    ];
    let name = contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP.name;
    Case {
        step,
        evaluate: 1,
        series: vec![Series::ramps(name, &[("model_name", model)], &told)],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![29, 29 + steps],
        fires_at: resumes - 1,
        resolved_at: Some(resumes),
    }
}

/// Predictions and labels of all versions. Both grow at each step; labels differ for a while.
fn counts(model: &str, predictions: &[(f64, f64, usize)], labels: &[(f64, f64, usize)]) -> Vec<Series> {
    let all = [("model_name", model), ("model_version", ALL_VERSIONS)];
    vec![
        Series::ramps(contract::PERFORMANCE_PREDICTIONS.name, &all, predictions),
        Series::ramps(contract::PERFORMANCE_LABELS.name, &all, labels),
    ]
}

/// Labels arrive with the predictions, then none arrives for too long, then they arrive again.
fn none_case(model: &str, age: Duration, minimum: u64) -> Case {
    let (step, steps) = stepped(age);
    // Enough that a week's labels do not change the share.
    let all = 1e6 * minimum as f64;
    let resumes = 30 + steps + 15;
    let stop = 0.8 * all + 29.0;
    let predictions = [(all, 1.0, resumes + 10)];
    let labels = [(0.8 * all, 1.0, 30), (stop, 0.0, resumes - 30), (stop + 1.0, 1.0, 10)];
    Case {
        step,
        evaluate: 1,
        series: counts(model, &predictions, &labels),
        fires: labelled(&[("model_name", model)]),
        quiet: vec![29, 29 + steps - 2],
        fires_at: resumes - 1,
        resolved_at: Some(resumes),
    }
}

/// Fewer and fewer predictions of a moving window have labels, after a near miss.
fn fewer_case(model: &str, age: Duration, drop: f64, minimum: u64) -> Case {
    let (step, steps) = stepped(age);
    let all = 1e6 * minimum as f64;
    let (near, few) = (0.8 * (1.0 - 0.9 * drop) * all, 0.8 * (1.0 - drop) * 0.5 * all);
    let begins = steps + 30;
    let predictions = [(all, 1.0, 2 * begins)];
    let labels = [
        (0.8 * all, 1.0, steps),
        (near, 1.0, 30),
        (few, 1.0, 15),
        (0.8 * all, 1.0, 2 * begins - steps - 45),
    ];
    Case {
        step,
        evaluate: 1,
        series: counts(model, &predictions, &labels),
        fires: labelled(&[("model_name", model)]),
        quiet: vec![steps - 1, begins - 1],
        fires_at: begins + 10,
        resolved_at: Some(begins + 15),
    }
}
