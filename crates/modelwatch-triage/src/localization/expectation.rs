//! The counts to expect from the history, and how far an excess is from them.

use super::table::{Count, Table};

/// The totals of each past interval.
pub(super) fn totals(table: &Table) -> Vec<Count> {
    (0..table.intervals())
        .map(|back| sum(table.cells().iter().map(|cell| cell.past[back])))
        .collect()
}

/// The half of the intervals with the lowest ratios, among those that have trials.
pub(super) fn calm(whole: &[Count]) -> Vec<usize> {
    let mut intervals: Vec<_> = (0..whole.len()).filter(|&back| whole[back].trials > 0.0).collect();
    intervals.sort_by(|&left, &right| whole[left].ratio().total_cmp(&whole[right].ratio()));
    intervals.truncate(intervals.len().div_ceil(2));
    intervals
}

/// The ratio over the past. Never 0, because a past without events does not make them impossible.
pub(super) fn overall_ratio(before: Count) -> f64 {
    (before.events + 0.5) / (before.trials + 1.0)
}

pub(super) fn sum(counts: impl Iterator<Item = Count>) -> Count {
    counts.fold(Count::default(), |mut sum, count| {
        sum.add(count.events, count.trials);
        sum
    })
}

/// The ratio to expect of a row or combination with these counts in the past.
pub(super) fn usual(before: Count, overall: f64, pseudo_trials: f64) -> f64 {
    (before.events + pseudo_trials * overall) / (before.trials + pseudo_trials)
}

/// The Poisson log-likelihood ratio of an excess; 0 without one. A combination without trials has no ratio to compare.
pub(super) fn log_likelihood_ratio(events: f64, expected: f64) -> f64 {
    if expected > 0.0 && events > expected {
        events * (events / expected).ln() - (events - expected)
    } else {
        0.0
    }
}
