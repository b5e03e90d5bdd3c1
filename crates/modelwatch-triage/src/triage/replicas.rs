//! Other events on the replicas: restarts, and targets that are down.

use super::ask::{Asked, Topic};
use super::report::Finding;
use crate::symptom::Side;
use crate::words::{self, name};

/// How far back to mention a restart, in seconds.
const HOUR: i64 = 3600;
/// The most replicas to name.
const MOST: usize = 3;

/// Returns the replicas that restarted in the last hour or are down now.
pub(super) fn findings(asked: &Asked) -> Vec<Finding> {
    let grid = asked.grid;
    let finding = |what: String, since: Option<i64>| Finding {
        side: Side::Serving,
        what,
        since,
    };
    let mut restarted: Vec<_> = asked
        .rows(Topic::Starts)
        .iter()
        .filter_map(|row| {
            let mut starts: Vec<_> = row.values.iter().flatten().map(|&start| start as i64).collect();
            starts.dedup();
            // The first start time was there already, so it is not a restart.
            let recent: Vec<_> = starts
                .into_iter()
                .skip(1)
                .filter(|&start| start >= grid.end() - HOUR)
                .collect();
            Some((row.label("instance"), recent.len(), *recent.last()?))
        })
        .collect();
    restarted.sort_by_key(|(_, _, last)| -last);
    let mut findings: Vec<_> = restarted
        .iter()
        .take(MOST)
        .map(|(instance, times, last)| {
            let last = words::minute(*last);
            let what = match times {
                1 => format!("replica {} restarted at {last}", name(instance)),
                times => format!("replica {} restarted {times} times, last at {last}", name(instance)),
            };
            finding(what, None)
        })
        .collect();
    if restarted.len() > MOST {
        findings.push(finding(
            format!("{} more replicas restarted", restarted.len() - MOST),
            None,
        ));
    }
    let rows = asked.rows(Topic::Up);
    let silent: Vec<_> = rows
        .iter()
        .filter(|row| row.values.iter().rev().find_map(|value| *value) == Some(0.0))
        .map(|row| name(row.label("instance")))
        .collect();
    if !silent.is_empty() {
        let named = silent.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
        let more = if silent.len() > MOST { ", …" } else { "" };
        findings.push(finding(
            format!(
                "{} of {} replicas do not answer scrapes: {named}{more}",
                silent.len(),
                rows.len()
            ),
            None,
        ));
    }
    findings
}
