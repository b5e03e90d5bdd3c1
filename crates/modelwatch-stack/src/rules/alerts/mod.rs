//! Alerts: who gets them, and when.
//!
//! Every alert has an owner, a severity, a sentence with the figures, and links to a dashboard, a runbook and the query behind
//! it. A page is for trouble that somebody must act on now. Everything else is a ticket.

pub(crate) mod drift;
mod features;
mod incidents;
mod objectives;
pub(super) mod performance;
mod predictions;
mod replicas;
mod serving;
mod targets;
mod versions;
mod watching;

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, prometheus_duration};

use super::alert::Tested;
use super::case::{Test, TestFile};
use super::changed::changed;
use super::recording;
use super::rule::Group;
use crate::error::GenerateError;
use crate::file::File;
use crate::{parallel, yaml};

/// The alerts, and their tests.
pub(crate) struct Alerts {
    pub(crate) groups: Vec<Group>,
    pub(crate) tests: Vec<File>,
}

/// The rules of one alert that are tested. With hundreds of models with different settings, two represent all.
const TESTED: usize = 2;

/// Makes the alerts of a group.
type Make<'c> = fn(&'c Config) -> Result<Vec<Tested>, GenerateError>;

fn objectives_and_incidents(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    Ok([objectives::fast(config)?, incidents::rules(config)?].concat())
}

pub(crate) fn alerts(config: &Config, recording: &[Group]) -> Result<Alerts, GenerateError> {
    let kinds: [(_, _, Make<'_>); 12] = [
        ("alert-rules", None, serving::rules),
        ("alert-rules-targets", None, targets::rules),
        ("alert-rules-names", Some(recording::TICKETS), targets::names),
        ("alert-rules-replicas", None, replicas::rules),
        ("alert-rules-watching", None, watching::rules),
        ("alert-rules-objectives", None, objectives_and_incidents),
        ("alert-rules-objectives-days", Some(recording::SELDOM), objectives::slow),
        ("alert-rules-versions", None, versions::rules),
        ("alert-rules-predictions", Some(recording::TICKETS), predictions::rules),
        ("alert-rules-features", Some(recording::LONG_WINDOWS), features::rules),
        ("alert-rules-drift", Some(recording::SELDOM), drift::rules),
        ("alert-rules-performance", Some(recording::SELDOM), performance::rules),
    ];
    let made = parallel::map(&kinds, |(name, least, make)| Ok((*name, *least, make(config)?)))?;
    let mut groups = Vec::new();
    let mut tests: BTreeMap<(&str, Duration), Vec<Test>> = BTreeMap::new();
    for (name, least, tested) in made {
        // Without an interval, Prometheus evaluates a group at its global interval.
        let interval = least.map(|least| config.prometheus.evaluation_interval.max(least));
        let mut rules = Vec::new();
        for alert in tested.into_iter().filter_map(|alert| changed(config, alert)) {
            let of_kind = (alert.known.name, alert.case.evaluated());
            let tests = tests.entry(of_kind).or_default();
            if tests.len() < TESTED {
                tests.push(alert.test(config)?);
            }
            rules.push(alert.rule);
        }
        if !rules.is_empty() {
            groups.push(Group::new(config, name, interval, rules));
        }
    }
    let order: Vec<_> = recording
        .iter()
        .chain(&groups)
        .map(|group| group.name.clone())
        .collect();
    let mut files = Vec::new();
    for ((alert, step), tests) in tests {
        let mut path = format!("prometheus/tests/{alert}.yml");
        if files.iter().any(|file: &File| file.path == path) {
            path = format!("prometheus/tests/{alert}-{}.yml", prometheus_duration(step));
        }
        files.push(yaml::file(&path, &TestFile::new(step, &order, tests))?);
    }
    Ok(Alerts { groups, tests: files })
}
