//! Do many models page for the same incident? Then one page names the cause, and routing holds the models' own pages back.
//!
//! Each rule reads the pages that fire or are about to, so the models' own thresholds apply. It fires before they do, after half
//! of the minute for which they are pending at least. So none of them pages first.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Rollout};

use super::objectives::{self, Objective};
use super::replicas::Replicas;
use super::serving;
use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Selector, count_by, max_by, word};
use crate::rules::alert::{Alert, HOVERS, MINUTE, Severity, Tested, environment, labelled, percent, replica_place};
use crate::rules::case::Case;
use crate::rules::labels::{JOB, REPLICA};
use crate::rules::models::of_unlisted;
use crate::rules::story::Series;
use crate::rules::text::tidy;
use crate::rules::text::{PERCENT, VALUE, label, plain};

/// The kind of trouble: requests fail, or take too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Errors,
    Latency,
}

/// The alerts by which a model pages for a fault. One rule reads all of them. A second rule would page again for the same fault
/// when the budget burn follows.
struct Omens {
    pages: Vec<&'static str>,
    /// For models that the file does not name: the alert's label `job`, and their latency objective.
    unlisted: fn(&Config) -> Option<(&str, Duration)>,
}

/// How long a page must be about to fire: half as long as it is pending itself.
const WATCHED: Duration = Duration::from_secs(serving::PENDING.as_secs() / 2);

impl Fault {
    const ALL: [Self; 2] = [Self::Errors, Self::Latency];

    /// A model's pages, including the burn rate's if the rollout has objectives. `None` when both are switched off.
    fn omens(self, config: &Config) -> Option<Omens> {
        let (usual, burn) = match self {
            Self::Errors => (&known::HIGH_ERROR_RATE, &known::AVAILABILITY_BURN_FAST),
            Self::Latency => (&known::HIGH_LATENCY, &known::LATENCY_BURN_FAST),
        };
        let enabled = |page: &KnownAlert| config.alerts.single.get(page.name).is_none_or(|alert| alert.enabled);
        let usual = Some(usual).filter(|page| enabled(page));
        let burn = Some(burn).filter(|page| config.rollout >= Rollout::ReleaseAware && enabled(page));
        let unlisted: fn(&Config) -> Option<(&str, Duration)> = match (self, usual) {
            (Self::Errors, Some(_)) => |config| {
                let (_, _, job) = of_unlisted(config, serving::error_setting)?;
                Some((job, of_unlisted(config, |model| model.latency_p95)?))
            },
            (Self::Latency, Some(_)) => |config| {
                let ((_, limit), _, job) = of_unlisted(config, serving::latency_setting)?;
                Some((job, limit))
            },
            (Self::Errors, None) => |config| burning(config, &objectives::AVAILABILITY),
            (Self::Latency, None) => |config| burning(config, &objectives::LATENCY),
        };
        let pages: Vec<_> = usual.into_iter().chain(burn).map(|page| page.name).collect();
        (!pages.is_empty()).then_some(Omens { pages, unlisted })
    }
}

fn burning<'a>(config: &'a Config, objective: &Objective) -> Option<(&'a str, Duration)> {
    let (_, _, job) = of_unlisted(config, |model| objective.setting(model))?;
    Some((job, of_unlisted(config, |model| model.latency_p95)?))
}

impl Omens {
    /// Selects alerts of these kinds that fire, or will fire unless their cause ends.
    fn pages(&self) -> Selector {
        match self.pages[..] {
            [only] => word("ALERTS").eq("alertname", only),
            _ => word("ALERTS").one_of("alertname", self.pages.iter().copied()),
        }
    }
}

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    for fault in Fault::ALL {
        let Some(omens) = fault.omens(config) else {
            continue;
        };
        rules.push(many(config, fault, &omens)?);
        for replicas in Replicas::of_each_job(config) {
            rules.extend(one_replica(config, fault, &omens, &replicas)?);
        }
    }
    Ok(rules)
}

/// Many models of one job at once: the cause is what they share.
fn many(config: &Config, fault: Fault, omens: &Omens) -> Result<Tested, GenerateError> {
    let (known, summary, what) = match fault {
        Fault::Errors => (
            &known::MANY_FAILING,
            "Many models of a job fail at once",
            " models fail too many requests at once",
        ),
        Fault::Latency => (
            &known::MANY_SLOW,
            "Many models of a job are slow at once",
            " models are too slow at once",
        ),
    };
    let most = config.alerts.many_models;
    let models = |pages: Selector| count_by(JOB, max_by(&["job", "model_name"], pages));
    Alert {
        known,
        severity: Severity::Page,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: models(omens.pages()).at_least(most as f64),
        for_: WATCHED,
        keep: Duration::ZERO,
        labels: JOB,
        summary,
        description: environment(config, plain("Job ") + label("job"))
            + ": "
            + VALUE
            + what
            + ", which is one incident from "
            + most.to_string()
            + " on. Look at what they share: the ingress, the nodes, a store, a release of the service.",
        query: max_by(&["model_name"], omens.pages().same("job")),
        case: many_case(config, fault, omens),
    }
    .rule(config)
}

/// One replica is worse than its siblings, the siblings are well, and a model would page. Then the replica pages in its place.
fn one_replica(
    config: &Config,
    fault: Fault,
    omens: &Omens,
    replicas: &Replicas<'_>,
) -> Result<Option<Tested>, GenerateError> {
    let job = replicas.job;
    let of_job = || config.models.iter().filter(|model| model.job == job);
    // A job without models has none that could page.
    let Some(model) = of_job().next() else {
        return Ok(None);
    };
    let strictest = |limit: fn(&Model) -> f64| of_job().map(limit).fold(f64::INFINITY, f64::min);
    let (known, worse, siblings, summary) = match fault {
        Fault::Errors => (
            &known::REPLICA_FAILING,
            replicas.fails(),
            replicas
                .siblings_fail()
                .below(strictest(|model| model.thresholds.error_ratio)),
            "One replica fails, and its models would page",
        ),
        Fault::Latency => (
            &known::REPLICA_SLOW,
            replicas.lags(),
            replicas
                .siblings_take()
                .below(strictest(|model| model.latency_p95.as_secs_f64())),
            "One replica is slow, and its models would page",
        ),
    };
    let subject = replica_place(config, "Replica ", job);
    let description = match fault {
        Fault::Errors => {
            subject
                + ": the share of failing requests is "
                + PERCENT
                + " above that of its siblings, which are healthy; the threshold is "
                + percent(replicas.error_ratio)
                + ". Its models are over their limits because of it; their own alerts are held back."
        }
        Fault::Latency => {
            subject
                + ": its mean latency is "
                + VALUE
                + " times that of its siblings, which are healthy; the threshold is "
                + replicas.latency_factor.to_string()
                + " times. Its models are over their limits because of it; their own alerts are held back."
        }
    };
    let alert = Alert {
        known,
        severity: Severity::Page,
        team: &config.owners.serving.team,
        job: Some(job),
        extra: &[],
        expr: worse.and(REPLICA, siblings).and(JOB, omens.pages().eq("job", job)),
        for_: WATCHED,
        keep: HOVERS,
        labels: REPLICA,
        summary,
        description,
        query: max_by(&["model_name"], omens.pages().eq("job", job)),
        case: one_replica_case(config, fault, replicas, model),
    };
    alert.rule(config).map(Some)
}

/// When the flood begins and ends in these stories, in minutes.
const FLOOD: usize = 30;
const FLOOD_ENDS: usize = 50;
const END: usize = 150;

/// Growth per minute: a few good requests, a flood of bad ones, a few again.
fn phases(little: f64, flood: f64, begins: usize) -> [(f64, usize); 3] {
    [
        (little, begins),
        (flood, FLOOD_ENDS - begins),
        (little, END - FLOOD_ENDS),
    ]
}

/// Requests per minute that exceed the minimum of every model.
fn plenty(config: &Config) -> f64 {
    let minimum = |model: &Model| {
        let limits = &model.thresholds;
        limits.minimum_requests.max(limits.minimum_errors)
    };
    let most = config.models.iter().map(minimum).max();
    10.0 * most.unwrap_or(1) as f64
}

/// The series of a model, or of a model on one replica. Its requests go wrong in a flood from a minute on, or never.
fn counted(fault: Fault, labels: &[(&str, &str)], edges: [f64; 2], all: f64, flood: Option<usize>) -> Vec<Series> {
    let with = |label, value| [labels, &[(label, value)]].concat();
    let phases = |little: f64, much: f64| match flood {
        Some(begins) => phases(little, much, begins).to_vec(),
        None => vec![(little, END)],
    };
    let good = phases(all, 0.0);
    let bad = phases(0.0, 1000.0 * all);
    let total = phases(all, 1000.0 * all);
    let requests = contract::INFERENCE_REQUESTS.name;
    if fault == Fault::Errors {
        return vec![
            Series::counter(requests, &with("status", "success"), &good),
            Series::counter(requests, &with("status", "error"), &bad),
        ];
    }
    let latency = |part: &str| format!("{}{part}", contract::INFERENCE_LATENCY.name);
    let [within, slow] = edges;
    let (edge, next) = (tidy(within).to_string(), tidy(slow).to_string());
    // Slow requests end halfway between the bounds.
    let spent = phases(all * within / 10.0, 1000.0 * all * (within + slow) / 2.0);
    vec![
        Series::counter(requests, &with("status", "success"), &total),
        Series::counter(&latency("_bucket"), &with("le", &edge), &good),
        Series::counter(&latency("_bucket"), &with("le", &next), &total),
        Series::counter(&latency("_bucket"), &with("le", "+Inf"), &total),
        Series::counter(&latency("_count"), labels, &total),
        Series::counter(&latency("_sum"), labels, &spent),
    ]
}

/// All models but one go wrong early, the last one later. From then on, they are one incident.
fn many_case(config: &Config, fault: Fault, omens: &Omens) -> Case {
    let (job, limit) = (omens.unlisted)(config).unwrap_or_default();
    let limit = limit.as_secs_f64();
    let all = plenty(config);
    let count = config.alerts.many_models;
    let series = (0..count).flat_map(|number| {
        let name = format!("one of many {number}");
        let begins = if number + 1 == count { FLOOD } else { FLOOD - 20 };
        let labels = [
            ("model_name", name.as_str()),
            ("model_version", "v1"),
            ("route", "/predict"),
        ];
        counted(fault, &labels, [limit, 4.0 * limit], all, Some(begins))
    });
    Case {
        step: MINUTE,
        evaluate: 1,
        series: series.collect(),
        fires: labelled(&[("job", job)]),
        quiet: vec![FLOOD],
        fires_at: FLOOD + 11,
        resolved_at: Some(END - 20),
    }
}

/// Three replicas are alike. Then most requests go to one of them, and go wrong.
fn one_replica_case(config: &Config, fault: Fault, replicas: &Replicas<'_>, model: &Model) -> Case {
    let all = plenty(config);
    let limit = model.latency_p95.as_secs_f64();
    let slow = (4.0 * limit).max(4.0 * replicas.latency_factor * replicas.objective.as_secs_f64());
    let of = |instance, flood| {
        let labels = [
            ("job", replicas.job),
            ("instance", instance),
            ("model_name", model.name.as_str()),
            ("model_version", "v1"),
            ("route", "/predict"),
        ];
        counted(fault, &labels, [limit, slow], all, flood)
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: [of("a", Some(FLOOD)), of("b", None), of("c", None)].concat(),
        fires: labelled(&[("job", replicas.job), ("instance", "a")]),
        quiet: vec![FLOOD],
        fires_at: FLOOD + 11,
        resolved_at: Some(FLOOD_ENDS + 8),
    }
}
