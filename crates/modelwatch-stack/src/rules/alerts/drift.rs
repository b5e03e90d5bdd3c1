//! Does the input drift, and does the drift job still run?
//!
//! The exporter's gauges vanish with the exporter. So a drift alert keeps the last verdict until there is a newer one, and an
//! exporter that stays down raises its own alerts. Drift never ends silently.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Drift, Model, Plane, Rollout, prometheus_duration};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, Selector, max_by, metric, recorded, sum_by, time};
use crate::recorded;
use crate::rules::alert::{Alert, MINUTE, Severity, Tested, hero, labelled, over_and_back, percent, place};
use crate::rules::case::Case;
use crate::rules::labels::own;
use crate::rules::labels::{FEATURE, MODEL};
use crate::rules::models::{ModelGroup, only};
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, TIME, VALUE};

const DAY: Duration = Duration::from_secs(86_400);

/// How long without a finished run is too long.
pub(crate) fn late(drift: &Drift) -> Duration {
    (drift.interval * 3).max(5 * MINUTE)
}

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::Drift {
        return Ok(rules);
    }
    rules.extend(features(config)?);
    rules.extend(predictions(config)?);
    rules.extend(joint(config)?);
    rules.extend(versions(config)?);
    rules.extend(stale(config)?);
    rules.extend(missing(config)?);
    rules.extend(failing(config)?);
    rules.extend(blind(config)?);
    rules.extend(baseline(config)?);
    rules.extend(log(config)?);
    Ok(rules)
}

/// The job that scrapes the exporter.
fn job(config: &Config) -> Option<&str> {
    let mut jobs = config.prometheus.jobs.iter();
    let job = jobs.find(|job| job.plane == Plane::Drift);
    job.map(|job| job.job.as_str())
}

fn severity(high_risk: bool) -> Severity {
    if high_risk { Severity::Page } else { Severity::Ticket }
}

/// Groups the models that the drift job watches.
fn watched<'a, K: PartialEq>(
    config: &'a Config,
    setting: impl Fn(&'a Model, &'a Drift) -> K,
) -> Vec<ModelGroup<'a, K>> {
    only(config, |model| model.drift.as_ref().map(|drift| setting(model, drift)))
}

/// The score, where the verdict is drift. While no exporter reports the model, its last verdict of the past day counts. A live
/// exporter counts at once.
fn verdict(labels: &[&str], score: &Selector, detected: &Selector) -> Expr {
    let now = |series: &Selector| max_by(labels, series);
    let last = |series: &Selector| max_by(labels, series.over("last_over_time", DAY));
    let live = now(score).and(labels, now(detected).equals(1.0));
    let held = last(score).and(labels, last(detected).equals(1.0));
    live.or(labels, held.unless(MODEL, detected))
}

fn features(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &'_ Model, _: &Drift| {
        (
            model.critical_features.clone(),
            model.high_risk,
            model.owners.model.team.clone(),
        )
    };
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (critical, high_risk, team) = &shared.setting;
        let of = |selector: Selector| {
            let selector = shared.scope.of(selector);
            if critical.is_empty() {
                selector
            } else {
                selector.one_of("feature_name", critical.iter().map(String::as_str))
            }
        };
        Alert {
            known: &known::FEATURE_DRIFT,
            severity: severity(*high_risk),
            team,
            job: job(config),
            extra: &[],
            expr: verdict(
                FEATURE,
                &of(metric(&contract::DATA_DRIFT_SCORE)),
                &of(metric(&contract::DATA_DRIFT_DETECTED)),
            ),
            for_: 15 * MINUTE,
            keep: Duration::ZERO,
            labels: FEATURE,
            summary: "A critical feature drifts from the training baseline",
            description: place(config, FEATURE)
                + ": its distance from the baseline is "
                + VALUE
                + ", which is above its threshold ("
                + thresholds(&shared.models)
                + ") and significant. For at least 15 minutes.",
            query: own(metric(&contract::DATA_DRIFT_SCORE), MODEL).expr(),
            case: verdict_case(hero(&shared.models), Some(critical)),
        }
        .rule(config)
    });
    rules.collect()
}

/// The thresholds of the models, and those of features with their own.
fn thresholds(models: &[&Model]) -> String {
    let mut all: Vec<f64> = Vec::new();
    for drift in models.iter().filter_map(|model| model.drift.as_ref()) {
        all.push(drift.threshold);
        all.extend(drift.features.values().filter_map(|feature| feature.threshold));
    }
    all.sort_by(f64::total_cmp);
    all.dedup();
    match (all.first(), all.last()) {
        (Some(low), Some(high)) if low < high => format!("{low} to {high}"),
        (Some(one), _) => one.to_string(),
        _ => String::from("none"),
    }
}

fn predictions(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| (model.high_risk, model.owners.model.team.clone(), drift.threshold);
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (high_risk, team, threshold) = &shared.setting;
        Alert {
            known: &known::PREDICTION_DRIFT,
            severity: severity(*high_risk),
            team,
            job: job(config),
            extra: &[],
            expr: verdict(
                MODEL,
                &shared.scope.of(metric(&contract::PREDICTION_DRIFT_SCORE)),
                &shared.scope.of(metric(&contract::PREDICTION_DRIFT_DETECTED)),
            ),
            for_: 15 * MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "Prediction scores drift from the training baseline",
            description: place(config, MODEL)
                + ": the scores' distance from the baseline is "
                + VALUE
                + ", which is above the threshold ("
                + threshold.to_string()
                + ") and significant. For at least 15 minutes.",
            query: own(metric(&contract::PREDICTION_DRIFT_SCORE), MODEL).expr(),
            case: verdict_case(hero(&shared.models), None),
        }
        .rule(config)
    });
    rules.collect()
}

/// Relations between features differ from training, while no feature drifts on its own, which has a separate alert.
fn joint(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let rules = watched(config, |model, _| model.owners.model.team.clone())
        .into_iter()
        .map(|shared| {
            Alert {
                known: &known::JOINT_DRIFT,
                severity: Severity::Ticket,
                team: &shared.setting,
                job: job(config),
                extra: &[],
                expr: verdict(
                    MODEL,
                    &shared.scope.of(metric(&contract::JOINT_DRIFT_SCORE)),
                    &shared.scope.of(metric(&contract::JOINT_DRIFT_DETECTED)),
                )
                .unless(MODEL, metric(&contract::DATA_DRIFT_DETECTED).expr().equals(1.0)),
                for_: 15 * MINUTE,
                keep: Duration::ZERO,
                labels: MODEL,
                summary: "Relations between features differ from training",
                description: place(config, MODEL)
                    + ": no feature drifts on its own, but together they are "
                    + VALUE
                    + " times as far from training as usual. For at least 15 minutes.",
                query: own(metric(&contract::JOINT_CORRELATION_CHANGE), MODEL).expr(),
                case: joint_case(hero(&shared.models)),
            }
            .rule(config)
        });
    rules.collect()
}

/// Features drift together for a while. At first, one also drifts on its own.
fn joint_case(model: &str) -> Case {
    let labels = [("model_name", model), ("feature_name", "income")];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            gauge(&contract::JOINT_DRIFT_DETECTED, model, &[(1.0, 60), (0.0, 40)]),
            gauge(&contract::JOINT_DRIFT_SCORE, model, &[(1.7, 60), (0.4, 40)]),
            Series::gauge(contract::DATA_DRIFT_DETECTED.name, &labels, &[(1.0, 30), (0.0, 70)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![29, 44],
        fires_at: 46,
        resolved_at: Some(62),
    }
}

/// One version drifts: only its callers send such data, or only it gets such input.
fn versions(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| (model.high_risk, model.owners.model.team.clone(), drift.threshold);
    let labels: &[&str] = &["model_name", "model_version", "feature_name"];
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (high_risk, team, threshold) = &shared.setting;
        Alert {
            known: &known::VERSION_DRIFT,
            severity: severity(*high_risk),
            team,
            job: job(config),
            extra: &[],
            expr: verdict(
                labels,
                &shared.scope.of(metric(&contract::VERSION_DATA_DRIFT_SCORE)),
                &shared.scope.of(metric(&contract::VERSION_DATA_DRIFT_DETECTED)),
            )
            // Drift in all versions at once is the model's drift, which has a separate alert.
            .unless(FEATURE, metric(&contract::DATA_DRIFT_DETECTED).expr().equals(1.0)),
            for_: 15 * MINUTE,
            keep: Duration::ZERO,
            labels,
            summary: "A feature of one version drifts from the training baseline",
            description: place(config, labels)
                + ": its distance from the baseline in this version's requests is "
                + VALUE
                + ", which is above its threshold ("
                + threshold.to_string()
                + ") and significant; over all versions it is not. For at least 15 minutes.",
            query: own(metric(&contract::VERSION_DATA_DRIFT_SCORE), FEATURE).expr(),
            case: version_case(hero(&shared.models)),
        }
        .rule(config)
    });
    rules.collect()
}

/// One version's feature drifts for a while. Another version's drifts all the time, as it does over all versions.
fn version_case(model: &str) -> Case {
    let gauge = |metric: &Metric, version: Option<&str>, feature: &str, phases: &[(f64, usize)]| {
        let mut labels = vec![("model_name", model), ("feature_name", feature)];
        labels.extend(version.map(|version| ("model_version", version)));
        Series::gauge(metric.name, &labels, phases)
    };
    let (detected, score) = (
        &contract::VERSION_DATA_DRIFT_DETECTED,
        &contract::VERSION_DATA_DRIFT_SCORE,
    );
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            gauge(detected, Some("canary"), "income", &[(0.0, 30), (1.0, 30), (0.0, 40)]),
            gauge(score, Some("canary"), "income", &[(0.01, 30), (0.4, 30), (0.01, 40)]),
            gauge(detected, Some("canary"), "age", &[(1.0, 100)]),
            gauge(score, Some("canary"), "age", &[(0.4, 100)]),
            gauge(&contract::DATA_DRIFT_DETECTED, None, "age", &[(1.0, 100)]),
        ],
        fires: labelled(&[
            ("model_name", model),
            ("model_version", "canary"),
            ("feature_name", "income"),
        ]),
        quiet: vec![29, 44],
        fires_at: 46,
        resolved_at: Some(62),
    }
}

/// The job runs and finds too few rows each time, although the model answers more requests than a window needs. So the job looks
/// in the wrong folder, or for another name.
fn blind(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| {
        let team = model.owners.model.team.clone();
        (team, drift.interval, drift.window, drift.minimum_rows)
    };
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, interval, window, rows) = &shared.setting;
        // At least two runs, whenever the window begins; fires within three.
        let seen = (*interval * 3).max(5 * MINUTE);
        let runs = |results: &[&'static str]| {
            let runs = shared.scope.of(metric(&contract::DRIFT_RUNS));
            sum_by(MODEL, runs.one_of("result", results.iter().copied()).increase(seen))
        };
        let requests = shared.scope.of(recorded(&recorded::MODEL_REQUESTS));
        let answered = requests.over("min_over_time", seen).times(window.as_secs_f64());
        Alert {
            known: &known::DRIFT_JOB_BLIND,
            severity: Severity::Ticket,
            team,
            job: job(config),
            extra: &[],
            expr: runs(&["no_rows", "too_few_rows"])
                .above(1.5)
                .unless(MODEL, runs(&["success"]).above(0.0))
                .and(MODEL, answered.at_least(*rows as f64)),
            for_: MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "The drift job finds almost no rows of a model that answers",
            description: place(config, MODEL)
                + ": the last "
                + VALUE
                + " runs of the drift job found fewer than "
                + rows.to_string()
                + " rows, while the model answered more requests than that in every window. It looks in the wrong folder \
                   or for another name, or nothing is written.",
            query: sum_by(&["result"], own(metric(&contract::DRIFT_RUNS), MODEL).increase(seen)),
            case: blind_case(hero(&shared.models), *interval, *window, *rows, seen),
        }
        .rule(config)
    });
    rules.collect()
}

/// Windows have rows, then none while requests continue, then rows again.
fn blind_case(model: &str, interval: Duration, window: Duration, rows: u64, seen: Duration) -> Case {
    let step = MINUTE.max(interval / 15);
    let steps = |duration: Duration| {
        usize::try_from(duration.as_millis().div_ceil(step.as_millis().max(1))).unwrap_or(usize::MAX)
    };
    let long = 2 * steps(seen) + 10;
    let runs = step.as_secs_f64() / interval.as_secs_f64();
    let requests = 10.0 * rows as f64 * step.as_secs_f64() / window.as_secs_f64();
    let counted = |result, phases: &[(f64, usize)]| {
        let labels = [("model_name", model), ("result", result)];
        Series::counter(contract::DRIFT_RUNS.name, &labels, phases)
    };
    let labels = [
        ("model_name", model),
        ("model_version", "v1"),
        ("route", "/predict"),
        ("status", "success"),
    ];
    Case {
        step,
        evaluate: 1,
        series: vec![
            counted("success", &[(runs, long), (0.0, long), (runs, long)]),
            counted("no_rows", &[(0.0, long), (runs, long), (0.0, long)]),
            Series::counter(contract::INFERENCE_REQUESTS.name, &labels, &[(requests, 3 * long)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![long - 1, long + steps(seen) / 2],
        fires_at: long + steps(seen) + 4,
        resolved_at: Some(2 * long + 5),
    }
}

/// Looks back far enough to see that the last success is too long ago.
fn last_success(scoped: &Selector, late: Duration) -> Expr {
    max_by(MODEL, scoped.over("last_over_time", DAY.max(late * 2)))
}

fn stale(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| (model.owners.model.team.clone(), late(drift));
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, late) = &shared.setting;
        let success = shared.scope.of(metric(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP));
        Alert {
            known: &known::DRIFT_JOB_STALE,
            severity: Severity::Ticket,
            team,
            job: job(config),
            extra: &[],
            expr: time().minus(last_success(&success, *late)).above(late.as_secs_f64()),
            for_: MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "The drift job has not finished for too long",
            description: place(config, MODEL)
                + ": the drift job last finished "
                + TIME
                + " ago; more than "
                + prometheus_duration(*late)
                + " is too long. Until it does, nobody watches for drift.",
            query: own(metric(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP), MODEL).expr(),
            case: stale_case(hero(&shared.models), *late),
        }
        .rule(config)
    });
    rules.collect()
}

fn missing(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| (model.owners.model.team.clone(), late(drift));
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, late) = &shared.setting;
        let served = max_by(MODEL, shared.scope.of(metric(&contract::MODEL_INFO)));
        let success = shared.scope.of(metric(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP));
        Alert {
            known: &known::DRIFT_JOB_MISSING,
            severity: Severity::Ticket,
            team,
            job: job(config),
            extra: &[],
            expr: served.unless(MODEL, last_success(&success, *late)),
            for_: Duration::from_secs(3600),
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "No drift job reports on a model",
            description: place(config, MODEL) + " is served and modelwatch.toml has a drift section for it, but no run of the drift job was seen for a day.",
            query: own(metric(&contract::DRIFT_LAST_SUCCESS_TIMESTAMP), MODEL).expr(),
            case: missing_case(hero(&shared.models)),
        }
        .rule(config)
    });
    rules.collect()
}

fn failing(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, drift: &Drift| (model.owners.model.team.clone(), drift.interval * 4);
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, window) = &shared.setting;
        let window = (*window).max(15 * MINUTE);
        // A window with too few rows is not a failure: it is normal at night.
        let failed = shared.scope.of(metric(&contract::DRIFT_RUNS)).eq("result", "failure");
        Alert {
            known: &known::DRIFT_JOB_FAILING,
            severity: Severity::Ticket,
            team,
            job: job(config),
            extra: &[],
            expr: sum_by(MODEL, failed.increase(window)).above(0.5),
            for_: MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "Runs of the drift job fail",
            description: place(config, MODEL)
                + ": "
                + VALUE
                + " runs of the drift job failed in the last "
                + prometheus_duration(window)
                + ".",
            query: sum_by(&["result"], own(metric(&contract::DRIFT_RUNS), MODEL).increase(window)),
            case: failing_case(hero(&shared.models), window),
        }
        .rule(config)
    });
    rules.collect()
}

fn baseline(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, _: &Drift| (model.owners.model.team.clone(), model.thresholds.baseline_age);
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, age) = &shared.setting;
        let made = max_by(MODEL, shared.scope.of(metric(&contract::DRIFT_BASELINE_TIMESTAMP)));
        Alert {
            known: &known::BASELINE_OLD,
            severity: Severity::Ticket,
            team,
            job: job(config),
            extra: &[],
            expr: time().minus(made).above(age.as_secs_f64()),
            for_: Duration::from_secs(3600),
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "The training baseline is old",
            description: place(config, MODEL)
                + ": its baseline is "
                + TIME
                + " old; the threshold is "
                + prometheus_duration(*age)
                + ". Drift from a stale baseline says little.",
            query: own(metric(&contract::DRIFT_BASELINE_INFO), MODEL).expr(),
            case: baseline_case(hero(&shared.models), *age),
        }
        .rule(config)
    });
    rules.collect()
}

fn log(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &Model, _: &Drift| {
        let team = model.owners.serving.team.clone();
        (team, model.thresholds.log_drop_ratio, model.job.clone())
    };
    let rules = watched(config, setting).into_iter().map(|shared| {
        let (team, limit, job) = &shared.setting;
        Alert {
            known: &known::LOG_DROPPING,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: shared
                .scope
                .of(recorded(&recorded::LOG_DROP_RATIO))
                .expr()
                .above(*limit),
            // Drops stay in the window for a quarter of an hour.
            for_: 2 * MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "The prediction log drops records",
            description: place(config, MODEL)
                + ": the prediction log drops "
                + PERCENT
                + " of its records; the threshold is "
                + percent(*limit)
                + ". The drift job sees only the rest.",
            query: sum_by(
                &["instance", "result"],
                own(metric(&contract::PREDICTION_LOG_RECORDS), MODEL).rate(5 * MINUTE),
            ),
            case: log_case(hero(&shared.models), *limit),
        }
        .rule(config)
    });
    rules.collect()
}

/// A metric that exists per model only.
fn gauge(metric: &Metric, model: &str, phases: &[(f64, usize)]) -> Series {
    Series::gauge(metric.name, &[("model_name", model)], phases)
}

/// Drift begins, its exporter restarts, and drift ends. A feature that is not critical drifts all the time.
fn verdict_case(model: &str, critical: Option<&Vec<String>>) -> Case {
    let detected = [(0.0, 30), (1.0, 20), (f64::NAN, 10), (1.0, 10), (0.0, 30)];
    let score = [(0.01, 30), (0.4, 20), (f64::NAN, 10), (0.4, 10), (0.01, 30)];
    let mut labels = vec![("model_name", model)];
    let mut series = Vec::new();
    if let Some(critical) = critical {
        let other = [("model_name", model), ("feature_name", "not a critical one")];
        if !critical.is_empty() {
            series.push(Series::gauge(contract::DATA_DRIFT_DETECTED.name, &other, &[(1.0, 100)]));
            series.push(Series::gauge(contract::DATA_DRIFT_SCORE.name, &other, &[(0.9, 100)]));
        }
        labels.push(("feature_name", critical.first().map_or("income", String::as_str)));
        series.push(Series::gauge(contract::DATA_DRIFT_DETECTED.name, &labels, &detected));
        series.push(Series::gauge(contract::DATA_DRIFT_SCORE.name, &labels, &score));
    } else {
        series.push(gauge(&contract::PREDICTION_DRIFT_DETECTED, model, &detected));
        series.push(gauge(&contract::PREDICTION_DRIFT_SCORE, model, &score));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series,
        fires: labelled(&labels),
        quiet: vec![29, 44],
        fires_at: 45,
        resolved_at: Some(70),
    }
}

/// The job finishes every minute, then stops for too long, then runs again.
fn stale_case(model: &str, late: Duration) -> Case {
    let step = MINUTE.max(late / 60);
    let seconds = step.as_secs_f64();
    let steps = usize::try_from(late.as_millis() / step.as_millis().max(1)).unwrap_or(usize::MAX);
    let late_at = 29 + steps + 1;
    let name = contract::DRIFT_LAST_SUCCESS_TIMESTAMP.name;
    let resumes = late_at + 10;
    Case {
        step,
        evaluate: 1,
        series: vec![Series::ramps(
            name,
            &[("model_name", model)],
            &[
                (0.0, seconds, 30),
                (29.0 * seconds, 0.0, resumes - 30),
                (resumes as f64 * seconds, seconds, 10),
            ],
        )],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![29, late_at - 1],
        fires_at: late_at + 1,
        resolved_at: Some(resumes),
    }
}

/// The model serves for an hour before the drift job reports anything.
fn missing_case(model: &str) -> Case {
    let labels = [("model_name", model), ("model_version", "v1"), ("framework", "")];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            Series::gauge(contract::MODEL_INFO.name, &labels, &[(1.0, 90)]),
            gauge(
                &contract::DRIFT_LAST_SUCCESS_TIMESTAMP,
                model,
                &[(f64::NAN, 70), (4200.0, 20)],
            )
            .elsewhere(&[(0.0, 60.0, 90)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![59],
        fires_at: 60,
        resolved_at: Some(70),
    }
}

/// Runs succeed. Then one fails.
fn failing_case(model: &str, window: Duration) -> Case {
    let step = MINUTE.max(window / 60);
    let steps = usize::try_from(window.as_millis() / step.as_millis().max(1)).unwrap_or(usize::MAX);
    let for_ = usize::try_from(MINUTE.as_millis().div_ceil(step.as_millis().max(1))).unwrap_or(1);
    let runs = |result, phases: &[(f64, usize)]| {
        Series::counter(
            contract::DRIFT_RUNS.name,
            &[("model_name", model), ("result", result)],
            phases,
        )
    };
    Case {
        step,
        evaluate: 1,
        series: vec![
            runs("success", &[(1.0, 50 + steps)]),
            runs("too_few_rows", &[(0.0, 5), (1.0, 45 + steps)]),
            runs("failure", &[(0.0, 30), (1.0, 1), (0.0, 19 + steps)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![30, 30 + for_],
        fires_at: 31 + for_,
        resolved_at: Some(33 + steps),
    }
}

/// A baseline becomes too old during the story, and then a new one replaces it.
fn baseline_case(model: &str, age: Duration) -> Case {
    let made = 1800.0 - age.as_secs_f64();
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            gauge(&contract::DRIFT_BASELINE_TIMESTAMP, model, &[(made, 100), (6000.0, 20)])
                .elsewhere(&[(6000.0, 0.0, 120)]),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![30, 90],
        fires_at: 91,
        resolved_at: Some(100),
    }
}

fn log_case(model: &str, limit: f64) -> Case {
    let (bad, good) = over_and_back(limit, 100.0, 40);
    let records = |result, phases: &[(f64, usize)]| {
        Series::counter(
            contract::PREDICTION_LOG_RECORDS.name,
            &[("model_name", model), ("result", result)],
            phases,
        )
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![records("dropped", &bad), records("written", &good)],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![30, 32],
        fires_at: 33,
        resolved_at: Some(87),
    }
}
