//! Compares the metrics that the rules need with those in a Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use modelwatch::contract::{self, Metric};
use modelwatch_config::Config;

use crate::error::GenerateError;
use crate::promql::series_in;
use crate::recorded::RECORDED;
use crate::rules::Rules;

/// The text that `modelwatch stack init` writes: every key, most of them commented out with their default.
pub const INIT: &str = include_str!("init.toml");

/// Returns the metrics that rules use and Prometheus lacks, each with the rules that need it. `seen` holds every metric name in
/// Prometheus. Series that the rules record do not count.
///
/// # Errors
///
/// Returns an error when a rule does not parse.
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

/// Returns whether every service or job in the configuration exposes a metric. Other metrics depend on the service: one without
/// classes never counts classes.
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

/// Selects targets whose start time went back. A process can't start earlier than it did, so several answer behind one name.
pub const REPLICAS_BEHIND_ONE_NAME: &str = "resets(process_start_time_seconds[1h]) > 0";
