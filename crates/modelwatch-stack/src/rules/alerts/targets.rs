//! Is there anything to look at? Scrape targets, restarts, labels at their limit, models that the file does not name.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Plane, Rollout, Thresholds, prometheus_duration};

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Expr, Selector, absent, max_by, metric, recorded, sum_by, word};
use crate::recorded;
use crate::rules::alert::{
    Alert, MINUTE, Severity, Tested, environment, hero, labelled, place, replica_place, serving_team,
};
use crate::rules::case::Case;
use crate::rules::labels::own;
use crate::rules::labels::{MODEL, REPLICA, VERSION};
use crate::rules::models::share;
use crate::rules::story::{LabelSet, Series};
use crate::rules::text::tidy;
use crate::rules::text::{VALUE, label, plain};

const DAY: Duration = Duration::from_secs(86_400);
/// The version under which requests past the limit are counted. The overflow has its own alert.
const OVERFLOW: &str = "__other__";
const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    for job in &config.prometheus.jobs {
        let inference = job.plane == Plane::Inference;
        let team = match job.plane {
            Plane::Inference | Plane::Node | Plane::Watching => &config.owners.serving.team,
            Plane::Drift => &config.owners.model.team,
        };
        let plane = [("plane", job.plane.name().to_owned())];
        let up = word("up").eq("job", &job.job);
        let down = Alert {
            known: &known::TARGET_DOWN,
            severity: Severity::Ticket,
            team,
            job: Some(&job.job),
            extra: &plane,
            expr: up.expr().equals(0.0),
            for_: 5 * MINUTE,
            keep: Duration::ZERO,
            labels: &["job", "instance", "service"],
            summary: "A target can't be scraped",
            description: replica_place(config, "Target ", &job.job) + " has not answered scrapes for 5 minutes.",
            query: up.expr(),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                // Gone for four minutes, as in a restart. Then for longer.
                series: vec![replica(
                    &job.job,
                    "up",
                    "a",
                    &[(1.0, 10), (0.0, 4), (1.0, 16), (0.0, 20), (1.0, 10)],
                )],
                fires: replicas(&job.job),
                quiet: vec![13, 16, 34],
                fires_at: 35,
                resolved_at: Some(50),
            },
        };
        let all_down = Alert {
            known: &known::JOB_DOWN,
            severity: if inference { Severity::Page } else { Severity::Ticket },
            team,
            job: Some(&job.job),
            extra: &plane,
            expr: all_down(&up),
            for_: 3 * MINUTE,
            keep: Duration::ZERO,
            labels: &["job"],
            summary: "No target of a scrape job answers",
            description: environment(config, plain(format!("No target of the job {}", job.job)))
                + " has answered scrapes for 3 minutes: what it serves is down, or unseen.",
            query: up.clone().everywhere().expr(),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                // One of two targets, then both.
                series: vec![
                    replica(&job.job, "up", "a", &[(1.0, 10), (0.0, 50), (1.0, 10)]),
                    replica(&job.job, "up", "b", &[(1.0, 30), (0.0, 20), (1.0, 20)]),
                ],
                fires: labelled(&[("job", &job.job)]),
                quiet: vec![29, 32],
                fires_at: 33,
                resolved_at: Some(50),
            },
        };
        rules.push(down.rule(config)?);
        rules.push(all_down.rule(config)?);
        if inference {
            rules.push(restarts(config, &job.job)?);
            rules.push(one_name(config, &job.job)?);
        }
    }
    let serving: Vec<_> = config
        .prometheus
        .jobs
        .iter()
        .filter(|job| job.plane == Plane::Inference)
        .map(|job| job.job.as_str())
        .collect();
    rules.push(overflow(config, &serving)?);
    Ok(rules)
}

/// Names that do not match between the traffic and the file, the processes or the histograms.
pub(super) fn names(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = vec![unlisted(config)?, unregistered(config)?];
    rules.extend(latency_missing(config)?);
    Ok(rules)
}

/// A job without a target that is up, per environment. All of its targets are down; or they are gone, and there were some within
/// a day; or there never was one, and then the environment is unknown.
fn all_down(up: &Selector) -> Expr {
    let by = &["job"];
    let answers = up.expr().equals(1.0);
    let known = max_by(by, up.over("last_over_time", DAY));
    known.unless(by, answers).or(by, absent(up))
}

fn replica(job: &str, name: &str, instance: &str, phases: &[(f64, usize)]) -> Series {
    Series::gauge(
        name,
        &[("job", job), ("instance", instance), ("service", "api")],
        phases,
    )
}

/// The labels of replica `a` when it fires.
fn replicas(job: &str) -> Vec<LabelSet> {
    labelled(&[("job", job), ("instance", "a"), ("service", "api")])
}

/// The strictest threshold of the models that a job serves, because a replica serves them together.
fn restarts(config: &Config, job: &str) -> Result<Tested, GenerateError> {
    let served = config.models.iter().filter(|model| model.job == job);
    let limit = served
        .map(|model| model.thresholds.restarts)
        .min()
        .unwrap_or(Thresholds::default().restarts);
    let started = metric(&contract::PROCESS_START_TIME).eq("job", job);
    Alert {
        known: &known::RESTARTING,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: Some(job),
        extra: &[],
        // Two replicas that answer in turn are not restarts.
        expr: started
            .over("changes", HOUR)
            .at_least(limit as f64)
            .unless(REPLICA, earlier(&started)),
        for_: MINUTE,
        keep: Duration::ZERO,
        labels: &["job", "instance", "service"],
        summary: "A replica keeps restarting",
        description: replica_place(config, "Replica ", job)
            + " has restarted "
            + VALUE
            + " times in an hour; the threshold is "
            + limit.to_string()
            + ".",
        query: started.over("changes", HOUR),
        case: restart_case(job, usize::try_from(limit).unwrap_or(usize::MAX)),
    }
    .rule(config)
}

/// A target whose start time went back. A process never does that; once may be due to its clock.
fn earlier(started: &Selector) -> Expr {
    started.over("resets", HOUR).at_least(2.0)
}

/// Several replicas answer in turn behind one name, such as a load balancer or a DNS name with two addresses. Every counter jumps
/// back and forth, so its rates are meaningless.
fn one_name(config: &Config, job: &str) -> Result<Tested, GenerateError> {
    let started = metric(&contract::PROCESS_START_TIME).eq("job", job);
    Alert {
        known: &known::ONE_NAME,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: Some(job),
        extra: &[],
        expr: earlier(&started),
        for_: 5 * MINUTE,
        keep: Duration::ZERO,
        labels: &["job", "instance", "service"],
        summary: "Several replicas answer behind one target",
        description: replica_place(config, "Target ", job)
            + " began "
            + VALUE
            + " times in an hour at an earlier time than before: several replicas answer in turn behind one address. Counters jump \
               back and forth between them, so no rate or ratio of this job is right.",
        query: metric(&contract::PROCESS_START_TIME).eq("job", job).expr(),
        case: one_name_case(job),
    }
    .rule(config)
}

/// Two processes answer in turn for a while. Another target's clock was set back once.
fn one_name_case(job: &str) -> Case {
    let name = contract::PROCESS_START_TIME.name;
    let turns = (0..10).flat_map(|_| [(2000.0, 1), (1000.0, 1)]);
    let in_turn: Vec<_> = std::iter::once((1000.0, 30))
        .chain(turns)
        .chain([(1000.0, 100)])
        .collect();
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            replica(job, name, "a", &in_turn),
            replica(job, name, "b", &[(1000.0, 20), (900.0, 130)]),
        ],
        fires: replicas(job),
        quiet: vec![29, 37],
        fires_at: 38,
        resolved_at: Some(109),
    }
}

/// A replica restarts again and again. Another is one restart short of the threshold. Behind a third target, two answer in turn.
/// A rolling restart of all comes first.
fn restart_case(job: &str, limit: usize) -> Case {
    // Short enough for that many restarts in half an hour.
    let step = (HOUR / (2 * u32::try_from(limit).unwrap_or(u32::MAX).max(1) + 2)).min(MINUTE);
    let hour = usize::try_from(HOUR.as_millis() / step.as_millis().max(1)).unwrap_or(usize::MAX);
    let starts = |restarts: usize| {
        let mut phases = vec![(1.0, 10)];
        phases.extend((0..restarts).map(|restart| (restart as f64 + 2.0, 1)));
        phases.push((restarts as f64 + 1.0, 2 * hour + limit - restarts));
        phases
    };
    let turns = (0..limit + 4).map(|turn| (1.0 + (turn % 2) as f64, 1));
    let in_turn: Vec<_> = std::iter::once((1.0, 10))
        .chain(turns)
        .chain([(1.0, 2 * hour)])
        .collect();
    let name = contract::PROCESS_START_TIME.name;
    let for_ = usize::try_from(MINUTE.as_millis().div_ceil(step.as_millis().max(1))).unwrap_or(1);
    Case {
        step,
        evaluate: 1,
        series: vec![
            replica(job, name, "a", &starts(limit)),
            replica(job, name, "b", &starts(limit - 1)),
            replica(job, name, "c", &in_turn),
        ],
        fires: replicas(job),
        quiet: vec![9, 8 + limit],
        fires_at: 9 + limit + for_,
        resolved_at: Some(12 + limit + hour),
    }
}

fn overflow(config: &Config, jobs: &[&str]) -> Result<Tested, GenerateError> {
    let overflow = metric(&contract::LABEL_OVERFLOW).one_of("job", jobs.iter().copied());
    Alert {
        known: &known::LABEL_OVERFLOW,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: sum_by(&["job", "label"], overflow.increase(HOUR)).above(0.0),
        for_: MINUTE,
        keep: Duration::ZERO,
        labels: &["job", "label"],
        summary: "A label has more values than its limit",
        description: environment(
            config,
            plain("The label ") + label("label") + " of the job " + label("job"),
        ) + " is at its limit: "
            + VALUE
            + " measurements of the last hour went to __other__.",
        query: sum_by(
            &["instance", "label"],
            own(metric(&contract::LABEL_OVERFLOW), &["label"]).increase(HOUR),
        ),
        case: overflow_case(jobs.first().copied().unwrap_or_default()),
    }
    .rule(config)
}

fn unlisted(config: &Config) -> Result<Tested, GenerateError> {
    let named = config.models.iter().map(|model| model.name.as_str());
    Alert {
        known: &known::UNLISTED,
        severity: Severity::Ticket,
        team: &config.owners.model.team,
        job: None,
        extra: &[],
        expr: max_by(MODEL, metric(&contract::MODEL_INFO).none_of("model_name", named)),
        for_: 15 * MINUTE,
        keep: Duration::ZERO,
        labels: MODEL,
        summary: "A model is served that modelwatch.toml does not name",
        description: place(config, MODEL) + " is served and has no owner, no objective and no thresholds of its own.",
        query: own(metric(&contract::MODEL_INFO), MODEL).expr(),
        case: unlisted_case(config),
    }
    .rule(config)
}

/// A model of the file, and one whose name is not in the file.
fn unlisted_case(config: &Config) -> Case {
    let listed: Vec<_> = config.models.iter().collect();
    let stranger = format!(
        "not {}",
        listed.iter().map(|model| model.name.as_str()).max().unwrap_or_default()
    );
    let info = |model: &str, phases: &[(f64, usize)]| {
        let labels = [("model_name", model), ("model_version", "v1"), ("framework", "")];
        Series::gauge(contract::MODEL_INFO.name, &labels, phases)
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            info(hero(&listed), &[(1.0, 60)]),
            info(&stranger, &[(f64::NAN, 10), (1.0, 30), (f64::NAN, 20)]),
        ],
        fires: labelled(&[("model_name", &stranger)]),
        quiet: vec![9, 24],
        fires_at: 25,
        resolved_at: Some(50),
    }
}

fn overflow_case(job: &str) -> Case {
    let labels = [("job", job), ("instance", "a"), ("label", "route")];
    let phases = [(0.0, 30), (5.0, 10), (0.0, 90)];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![Series::counter(contract::LABEL_OVERFLOW.name, &labels, &phases)],
        fires: labelled(&[("job", job), ("label", "route")]),
        quiet: vec![30, 31],
        fires_at: 32,
        resolved_at: Some(103),
    }
}

/// Requests are counted, but the series for their latency are missing. Then the rules about latency are silent, not satisfied.
fn latency_missing(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model: &'_ Model| (serving_team(model).to_owned(), model.job.clone(), model.latency_p95);
    let rules = share(config, setting).into_iter().map(|shared| {
        let (team, job, limit) = &shared.setting;
        let requests = shared.scope.of(recorded(&recorded::MODEL_REQUESTS)).expr();
        let judged = if config.rollout >= Rollout::ReleaseAware {
            shared.scope.of(recorded(&recorded::MODEL_SLOW)).expr()
        } else {
            shared.scope.of(recorded(&recorded::LATENCY_P95)).expr()
        };
        Alert {
            known: &known::LATENCY_MISSING,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: requests.above(0.0).unless(MODEL, judged),
            for_: 15 * MINUTE,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "Requests count, but their latency does not",
            description: place(config, MODEL)
                + ": its requests count, but it has neither a latency bucket that ends at "
                + prometheus_duration(*limit)
                + " nor a native histogram. No rule about its latency can fire.",
            query: own(metric(&contract::INFERENCE_LATENCY).bucket(), MODEL)
                .expr()
                .or(MODEL, own(metric(&contract::INFERENCE_LATENCY), MODEL)),
            case: latency_missing_case(hero(&shared.models), limit.as_secs_f64()),
        }
        .rule(config)
    });
    rules.collect()
}

/// The histogram goes, the counter stays, and the histogram returns.
fn latency_missing_case(model: &str, limit: f64) -> Case {
    let labels = [("model_name", model), ("model_version", "v1"), ("route", "/predict")];
    let edge = tidy(limit).to_string();
    let with = |label, value| [&labels[..], &[(label, value)]].concat();
    let gone = [(0.0, 60.0, 30), (f64::NAN, 0.0, 40), (4200.0, 60.0, 30)];
    let latency = |part: &str, labels: &[(&str, &str)]| {
        let name = format!("{}{part}", contract::INFERENCE_LATENCY.name);
        Series::ramps(&name, labels, &gone).elsewhere(&[(0.0, 60.0, 100)])
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            Series::counter(
                contract::INFERENCE_REQUESTS.name,
                &with("status", "success"),
                &[(60.0, 99)],
            ),
            latency("_count", &labels),
            latency("_bucket", &with("le", &edge)),
            latency("_bucket", &with("le", "+Inf")),
        ],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![30, 46],
        fires_at: 51,
        resolved_at: Some(73),
    }
}

/// Requests for a version that no process has registered: a caller, a balancer or a flag still asks for it.
fn unregistered(config: &Config) -> Result<Tested, GenerateError> {
    let requests = sum_by(VERSION, recorded(&recorded::REQUESTS).ne("model_version", OVERFLOW));
    let registered = metric(&contract::MODEL_INFO).over("last_over_time", HOUR);
    Alert {
        known: &known::VERSION_UNREGISTERED,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: requests.above(0.0).unless(VERSION, registered),
        for_: 15 * MINUTE,
        keep: Duration::ZERO,
        labels: VERSION,
        summary: "Requests count for a version that nobody registered",
        description: place(config, VERSION)
            + ": requests count for it, but no process has registered it for an hour. Something still asks for it.",
        query: sum_by(
            &["instance", "route"],
            own(metric(&contract::INFERENCE_REQUESTS), VERSION).rate(5 * MINUTE),
        ),
        case: unregistered_case(config),
    }
    .rule(config)
}

/// A version that is registered, and one whose registration ends while its requests continue.
fn unregistered_case(config: &Config) -> Case {
    let listed: Vec<_> = config.models.iter().collect();
    let model = hero(&listed);
    let version = |name: &str, version: &str, extra: &[(&str, &str)], phases: &[(f64, usize)]| {
        let labels = [&[("model_name", model), ("model_version", version)], extra].concat();
        match name == contract::MODEL_INFO.name {
            true => Series::gauge(name, &labels, phases),
            false => Series::counter(name, &labels, phases),
        }
    };
    let request = [("route", "/predict"), ("status", "success")];
    let info = contract::MODEL_INFO.name;
    let requests = contract::INFERENCE_REQUESTS.name;
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            version(info, "v1", &[("framework", "")], &[(1.0, 160)]),
            version(requests, "v1", &request, &[(60.0, 160)]),
            version(info, "v0", &[("framework", "")], &[(1.0, 10), (f64::NAN, 150)]),
            version(requests, "v0", &request, &[(1.0, 120), (0.0, 40)]),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v0")]),
        quiet: vec![60, 80],
        fires_at: 90,
        resolved_at: Some(127),
    }
}
