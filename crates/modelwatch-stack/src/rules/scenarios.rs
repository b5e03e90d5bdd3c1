//! promtool tests of what usually breaks such rules: no traffic, the first error, counter resets, rolling restarts, a new
//! version, an exporter that dies.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, JobPlane, Model, Rollout};

use super::alerts::kind;
use super::case::{LabelSet, Series, Test, TestFile, series_name};
use crate::error::GenerateError;
use crate::file::File;
use crate::recorded;
use crate::yaml;

const MINUTE: Duration = Duration::from_secs(60);
/// Two of them are in the window of a median.
const STEP: Duration = Duration::from_secs(15 * 60);
const VERSION: &str = "v1";
const ROUTE: &str = "/predict";

pub(super) fn files(config: &Config, groups: &[String]) -> Result<Vec<File>, GenerateError> {
    let Some(model) = config.models.first() else {
        return Ok(Vec::new());
    };
    let mut tests = vec![
        no_traffic(model),
        first_error(model),
        counter_reset(model),
        rolling_restart(model),
        little_traffic(model),
        nothing_scraped(config),
    ];
    if config.rollout >= Rollout::Drift {
        let mut watched = config.models.iter();
        tests.extend(watched.find_map(|model| dead_exporter(config, model)));
    }
    let mut files = vec![yaml::file(
        "prometheus/tests/scenarios.yml",
        &TestFile::new(MINUTE, groups, tests),
    )?];
    if config.rollout >= Rollout::ModelAware {
        files.push(yaml::file(
            "prometheus/tests/scenarios-new-version.yml",
            &TestFile::new(STEP, groups, vec![new_version(model)]),
        )?);
    }
    Ok(files)
}

fn at(minutes: u32) -> Duration {
    MINUTE * minutes
}

/// Alerts of a model, whichever.
fn of(model: &Model) -> BTreeMap<String, String> {
    BTreeMap::from([("model_name".to_owned(), model.name.clone())])
}

fn named(kind: &kind::Kind) -> BTreeMap<String, String> {
    BTreeMap::from([("alertname".to_owned(), kind.name.to_owned())])
}

fn labels(name: &str, model: &Model, extra: &[(&'static str, &str)]) -> LabelSet {
    let own = [
        ("__name__", name),
        ("model_name", &model.name),
        ("model_version", VERSION),
        ("route", ROUTE),
    ];
    let all = own.into_iter().chain(extra.iter().copied());
    all.filter(|(label, _)| *label != "__name__" || !name.is_empty())
        .map(|(label, value)| (label, value.to_owned()))
        .collect()
}

fn requests(model: &Model, status: &str, instance: &str) -> (String, Vec<(&'static str, String)>) {
    let labels = labels("", model, &[("status", status), ("instance", instance)]);
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

/// Asks for a recorded series of the model.
fn recorded_is(test: &mut Test, minute: u32, series: &recorded::Recorded, model: &Model, value: Option<f64>) {
    let expected: Vec<_> = value
        .map(|value| (labels(series.name, model, &[]), value))
        .into_iter()
        .collect();
    test.gives(at(minute), series.name, &expected);
}

fn no_traffic(model: &Model) -> Test {
    let bucket = |le| {
        let labels = labels("", model, &[("le", le)]);
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
        "without traffic there is no ratio and no percentile, not even NaN",
        MINUTE,
        series,
    );
    recorded_is(&mut test, 60, &recorded::REQUESTS, model, Some(0.0));
    recorded_is(&mut test, 60, &recorded::ERROR_RATIO, model, None);
    recorded_is(&mut test, 60, &recorded::LATENCY_P95, model, None);
    test.fires(at(120), &of(model), &[]);
    test
}

fn first_error(model: &Model) -> Test {
    let busy = model.thresholds.minimum_requests as f64;
    let series = vec![
        counter(&requests(model, "success", "a"), &[(busy, 120)]),
        // The series of errors appears with the first of them.
        ramps(&requests(model, "error", "a"), &[(f64::NAN, 0.0, 30), (1.0, 0.0, 90)]),
    ];
    let mut test = Test::new(
        "before the first error the ratio is 0, and the first error wakes nobody",
        MINUTE,
        series,
    );
    recorded_is(&mut test, 20, &recorded::ERROR_RATIO, model, Some(0.0));
    recorded_is(&mut test, 60, &recorded::ERROR_RATIO, model, Some(0.0));
    test.fires(at(60), &of(model), &[]);
    test
}

fn counter_reset(model: &Model) -> Test {
    let busy = model.thresholds.minimum_requests as f64 * 60.0;
    let series = vec![
        ramps(&requests(model, "success", "a"), &[(busy, busy, 30), (busy, busy, 90)]),
        ramps(&requests(model, "error", "a"), &[(5000.0, 0.0, 30), (0.0, 0.0, 90)]),
    ];
    let mut test = Test::new(
        "a counter that starts again is neither a dip nor a burst",
        MINUTE,
        series,
    );
    for minute in [29, 31, 33, 60] {
        recorded_is(&mut test, minute, &recorded::REQUESTS, model, Some(busy / 60.0));
        recorded_is(&mut test, minute, &recorded::ERROR_RATIO, model, Some(0.0));
    }
    test.fires(at(60), &of(model), &[]);
    test
}

/// Three replicas are replaced one after the other, five minutes apart.
fn rolling_restart(model: &Model) -> Test {
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
        series.push(ramps(&requests(model, "success", instance), &ramp));
        let target = [("job", model.job.as_str()), ("instance", instance), ("service", "api")];
        series.push(Series::gauge(contract::PROCESS_START_TIME.name, &target, &started));
        series.push(Series::gauge("up", &target, &up));
    }
    let mut test = Test::new("a rolling restart of all replicas tells nobody", MINUTE, series);
    for minute in [36, 46, 60, 110] {
        test.fires(at(minute), &of(model), &[]);
        for kind in [&kind::RESTARTING, &kind::TARGET_DOWN] {
            test.fires(at(minute), &named(kind), &[]);
        }
    }
    test
}

/// A request in five minutes, and one of them fails: a share of a fifth, or all, of next to nothing.
fn little_traffic(model: &Model) -> Test {
    let sparse: Vec<_> = (0..24).flat_map(|_| [(1.0, 1), (0.0, 4)]).collect();
    let series = vec![
        counter(&requests(model, "success", "a"), &sparse),
        counter(&requests(model, "error", "a"), &[(0.0, 60), (1.0, 1), (0.0, 59)]),
    ];
    let mut test = Test::new(
        "one error where there is next to no traffic pages nobody",
        MINUTE,
        series,
    );
    for minute in [61, 63, 66, 75, 110] {
        test.fires(at(minute), &of(model), &[]);
    }
    test
}

fn nothing_scraped(config: &Config) -> Test {
    let mut test = Test::new(
        "a job without a single target is a job that is down",
        MINUTE,
        Vec::new(),
    );
    let job = config
        .prometheus
        .jobs
        .iter()
        .find(|job| job.plane == JobPlane::Inference);
    if let Some(job) = job {
        let mut among = named(&kind::JOB_DOWN);
        among.insert("job".to_owned(), job.job.clone());
        among.insert("severity".to_owned(), "page".to_owned());
        among.insert("plane".to_owned(), "inference".to_owned());
        among.insert("team".to_owned(), config.owners.serving.team.clone());
        test.fires(at(2), &among, &[]);
        test.fires(at(3), &among, &[Vec::new()]);
    }
    test
}

/// The exporter dies while drift is on. Drift goes on firing until well after its silence has raised an alert.
fn dead_exporter(config: &Config, model: &Model) -> Option<Test> {
    let drift = model.drift.as_ref()?;
    // Minutes; the story is told for intervals up to an hour.
    let interval = u32::try_from(drift.interval.as_secs().div_ceil(60)).ok()?;
    let job = config.prometheus.jobs.iter().find(|job| job.plane == JobPlane::Drift)?;
    if !(2..=60).contains(&interval) {
        return None;
    }
    let name = model.name.as_str();
    let feature = model.critical_features.first().map_or("income", String::as_str);
    let of_feature = [("model_name", name), ("feature_name", feature)];
    let alive = 60;
    let series = vec![
        Series::gauge(contract::DATA_DRIFT_DETECTED.name, &of_feature, &[(1.0, alive)]),
        Series::gauge(contract::DATA_DRIFT_SCORE.name, &of_feature, &[(0.4, alive)]),
        Series::ramps(
            contract::DRIFT_LAST_SUCCESS_TIMESTAMP.name,
            &[("model_name", name)],
            &[(0.0, 60.0, alive)],
        ),
        Series::gauge(
            "up",
            &[("job", &job.job), ("instance", "a"), ("service", "drift")],
            &[(1.0, alive), (0.0, 900)],
        ),
    ];
    let mut test = Test::new(
        "an exporter that dies during drift does not end it in silence",
        MINUTE,
        series,
    );
    let count = |kind: &kind::Kind| {
        let labels = [("alertname", kind.name), ("alertstate", "firing")];
        format!("count({})", series_name("ALERTS", &labels))
    };
    let dies = 60;
    let stale = dies + (interval * 3).max(5) + 2;
    for minute in [59, dies + 5, stale, stale + interval] {
        test.gives(at(minute), count(&kind::FEATURE_DRIFT), &[(Vec::new(), 1.0)]);
    }
    for minute in [stale, stale + interval, dies + interval * 10] {
        test.gives(at(minute), count(&kind::DRIFT_JOB_STALE), &[(Vec::new(), 1.0)]);
    }
    let down = [
        ("alertname", kind::JOB_DOWN.name),
        ("job", job.job.as_str()),
        ("alertstate", "firing"),
    ];
    let down = format!("count({})", series_name("ALERTS", &down));
    test.gives(at(dies + 4), down, &[(Vec::new(), 1.0)]);
    Some(test)
}

/// A day of one version; then a second one whose scores are elsewhere. It has no yesterday, and tells all the same.
fn new_version(model: &Model) -> Test {
    let limit = model.thresholds.score_shift;
    let rate = model.thresholds.minimum_predictions as f64 * 10.0;
    let before = 25 * 4;
    let after = 12;
    let edges = [1.0, 10.0, 11.0].map(|times| ((limit * times * 1e9).round() / 1e9).to_string());
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
        "a new version is compared with the others, as it has no yesterday",
        STEP,
        series,
    );
    let shifted = |version: Option<&str>| {
        let mut labels = vec![("alertname", kind::SCORE_SHIFT.name), ("alertstate", "firing")];
        labels.extend(version.map(|version| ("model_version", version)));
        format!("count({})", series_name("ALERTS", &labels))
    };
    let begins = 25 * 60;
    test.gives(at(begins), shifted(None), &[]);
    test.gives(at(begins + 75), shifted(Some("new")), &[(Vec::new(), 1.0)]);
    test.gives(at(begins + 75), shifted(Some("old")), &[]);
    test
}
