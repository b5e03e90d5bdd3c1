//! Is one replica worse than its siblings? Then it is the machine or its neighbours, and not the release.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Plane, Thresholds};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, Op, Selector, metric, recorded, sum_by};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{Alert, HOVERS, MINUTE, Severity, Tested, labelled, percent, replica_place, tidy};
use crate::rules::case::Case;
use crate::rules::histograms::Histogram;
use crate::rules::labels::REPLICA;
use crate::rules::story::Series;
use crate::rules::text::{PERCENT, TIME, VALUE};

const JOB: &[&str] = &["job"];

pub(crate) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    for job in config
        .prometheus
        .jobs
        .iter()
        .filter(|job| job.plane == Plane::Inference)
    {
        let of_job = || config.models.iter().filter(|model| model.job == job.job);
        let defaults = Thresholds::default();
        // A replica serves its models together: the most patient of their thresholds holds.
        let most = |limit: fn(&Thresholds) -> f64| {
            let limits = of_job().map(|model| limit(&model.thresholds));
            limits.reduce(f64::max).unwrap_or(limit(&defaults))
        };
        let minimum = of_job().map(|model| model.thresholds.minimum_errors).max();
        let late = of_job().map(|model| model.thresholds.runtime_delay).max();
        let objective = of_job().map(|model| model.latency_p95).max();
        let team = &config.owners.serving.team;
        let minimum = minimum.unwrap_or(defaults.minimum_errors);
        rules.push(failing(
            config,
            team,
            &job.job,
            most(|limits| limits.replica_error_ratio),
            minimum,
        )?);
        rules.push(slow(
            config,
            team,
            &job.job,
            most(|limits| limits.replica_latency_factor),
            objective.unwrap_or(Duration::from_millis(350)),
        )?);
        rules.push(runtime(config, team, &job.job, late.unwrap_or(defaults.runtime_delay))?);
    }
    Ok(rules)
}

/// What the job's other replicas do together.
fn siblings(of: &impl Fn(&'static Recorded) -> Selector, series: &'static Recorded) -> Expr {
    sum_by(JOB, of(series)).with_many(Op::Minus, JOB, of(series).expr())
}

fn failing(config: &Config, team: &str, job: &str, limit: f64, minimum: u64) -> Result<Tested, GenerateError> {
    let of = |series| recorded(series).eq("job", job);
    let errors = of(&recorded::REPLICA_ERRORS).expr();
    let own = errors.divided_by(of(&recorded::REPLICA_REQUESTS).expr().above(0.0));
    // Less is a remainder of subtracting floats.
    let others =
        siblings(&of, &recorded::REPLICA_ERRORS).divided_by(siblings(&of, &recorded::REPLICA_REQUESTS).above(0.001));
    Alert {
        known: &known::REPLICA_FAILING,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: own
            .minus(others)
            .above(limit)
            .and(REPLICA, errors.times(300.0).at_least(minimum as f64)),
        for_: 5 * MINUTE,
        keep: HOVERS,
        labels: REPLICA,
        summary: "One replica fails more often than its siblings",
        description: replica_place(config, "Replica ", job)
            + ": the share of failing requests is "
            + PERCENT
            + " above that of its siblings; the threshold is "
            + percent(limit)
            + ". Measured over 5 minutes, for at least 5 minutes.",
        query: of(&recorded::REPLICA_ERRORS).expr(),
        case: failing_case(job, limit, minimum),
    }
    .rule(config)
}

fn replica(name: &str, job: &str, instance: &str, extra: &[(&str, &str)], phases: &[(f64, usize)]) -> Series {
    let labels = [&[("job", job), ("instance", instance)], extra].concat();
    Series::counter(name, &labels, phases)
}

/// Three replicas without errors; then one of them fails all the time.
fn failing_case(job: &str, limit: f64, minimum: u64) -> Case {
    let all = 100.0 * minimum as f64;
    let near = 0.9 * limit * all;
    let requests = |instance, status, phases: &[(f64, usize)]| {
        let extra = [
            ("model_name", "m"),
            ("model_version", "v1"),
            ("route", "/predict"),
            ("status", status),
        ];
        replica(contract::INFERENCE_REQUESTS.name, job, instance, &extra, phases)
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            requests("a", "success", &[(all - near, 30), (0.0, 20), (all, 40)]),
            requests("a", "error", &[(near, 30), (1000.0 * all, 20), (0.0, 40)]),
            requests("b", "success", &[(all, 90)]),
            requests("c", "success", &[(all, 90)]),
        ],
        fires: labelled(&[("job", job), ("instance", "a")]),
        quiet: vec![30, 34],
        fires_at: 37,
        resolved_at: 57,
    }
}

fn slow(config: &Config, team: &str, job: &str, factor: f64, objective: Duration) -> Result<Tested, GenerateError> {
    let of = |series| recorded(series).eq("job", job);
    let latency = of(&recorded::REPLICA_LATENCY).expr();
    let requests = of(&recorded::REPLICA_REQUESTS).expr();
    let spent = latency.times(requests);
    let spent_by_others = sum_by(JOB, spent.clone()).with_many(Op::Minus, JOB, spent);
    let others = spent_by_others.divided_by(siblings(&of, &recorded::REPLICA_REQUESTS).above(0.001));
    // Twice of next to nothing is next to nothing.
    let matters = tidy(objective.as_secs_f64() / 10.0);
    Alert {
        known: &known::REPLICA_SLOW,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: latency
            .divided_by(others.above(0.0))
            .above(factor)
            .and(REPLICA, latency.minus(others).above(matters)),
        for_: 10 * MINUTE,
        keep: HOVERS,
        labels: REPLICA,
        summary: "One replica is slower than its siblings",
        description: replica_place(config, "Replica ", job)
            + ": its mean latency is "
            + VALUE
            + " times that of its siblings; the threshold is "
            + factor.to_string()
            + " times and "
            + matters.to_string()
            + " s more. Measured over 5 minutes, for at least 10 minutes.",
        query: of(&recorded::REPLICA_LATENCY).expr(),
        case: slow_case(job, factor, matters),
    }
    .rule(config)
}

/// Three replicas that are as quick as each other; then one takes many times as long.
fn slow_case(job: &str, factor: f64, matters: f64) -> Case {
    let extra = [("model_name", "m"), ("model_version", "v1"), ("route", "/predict")];
    let with_status = [&extra[..], &[("status", "success")]].concat();
    let usual = 60.0 * matters;
    let far = 60.0 * matters * (2.0 * factor + 2.0);
    let mut series = Vec::new();
    for (instance, sum) in [
        ("a", vec![(usual, 30), (far, 30), (usual, 50)]),
        ("b", vec![(usual, 110)]),
        ("c", vec![(usual, 110)]),
    ] {
        let all = [(60.0, 110)];
        let latency = contract::INFERENCE_LATENCY.name;
        series.push(replica(&format!("{latency}_sum"), job, instance, &extra, &sum));
        series.push(replica(&format!("{latency}_count"), job, instance, &extra, &all));
        series.push(replica(
            contract::INFERENCE_REQUESTS.name,
            job,
            instance,
            &with_status,
            &all,
        ));
    }
    Case {
        step: MINUTE,
        evaluate: 1,
        series,
        fires: labelled(&[("job", job), ("instance", "a")]),
        quiet: vec![30, 39],
        fires_at: 47,
        resolved_at: 66,
    }
}

/// Tasks of the runtime wake up late: something blocks its threads, or they have no processor. Requests wait as long before
/// anything sees them, so no latency shows it.
fn runtime(config: &Config, team: &str, job: &str, limit: Duration) -> Result<Tested, GenerateError> {
    let delay = Histogram {
        of: &contract::RUNTIME_DELAY,
        window: 5 * MINUTE,
    };
    Alert {
        known: &known::RUNTIME_LATE,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: delay.quantile_of_job(0.99, REPLICA, job).above(limit.as_secs_f64()),
        for_: 10 * MINUTE,
        keep: HOVERS,
        labels: REPLICA,
        summary: "The service's runtime wakes up late",
        description: replica_place(config, "Replica ", job)
            + ": one in a hundred tasks wakes up "
            + TIME
            + " late, or more; the threshold is "
            + modelwatch_config::prometheus_duration(limit)
            + ". Requests wait as long before anything sees them, and no latency shows it.",
        query: metric(&contract::RUNTIME_DELAY).bucket().eq("job", job).expr(),
        case: runtime_case(job, limit.as_secs_f64()),
    }
    .rule(config)
}

/// Half of the tasks are in time; then none is.
fn runtime_case(job: &str, limit: f64) -> Case {
    let bucket = |instance, le: f64, phases: &[(f64, usize)]| {
        let le = if le.is_infinite() {
            "+Inf".to_owned()
        } else {
            tidy(le).to_string()
        };
        let name = format!("{}_bucket", contract::RUNTIME_DELAY.name);
        replica(&name, job, instance, &[("le", le.as_str())], phases)
    };
    let all = [(100.0, 110)];
    let late = [(100.0, 30), (0.0, 30), (100.0, 50)];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            bucket("a", limit / 2.0, &late),
            bucket("a", limit, &late),
            bucket("a", limit * 4.0, &all),
            bucket("a", f64::INFINITY, &all),
            bucket("b", limit / 2.0, &all),
            bucket("b", f64::INFINITY, &all),
        ],
        fires: labelled(&[("job", job), ("instance", "a")]),
        quiet: vec![30, 39],
        fires_at: 46,
        resolved_at: 66,
    }
}
