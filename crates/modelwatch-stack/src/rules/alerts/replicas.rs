//! Is one replica worse than its siblings? Then the cause is the machine or its neighbours, not the release.
//!
//! A replica that is the only one of its version, such as a first canary, is compared with none. The alerts about versions cover
//! it.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Plane, Thresholds};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, Op, Selector, metric, recorded};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{Alert, HOVERS, MINUTE, Severity, Tested, labelled, percent, replica_place};
use crate::rules::case::Case;
use crate::rules::histograms::Histogram;
use crate::rules::labels::REPLICA;
use crate::rules::story::Series;
use crate::rules::text::tidy;
use crate::rules::text::{PERCENT, TIME, VALUE};

/// The replicas of a job, and when one of them is too much worse than the others. A replica serves several models, so the most
/// lenient of their thresholds applies.
#[derive(Clone, Debug)]
pub(super) struct Replicas<'a> {
    pub(super) job: &'a str,
    pub(super) error_ratio: f64,
    pub(super) minimum_errors: u64,
    pub(super) latency_factor: f64,
    pub(super) objective: Duration,
    runtime_delay: Duration,
}

impl<'a> Replicas<'a> {
    /// Returns the replicas of each serving job.
    pub(super) fn of_each_job(config: &'a Config) -> impl Iterator<Item = Self> {
        let jobs = config.prometheus.jobs.iter();
        jobs.filter(|job| job.plane == Plane::Inference).map(|job| {
            let of_job = || config.models.iter().filter(|model| model.job == job.job);
            let defaults = Thresholds::default();
            let most = |limit: fn(&Thresholds) -> f64| {
                let limits = of_job().map(|model| limit(&model.thresholds));
                limits.reduce(f64::max).unwrap_or(limit(&defaults))
            };
            let errors = of_job().map(|model| model.thresholds.minimum_errors).max();
            let late = of_job().map(|model| model.thresholds.runtime_delay).max();
            let objective = of_job().map(|model| model.latency_p95).max();
            Self {
                job: &job.job,
                error_ratio: most(|limits| limits.replica_error_ratio),
                minimum_errors: errors.unwrap_or(defaults.minimum_errors),
                latency_factor: most(|limits| limits.replica_latency_factor),
                objective: objective.unwrap_or(Duration::from_millis(350)),
                runtime_delay: late.unwrap_or(defaults.runtime_delay),
            }
        })
    }

    fn of(&self, series: &'static Recorded) -> Selector {
        recorded(series).eq("job", self.job)
    }

    /// The share of requests that a replica fails.
    fn share(&self) -> Expr {
        let requests = self.of(&recorded::REPLICA_REQUESTS).expr().above(0.0);
        self.of(&recorded::REPLICA_ERRORS)
            .expr()
            .with(Op::DividedBy, REPLICA, requests)
    }

    /// The share of requests that a replica's siblings fail.
    pub(super) fn siblings_fail(&self) -> Expr {
        self.share()
            .with(Op::Minus, REPLICA, self.of(&recorded::REPLICA_ERROR_EXCESS))
    }

    /// The excess of a replica's error share, where it is too large.
    pub(super) fn fails(&self) -> Expr {
        let errors = self.of(&recorded::REPLICA_ERRORS).expr().times(300.0);
        self.of(&recorded::REPLICA_ERROR_EXCESS)
            .expr()
            .above(self.error_ratio)
            .and(REPLICA, errors.at_least(self.minimum_errors as f64))
    }

    /// The siblings' mean latency.
    pub(super) fn siblings_take(&self) -> Expr {
        self.of(&recorded::REPLICA_LATENCY).expr().with(
            Op::DividedBy,
            REPLICA,
            self.of(&recorded::REPLICA_LATENCY_FACTOR),
        )
    }

    /// How many times as long a replica takes, where that is too much.
    pub(super) fn lags(&self) -> Expr {
        let latency = self.of(&recorded::REPLICA_LATENCY).expr();
        self.of(&recorded::REPLICA_LATENCY_FACTOR)
            .expr()
            .above(self.latency_factor)
            .and(
                REPLICA,
                latency
                    .with(Op::Minus, REPLICA, self.siblings_take())
                    .above(self.matters()),
            )
    }

    /// The least difference that matters, in seconds: twice a tiny latency is still tiny.
    pub(super) fn matters(&self) -> f64 {
        tidy(self.objective.as_secs_f64() / 10.0)
    }
}

pub(crate) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    let team = &config.owners.serving.team;
    for replicas in Replicas::of_each_job(config) {
        rules.push(failing(config, team, &replicas)?);
        rules.push(slow(config, team, &replicas)?);
        rules.push(runtime(config, team, replicas.job, replicas.runtime_delay)?);
    }
    Ok(rules)
}

fn failing(config: &Config, team: &str, replicas: &Replicas<'_>) -> Result<Tested, GenerateError> {
    let (job, limit) = (replicas.job, replicas.error_ratio);
    Alert {
        known: &known::REPLICA_FAILING,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: replicas.fails(),
        for_: 3 * MINUTE,
        keep: HOVERS,
        labels: REPLICA,
        summary: "One replica fails more often than its siblings",
        description: replica_place(config, "Replica ", job)
            + ": the share of failing requests is "
            + PERCENT
            + " above that of its siblings; the threshold is "
            + percent(limit)
            + ". Measured over 5 minutes, for at least 3 minutes.",
        query: replicas.of(&recorded::REPLICA_ERRORS).expr(),
        case: failing_case(job, limit, replicas.minimum_errors),
    }
    .rule(config)
}

fn replica(name: &str, job: &str, instance: &str, extra: &[(&str, &str)], phases: &[(f64, usize)]) -> Series {
    let labels = [&[("job", job), ("instance", instance)], extra].concat();
    Series::counter(name, &labels, phases)
}

/// Three replicas without errors. Then one fails all the time. A fourth, the only one of its version, always does.
fn failing_case(job: &str, limit: f64, minimum: u64) -> Case {
    let all = 100.0 * minimum as f64;
    let near = 0.9 * limit * all;
    let of_version = |instance, version, status, phases: &[(f64, usize)]| {
        let extra = [
            ("model_name", "m"),
            ("model_version", version),
            ("route", "/predict"),
            ("status", status),
        ];
        replica(contract::INFERENCE_REQUESTS.name, job, instance, &extra, phases)
    };
    let requests = |instance, status, phases: &[(f64, usize)]| of_version(instance, "v1", status, phases);
    let serves = |instance, version| {
        let labels = [
            ("job", job),
            ("instance", instance),
            ("model_name", "m"),
            ("model_version", version),
            ("framework", ""),
        ];
        Series::gauge(contract::MODEL_INFO.name, &labels, &[(1.0, 90)])
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            serves("a", "v1"),
            serves("b", "v1"),
            serves("c", "v1"),
            serves("d", "canary"),
            of_version("d", "canary", "error", &[(minimum as f64, 90)]),
            requests("a", "success", &[(all - near, 30), (0.0, 20), (all, 40)]),
            requests("a", "error", &[(near, 30), (1000.0 * all, 20), (0.0, 40)]),
            requests("b", "success", &[(all, 90)]),
            requests("c", "success", &[(all, 90)]),
        ],
        fires: labelled(&[("job", job), ("instance", "a")]),
        quiet: vec![30, 33],
        fires_at: 35,
        resolved_at: Some(57),
    }
}

fn slow(config: &Config, team: &str, replicas: &Replicas<'_>) -> Result<Tested, GenerateError> {
    let (job, factor, matters) = (replicas.job, replicas.latency_factor, replicas.matters());
    Alert {
        known: &known::REPLICA_SLOW,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: replicas.lags(),
        for_: 5 * MINUTE,
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
            + " s more. Measured over 5 minutes, for at least 5 minutes.",
        query: replicas.of(&recorded::REPLICA_LATENCY).expr(),
        case: slow_case(job, factor, matters),
    }
    .rule(config)
}

/// Three replicas with the same latency. Then one takes many times as long.
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
        quiet: vec![30, 35],
        fires_at: 42,
        resolved_at: Some(66),
    }
}

/// Tasks of the runtime wake up late: something blocks its threads, or they get no processor. Requests wait as long before
/// anything measures them, so no latency metric shows it.
fn runtime(config: &Config, team: &str, job: &str, limit: Duration) -> Result<Tested, GenerateError> {
    let delay = Histogram {
        of: &contract::RUNTIME_DELAY,
        window: (5 * MINUTE).into(),
    };
    let late = delay.quantile_where(0.99, REPLICA, &|series| series.eq("job", job));
    let observed = metric(&contract::RUNTIME_DELAY).eq("job", job);
    Alert {
        known: &known::RUNTIME_LATE,
        severity: Severity::Ticket,
        team,
        job: Some(job),
        extra: &[],
        expr: late.above(limit.as_secs_f64()),
        for_: 4 * MINUTE,
        keep: HOVERS,
        labels: REPLICA,
        summary: "The service's runtime wakes up late",
        description: replica_place(config, "Replica ", job)
            + ": one in a hundred tasks wakes up "
            + TIME
            + " late or later; the threshold is "
            + modelwatch_config::prometheus_duration(limit)
            + ". Requests wait as long before the service sees them, and its latency does not include that.",
        query: observed.clone().bucket().expr().or(REPLICA, observed),
        case: runtime_case(job, limit.as_secs_f64()),
    }
    .rule(config)
}

/// Half of the tasks are in time. Then none is.
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
        quiet: vec![30, 34],
        fires_at: 40,
        resolved_at: Some(66),
    }
}
