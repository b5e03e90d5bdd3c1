//! What the rules ask for beside what a Prometheus has.

use std::collections::{BTreeMap, BTreeSet};

use modelwatch::contract::{self, Metric};
use modelwatch_config::Config;

use crate::error::GenerateError;
use crate::promql::series_in;
use crate::recorded::RECORDED;
use crate::rules::Rules;

/// The text that `modelwatch stack init` writes: every key, most of them as comments that show the default.
pub const INIT: &str = include_str!("init.toml");

/// The metrics that rules use and nothing shows, each with the rules that wait for it. `seen` is every name that Prometheus
/// has; what the rules themselves record does not count.
///
/// # Errors
///
/// A rule does not parse.
pub fn unseen(rules: &Rules, seen: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<String>>, GenerateError> {
    let mut unseen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules
        .recording
        .iter()
        .chain(&rules.alerts)
        .flat_map(|group| &group.rules)
    {
        let name = rule.record.as_ref().or(rule.alert.as_ref());
        for metric in
            series_in(&rule.expr).map_err(|error| GenerateError::new(name.cloned().unwrap_or_default(), error))?
        {
            let recorded = RECORDED.iter().any(|recorded| recorded.name == metric);
            if recorded || seen.contains(&metric) {
                continue;
            }
            let rules = unseen.entry(metric).or_default();
            rules.extend(name.filter(|name| !rules.contains(name)).cloned());
        }
    }
    Ok(unseen)
}

/// Returns whether every service or job that the configuration watches shows a metric. Others depend on what a service does: one
/// without classes counts none.
#[must_use]
pub fn is_needed(config: &Config, metric: &str) -> bool {
    let shows = |needed: &[&Metric]| needed.iter().any(|needed| metric.starts_with(needed.name));
    let drifts = config.models.iter().any(|model| model.drift.is_some());
    metric == "up"
        || shows(&[
            &contract::INFERENCE_REQUESTS,
            &contract::INFERENCE_LATENCY,
            &contract::MODEL_INFO,
        ])
        || drifts && shows(&[&contract::DRIFT_LAST_SUCCESS_TIMESTAMP])
}

/// The targets whose start time goes back: a process never starts earlier than it did, so several answer behind one name.
pub const REPLICAS_BEHIND_ONE_NAME: &str = "resets(process_start_time_seconds[1h]) > 0";
