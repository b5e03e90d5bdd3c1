//! Is there anything to look at? Scrape targets, restarts, labels at their limit, models nobody named.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, JobPlane, Thresholds};

use super::kind::{self, Plane};
use super::{Alert, MINUTE, Severity, VALUE, label, own, place};
use crate::error::GenerateError;
use crate::promql::{absent, max_by, metric, sum_by, word};
use crate::rules::Rule;
use crate::rules::recording::MODEL;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let mut rules = Vec::new();
    for job in &config.prometheus.jobs {
        let inference = job.plane == JobPlane::Inference;
        let team = match job.plane {
            JobPlane::Inference | JobPlane::Node => &config.owners.serving.team,
            JobPlane::Drift => &config.owners.model.team,
        };
        let plane = match job.plane {
            JobPlane::Inference | JobPlane::Node => Plane::Inference,
            JobPlane::Drift => Plane::Quality,
        };
        let plane = [("plane", plane.name().to_owned())];
        let up = word("up").eq("job", &job.job);
        let down = Alert {
            kind: &kind::TARGET_DOWN,
            severity: Severity::Ticket,
            team,
            job: Some(&job.job),
            extra: &plane,
            expr: up.expr().equals(0.0),
            for_: 5 * MINUTE,
            labels: &["job", "instance", "service"],
            summary: "A target can't be scraped",
            description: format!(
                "Target {} of the job {} (service {}) has not answered scrapes for 5 minutes.",
                label("instance"),
                label("job"),
                label("service")
            ),
            query: up.expr(),
        };
        let all_down = Alert {
            kind: &kind::JOB_DOWN,
            severity: if inference { Severity::Page } else { Severity::Ticket },
            team,
            job: Some(&job.job),
            extra: &plane,
            expr: absent(up.expr().equals(1.0)),
            for_: 3 * MINUTE,
            labels: &["job"],
            summary: "No target of a scrape job answers",
            description: format!(
                "No target of the job {} has answered scrapes for 3 minutes: what it serves is down, or unseen.",
                label("job")
            ),
            query: up.expr(),
        };
        rules.push(down.rule(config)?);
        rules.push(all_down.rule(config)?);
        if inference {
            rules.push(restarts(config, &job.job)?);
        }
    }
    let serving: Vec<_> = config
        .prometheus
        .jobs
        .iter()
        .filter(|job| job.plane == JobPlane::Inference)
        .map(|job| job.job.as_str())
        .collect();
    rules.push(overflow(config, &serving)?);
    rules.push(unlisted(config)?);
    Ok(rules)
}

/// The strictest threshold of the models a job serves: a replica serves them together.
fn restarts(config: &Config, job: &str) -> Result<Rule, GenerateError> {
    let served = config.models.iter().filter(|model| model.job == job);
    let limit = served
        .map(|model| model.thresholds.restarts)
        .min()
        .unwrap_or(Thresholds::default().restarts);
    let started = metric(&contract::PROCESS_START_TIME).eq("job", job);
    Alert {
        kind: &kind::RESTARTING,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: Some(job),
        extra: &[],
        expr: started.over("changes", HOUR).at_least(limit as f64),
        for_: MINUTE,
        labels: &["job", "instance", "service"],
        summary: "A replica keeps restarting",
        description: format!(
            "Replica {} of the job {} (service {}) has restarted {VALUE} times in an hour; the threshold is {limit}.",
            label("instance"),
            label("job"),
            label("service")
        ),
        query: started.over("changes", HOUR),
    }
    .rule(config)
}

fn overflow(config: &Config, jobs: &[&str]) -> Result<Rule, GenerateError> {
    let overflow = metric(&contract::LABEL_OVERFLOW).one_of("job", jobs.iter().copied());
    Alert {
        kind: &kind::LABEL_OVERFLOW,
        severity: Severity::Ticket,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: sum_by(&["job", "label"], overflow.increase(HOUR)).above(0.0),
        for_: 5 * MINUTE,
        labels: &["job", "label"],
        summary: "A label has more values than its limit",
        description: format!(
            "The label {} of the job {} is at its limit: {VALUE} measurements of the last hour went to __other__.",
            label("label"),
            label("job")
        ),
        query: sum_by(
            &["instance", "label"],
            own(metric(&contract::LABEL_OVERFLOW), &["label"]).increase(HOUR),
        ),
    }
    .rule(config)
}

fn unlisted(config: &Config) -> Result<Rule, GenerateError> {
    let named = config.models.iter().map(|model| model.name.as_str());
    Alert {
        kind: &kind::UNLISTED,
        severity: Severity::Ticket,
        team: &config.owners.model.team,
        job: None,
        extra: &[],
        expr: max_by(MODEL, metric(&contract::MODEL_INFO).none_of("model_name", named)),
        for_: 15 * MINUTE,
        labels: MODEL,
        summary: "A model is served that modelwatch.toml does not name",
        description: format!(
            "{} is served and has no owner, no objective and no thresholds of its own.",
            place(MODEL)
        ),
        query: own(metric(&contract::MODEL_INFO), MODEL).expr(),
    }
    .rule(config)
}
