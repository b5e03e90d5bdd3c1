//! Which incidents share a run of promtool.

use std::cmp::Reverse;

use modelwatch_drill::incident::Incident;

/// Incidents of one run, each with its place among all.
pub(super) type Batch<'a> = Vec<(usize, &'a Incident)>;

/// The most incidents of one run. A run costs about as much as one incident, and half as much again for each further one; from here on
/// more of them save little, and their answer grows.
const MOST: usize = 8;

/// Each incident alone.
pub(super) fn alone(incidents: &[Incident]) -> Vec<Batch<'_>> {
    incidents.iter().enumerate().map(|one| vec![one]).collect()
}

/// Incidents of about the same length together, as many as leaves a run for each of so many promtools. The longest come first: what is left
/// for the end is short.
pub(super) fn batches(incidents: &[Incident], jobs: usize) -> Vec<Batch<'_>> {
    let mut all: Batch<'_> = incidents.iter().enumerate().collect();
    all.sort_by_key(|(_, incident)| Reverse((incident.known_hours, incident.minutes)));
    // One with a day before its world is evaluated at other times than one without.
    all.chunk_by(|(_, one), (_, other)| one.known_hours == other.known_hours)
        .flat_map(|alike| {
            let runs = alike.len().div_ceil(MOST).next_multiple_of(jobs.max(1));
            alike.chunks(alike.len().div_ceil(runs))
        })
        .map(<[_]>::to_vec)
        .collect()
}
