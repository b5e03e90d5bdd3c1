//! promtool tests of what usually breaks such rules: no traffic, the first error, counter resets, rolling restarts, a new
//! version, an exporter that dies.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Plane, Rollout};

use super::alert::Severity;
use super::alerts::performance;
use super::case::{Test, TestFile, firing};
use super::minutes;
use super::seasons;
use super::story::{LabelSet, Series};
use crate::error::GenerateError;
use crate::file::File;
use crate::known::{self, KnownAlert};
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::yaml;

const MINUTE: Duration = Duration::from_secs(60);
/// The window of a distribution contains two steps.
const STEP: Duration = Duration::from_secs(5 * 60);
const VERSION: &str = "v1";
const ROUTE: &str = "/predict";

pub(super) fn files(config: &Config, groups: &[String]) -> Result<Vec<File>, GenerateError> {
    let Some(model) = config.models.first() else {
        return Ok(Vec::new());
    };
    let mut tests = vec![
        no_traffic(config, model)?,
        first_error(config, model)?,
        counter_reset(config, model)?,
        rolling_restart(config, model)?,
        little_traffic(config, model)?,
        unmatched_routes(config, model)?,
        nothing_scraped(config)?,
    ];
    if config.rollout >= Rollout::Drift {
        let mut watched = config.models.iter();
        tests.extend(watched.find_map(|model| dead_exporter(config, model)).transpose()?);
        tests.push(performance::together(config, model)?);
        tests.push(performance::explained(config, model)?);
    }
    tests.push(seasons::hovering(config, model)?);
    let mut files = vec![yaml::file(
        "prometheus/tests/scenarios.yml",
        &TestFile::new(MINUTE, groups, tests),
    )?];
    files.push(yaml::file(
        "prometheus/tests/scenarios-seasons.yml",
        &TestFile::new(seasons::ROUND, groups, seasons::quiet(config, model)?),
    )?);
    files.extend(minutes::files(config, model, groups)?);
    if config.rollout >= Rollout::ModelAware {
        files.push(yaml::file(
            "prometheus/tests/scenarios-new-version.yml",
            &TestFile::new(3 * STEP, groups, vec![new_version(config, model)?]),
        )?);
    }
    Ok(files)
}

fn at(minutes: u32) -> Duration {
    MINUTE * minutes
}

/// Labels of all alerts about the serving of a model.
fn of(model: &Model) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("model_name".to_owned(), model.name.clone()),
        ("plane".to_owned(), Plane::Inference.name().to_owned()),
    ])
}

fn named(alert: &KnownAlert) -> BTreeMap<String, String> {
    BTreeMap::from([("alertname".to_owned(), alert.name.to_owned())])
}

fn labels(model: &Model, extra: &[(&'static str, &str)]) -> LabelSet {
    let own = [
        ("model_name", model.name.as_str()),
        ("model_version", VERSION),
        ("route", ROUTE),
    ];
    let all = own.into_iter().chain(extra.iter().copied());
    all.map(|(label, value)| (label, value.to_owned())).collect()
}

fn requests(model: &Model, status: &str, instance: &str) -> (String, Vec<(&'static str, String)>) {
    let labels = labels(model, &[("status", status), ("instance", instance)]);
    (contract::INFERENCE_REQUESTS.name.to_owned(), labels)
}

fn counter(series: &(String, LabelSet), phases: &[(f64, usize)]) -> Series {
    let labels: Vec<_> = series.1.iter().map(|(label, value)| (*label, value.as_str())).collect();
    Series::counter(&series.0, &labels, phases)
}

fn ramps(series: &(String, LabelSet), ramps: &[(f64, f64, usize)]) -> Series {
    let labels: Vec<_> = series.1.iter().map(|(label, value)| (*label, value.as_str())).collect();
    Series::ramps(&series.0, &labels, ramps)
}

/// The latency of equally many requests, all within the objective, of a registered version.
fn quick(model: &Model, instance: &str, phases: &[(f64, f64, usize)]) -> [Series; 4] {
    let edge = model.latency_p95.as_secs_f64().to_string();
    let parts = [
        ("_count", None),
        ("_bucket", Some(edge.as_str())),
        ("_bucket", Some("+Inf")),
    ];
    let [count, within, all] = parts.map(|(part, edge)| {
        let name = format!("{}{part}", contract::INFERENCE_LATENCY.name);
        let mut extra = vec![("instance", instance)];
        extra.extend(edge.map(|edge| ("le", edge)));
        ramps(&(name, labels(model, &extra)), phases)
    });
    // The version is registered for the same time.
    let registered: Vec<_> = phases
        .iter()
        .map(|(from, _, steps)| (if from.is_nan() { f64::NAN } else { 1.0 }, 0.0, *steps))
        .collect();
    let info = (
        contract::MODEL_INFO.name.to_owned(),
        labels(model, &[("instance", instance)]),
    );
    [count, within, all, ramps(&info, &registered)]
}

/// Asserts the value of a recorded series of the model.
fn recorded_is(
    test: &mut Test,
    minute: u32,
    series: &'static Recorded,
    model: &Model,
    value: Option<f64>,
) -> Result<(), GenerateError> {
    let all = labels(model, &[]);
    let of_series = all.into_iter().filter(|(label, _)| series.labels.contains(label));
    test.has(at(minute), recorded(series), &of_series.collect(), value)
}

fn no_traffic(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let bucket = |le| {
        let labels = labels(model, &[("le", le)]);
        (format!("{}_bucket", contract::INFERENCE_LATENCY.name), labels)
    };
    let idle = [(0.0, 120)];
    let series = vec![
        counter(&requests(model, "success", "a"), &idle),
        counter(&requests(model, "error", "a"), &idle),
        counter(&bucket("0.35"), &idle),
        counter(&bucket("+Inf"), &idle),
    ];
    let mut test = Test::new(
        config,
        "without traffic there is no ratio and no percentile, not even NaN",
        MINUTE,
        &series,
    );
    recorded_is(&mut test, 60, &recorded::REQUESTS, model, Some(0.0))?;
    recorded_is(&mut test, 60, &recorded::ERROR_RATIO, model, None)?;
    recorded_is(&mut test, 60, &recorded::LATENCY_P95, model, None)?;
    test.fires(at(120), &of(model), &[])?;
    Ok(test)
}

fn first_error(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let busy = model.thresholds.minimum_requests as f64;
    let mut series = vec![
        counter(&requests(model, "success", "a"), &[(busy, 120)]),
        // The series of errors appears with the first error.
        ramps(&requests(model, "error", "a"), &[(f64::NAN, 0.0, 30), (1.0, 0.0, 90)]),
    ];
    series.extend(quick(model, "a", &[(0.0, busy, 121)]));
    let mut test = Test::new(
        config,
        "before the first error the ratio is 0, and the first error wakes nobody",
        MINUTE,
        &series,
    );
    recorded_is(&mut test, 20, &recorded::ERROR_RATIO, model, Some(0.0))?;
    recorded_is(&mut test, 60, &recorded::ERROR_RATIO, model, Some(0.0))?;
    test.fires(at(60), &of(model), &[])?;
    Ok(test)
}

fn counter_reset(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let busy = model.thresholds.minimum_requests as f64 * 60.0;
    let mut series = vec![
        ramps(&requests(model, "success", "a"), &[(busy, busy, 30), (busy, busy, 90)]),
        ramps(&requests(model, "error", "a"), &[(5000.0, 0.0, 30), (0.0, 0.0, 90)]),
    ];
    series.extend(quick(model, "a", &[(busy, busy, 30), (busy, busy, 90)]));
    let mut test = Test::new(
        config,
        "a counter that starts again is neither a dip nor a burst",
        MINUTE,
        &series,
    );
    for minute in [29, 31, 33, 60] {
        recorded_is(&mut test, minute, &recorded::REQUESTS, model, Some(busy / 60.0))?;
        recorded_is(&mut test, minute, &recorded::ERROR_RATIO, model, Some(0.0))?;
    }
    test.fires(at(60), &of(model), &[])?;
    Ok(test)
}

/// Three replicas are replaced one after the other, five minutes apart.
fn rolling_restart(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let busy = model.thresholds.minimum_requests as f64;
    let mut series = Vec::new();
    for (instance, from, to) in [
        ("a1", 0, 30),
        ("b1", 0, 35),
        ("c1", 0, 40),
        ("a2", 30, 120),
        ("b2", 35, 120),
        ("c2", 40, 120),
    ] {
        let live = to - from;
        let mut ramp = vec![(0.0, busy, live)];
        let mut started = vec![(from as f64 * 60.0, live)];
        let mut up = vec![(1.0, live)];
        if from > 0 {
            ramp.insert(0, (f64::NAN, 0.0, from));
            started.insert(0, (f64::NAN, from));
            up.insert(0, (f64::NAN, from));
        }
        let mut counted = ramps(&requests(model, "success", instance), &ramp);
        if from == 0 {
            counted = counted.elsewhere(&[(0.0, busy, 120)]);
        }
        series.push(counted);
        let counted = quick(model, instance, &ramp);
        series.extend(counted.map(|series| match from {
            0 => series.elsewhere(&[(1.0, busy, 120)]),
            _ => series,
        }));
        let target = [("job", model.job.as_str()), ("instance", instance), ("service", "api")];
        series.push(Series::gauge(contract::PROCESS_START_TIME.name, &target, &started));
        series.push(Series::gauge("up", &target, &up));
    }
    let mut test = Test::new(
        config,
        "a rolling restart of all replicas tells nobody",
        MINUTE,
        &series,
    );
    for minute in [36, 46, 60, 110] {
        test.fires(at(minute), &of(model), &[])?;
        for alert in [&known::RESTARTING, &known::TARGET_DOWN] {
            test.fires(at(minute), &named(alert), &[])?;
        }
    }
    Ok(test)
}

/// One request in five minutes, and one of them fails: a share of a fifth, or of all, of almost no traffic.
fn little_traffic(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let sparse: Vec<_> = (0..24).flat_map(|_| [(1.0, 1), (0.0, 4)]).collect();
    let mut series = vec![
        counter(&requests(model, "success", "a"), &sparse),
        counter(&requests(model, "error", "a"), &[(0.0, 60), (1.0, 1), (0.0, 59)]),
    ];
    series.extend(quick(model, "a", &[(0.0, 0.2, 121)]));
    let mut test = Test::new(
        config,
        "one error where there is next to no traffic pages nobody",
        MINUTE,
        &series,
    );
    for minute in [61, 63, 66, 75, 110] {
        test.fires(at(minute), &of(model), &[])?;
    }
    Ok(test)
}

/// A fifth of the requests for existing routes fail, and a hundred times as many ask for routes that do not exist. The latter
/// make the objective neither better nor worse. For a service that names no route at all, all requests count.
fn unmatched_routes(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let counted = |name: &str, route: &str, status: &str, rate: f64| {
        let labels = [
            ("model_name", name),
            ("model_version", VERSION),
            ("route", route),
            ("status", status),
        ];
        Series::counter(contract::INFERENCE_REQUESTS.name, &labels, &[(rate, 60)])
    };
    let (unmatched, nameless) = ("__unmatched__", "a model without routes");
    let series = [
        counted(&model.name, ROUTE, "success", 48.0),
        counted(&model.name, ROUTE, "error", 12.0),
        counted(&model.name, unmatched, "client_error", 6000.0),
        counted(nameless, unmatched, "success", 45.0),
        counted(nameless, unmatched, "error", 15.0),
    ];
    let mut test = Test::new(
        config,
        "requests that match no route are in no objective, unless there are no others",
        MINUTE,
        &series,
    );
    let of = |name: &str| vec![("model_name", name.to_owned())];
    for (name, requests, errors) in [(model.name.as_str(), 1.0, 0.2), (nameless, 1.0, 0.25)] {
        for (series, value) in [(&recorded::MODEL_REQUESTS, requests), (&recorded::MODEL_ERRORS, errors)] {
            let asked = recorded(series).eq("model_name", name);
            test.has(at(30), asked, &of(name), Some(value))?;
        }
    }
    Ok(test)
}

fn nothing_scraped(config: &Config) -> Result<Test, GenerateError> {
    let mut test = Test::new(
        config,
        "a job without a single target is a job that is down",
        MINUTE,
        &[],
    );
    let job = config.prometheus.jobs.iter().find(|job| job.plane == Plane::Inference);
    if let Some(job) = job {
        let mut among = named(&known::JOB_DOWN);
        among.insert("job".to_owned(), job.job.clone());
        among.insert("severity".to_owned(), Severity::Page.label(config).to_owned());
        among.insert("plane".to_owned(), "inference".to_owned());
        among.insert("team".to_owned(), config.owners.serving.team.clone());
        test.fires(at(2), &among, &[])?;
        test.fires_nowhere_known(at(3), &among, &[Vec::new()])?;
    }
    Ok(test)
}

/// The exporter dies during drift. The drift alert keeps firing until well after the exporter's silence has raised an alert.
fn dead_exporter(config: &Config, model: &Model) -> Option<Result<Test, GenerateError>> {
    let drift = model.drift.as_ref()?;
    // In minutes. The story works for intervals up to an hour.
    let interval = u32::try_from(drift.interval.as_secs().div_ceil(60)).ok()?;
    let job = config.prometheus.jobs.iter().find(|job| job.plane == Plane::Drift)?;
    if !(2..=60).contains(&interval) {
        return None;
    }
    let name = model.name.as_str();
    let feature = model.critical_features.first().map_or("income", String::as_str);
    let of_feature = [("model_name", name), ("feature_name", feature)];
    let alive = 60;
    let series = vec![
        Series::gauge(contract::DATA_DRIFT_DETECTED.name, &of_feature, &[(1.0, alive)]).elsewhere(&[(0.0, 0.0, 960)]),
        Series::gauge(contract::DATA_DRIFT_SCORE.name, &of_feature, &[(0.4, alive)]),
        Series::ramps(
            contract::DRIFT_LAST_SUCCESS_TIMESTAMP.name,
            &[("model_name", name)],
            &[(0.0, 60.0, alive)],
        )
        .elsewhere(&[(0.0, 60.0, 960)]),
        Series::gauge(
            "up",
            &[("job", &job.job), ("instance", "a"), ("service", "drift")],
            &[(1.0, alive), (0.0, 900)],
        ),
    ];
    let mut test = Test::new(
        config,
        "an exporter that dies during drift does not end it in silence",
        MINUTE,
        &series,
    );
    let dies = 60;
    let stale = dies + (interval * 3).max(5) + 2;
    let drifts: Vec<_> = [59, dies + 5, stale, stale + interval]
        .map(|minute| (minute, &known::FEATURE_DRIFT))
        .into();
    let stales = [stale, stale + interval, dies + interval * 10].map(|minute| (minute, &known::DRIFT_JOB_STALE));
    let down = firing([("alertname", known::JOB_DOWN.name), ("job", &job.job)]);
    let asked = drifts
        .into_iter()
        .chain(stales)
        .map(|(minute, alert)| (minute, firing([("alertname", alert.name)])))
        .chain([(dies + 4, down)])
        .try_for_each(|(minute, alerts)| test.counts(at(minute), &alerts, 1));
    Some(asked.map(|()| test))
}

/// A day of one version, then a second one whose scores are elsewhere. It has no yesterday, and the alert fires nevertheless.
fn new_version(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let rate = model.thresholds.minimum_predictions as f64 * 1e5;
    let before = 25 * 12;
    let after = 36;
    let edges = ["0.1", "0.8", "1"];
    let mut series = Vec::new();
    for (version, lowest, from) in [("old", 0, 0), ("new", 2, before)] {
        let mut push = |name: &str, le: Option<&str>, rate: f64| {
            let mut ramp = vec![(0.0, rate, before + after - from)];
            if from > 0 {
                ramp.insert(0, (f64::NAN, 0.0, from));
            }
            let mut labels = vec![("model_name", model.name.as_str()), ("model_version", version)];
            labels.extend(le.map(|le| ("le", le)));
            series.push(Series::ramps(name, &labels, &ramp));
        };
        let bucket = format!("{}_bucket", contract::PREDICTION_SCORE.name);
        push(&bucket, Some("0"), 0.0);
        for (position, edge) in edges.iter().enumerate() {
            push(&bucket, Some(edge), if position >= lowest { rate } else { 0.0 });
        }
        push(&bucket, Some("+Inf"), rate);
        push(&format!("{}_count", contract::PREDICTION_SCORE.name), None, rate);
    }
    let mut test = Test::new(
        config,
        "a new version is compared with the others, as it has no yesterday",
        STEP,
        &series,
    );
    let shifted = firing([("alertname", known::SCORE_SHIFT.name)]);
    let of = |version| shifted.clone().eq("model_version", version);
    let begins = 25 * 60;
    test.counts(at(begins), &shifted, 0)?;
    test.counts(at(begins + 75), &of("new"), 1)?;
    test.counts(at(begins + 75), &of("old"), 0)?;
    Ok(test)
}
