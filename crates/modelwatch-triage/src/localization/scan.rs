//! The scan over combinations.

use rustc_hash::FxHashMap;

use super::answer::{Candidate, Localization, Slice};
use super::chance;
use super::table::{Count, Table};

/// How to scan. The defaults were fixed on halves of 68 real incidents and hold for the rest: docs/triage.md.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Labels in a combination, at most. Default: 3.
    pub depth: usize,
    /// Trials at the overall ratio that are added to each combination's past. Default: 50.
    pub pseudo_trials: f64,
    /// Tables drawn by chance for the p-value; with 99 no p-value is below 0.01. Default: 99. With 0 it is 1.
    pub replicates: usize,
    /// What the draws start from. Default: a constant.
    pub seed: u64,
    /// Candidates in the answer, at most. Default: 50.
    pub most: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            depth: 3,
            pseudo_trials: 50.0,
            replicates: 99,
            seed: 0x6d6f_6465_6c77_6174,
            most: 50,
        }
    }
}

/// Finds the combinations of labels that explain why there are more events now than the history makes one expect.
///
/// The answer is empty when there is no excess, and when there is no history: a table that only shows now can't tell what
/// changed. Of combinations with the same rows the one with the fewest labels comes first.
#[must_use]
pub fn localize(table: &Table, settings: &Settings) -> Localization {
    let whole = totals(table);
    let now: Count = sum(table.cells().iter().map(|cell| cell.now));
    let calm = calm(&whole);
    let before = sum(calm.iter().map(|&back| whole[back]));
    let mut found = Localization {
        events: now.events,
        trials: now.trials,
        expected: now.events,
        ranked: Vec::new(),
    };
    if before.trials <= 0.0 {
        return found;
    }
    let overall = overall_ratio(before);
    found.expected = now.trials * overall;
    let excess = now.events - found.expected;
    if excess <= 0.0 {
        return found;
    }
    let combinations = Combinations::of(table, settings.depth);
    let rows: Vec<_> = table
        .cells()
        .iter()
        .map(|cell| {
            let before = sum(calm.iter().map(|&back| cell.past[back]));
            [cell.now.events, cell.now.trials, before.events, before.trials]
        })
        .collect();
    let surprises: Vec<_> = combinations
        .sums(&rows)
        .into_iter()
        .enumerate()
        .map(|(index, [events, trials, events_before, trials_before])| {
            let before = Count {
                events: events_before,
                trials: trials_before,
            };
            let expected = trials * usual(before, overall, settings.pseudo_trials);
            Surprise {
                index,
                now: Count { events, trials },
                expected,
                ratio: log_likelihood_ratio(events, expected),
            }
        })
        .collect();
    let mut ranked: Vec<_> = surprises
        .iter()
        .filter(|surprise| surprise.ratio > 0.0)
        .map(|surprise| {
            let share = ((surprise.now.events - surprise.expected) / excess).min(1.0);
            (surprise.ratio * share, share, surprise)
        })
        .collect();
    // Of equals the one with fewer labels, then the one that came first.
    ranked.sort_by(|left, right| {
        let simple = |index: usize| (combinations.labels(index).len(), index);
        right
            .0
            .total_cmp(&left.0)
            .then_with(|| simple(left.2.index).cmp(&simple(right.2.index)))
    });
    ranked.truncate(settings.most);
    let highest = chance::highest(table, &combinations, settings);
    found.ranked = ranked
        .into_iter()
        .map(|(_, share, surprise)| Candidate {
            labels: combinations.named(table, surprise.index),
            always: combinations.always(table, surprise.index),
            events: surprise.now.events,
            trials: surprise.now.trials,
            expected: surprise.expected,
            share,
            log_likelihood_ratio: surprise.ratio,
            p_value: chance::p_value(&highest, surprise.ratio),
        })
        .collect();
    found
}

/// How each value of one label fares: what it has now beside what its own past makes one expect, the largest excess first.
/// Nothing when the table has no such label or no history.
#[must_use]
pub fn slices(table: &Table, label: &str, settings: &Settings) -> Vec<Slice> {
    let whole = totals(table);
    let calm = calm(&whole);
    let before = sum(calm.iter().map(|&back| whole[back]));
    let label = table.labels().iter().position(|name| name == label);
    let (Some(label), true) = (label, before.trials > 0.0) else {
        return Vec::new();
    };
    let overall = overall_ratio(before);
    let mut by_value: Vec<(u32, Count, Count)> = Vec::new();
    for cell in table.cells() {
        let value = cell.values[label];
        let past = sum(calm.iter().map(|&back| cell.past[back]));
        let place = by_value.iter().position(|(known, _, _)| *known == value);
        let place = place.unwrap_or_else(|| {
            by_value.push((value, Count::default(), Count::default()));
            by_value.len() - 1
        });
        let (_, now, before) = &mut by_value[place];
        now.add(cell.now.events, cell.now.trials);
        before.add(past.events, past.trials);
    }
    let mut slices: Vec<_> = by_value
        .into_iter()
        .map(|(value, now, before)| Slice {
            value: table.value(label, value).to_owned(),
            events: now.events,
            trials: now.trials,
            expected: now.trials * usual(before, overall, settings.pseudo_trials),
        })
        .collect();
    slices.sort_by(|one, other| other.excess().total_cmp(&one.excess()));
    slices
}

/// The whole of each past interval.
pub(super) fn totals(table: &Table) -> Vec<Count> {
    (0..table.intervals())
        .map(|back| sum(table.cells().iter().map(|cell| cell.past[back])))
        .collect()
}

/// The half of the intervals with the lowest ratios, of those that have trials.
pub(super) fn calm(whole: &[Count]) -> Vec<usize> {
    let mut intervals: Vec<_> = (0..whole.len()).filter(|&back| whole[back].trials > 0.0).collect();
    intervals.sort_by(|&left, &right| whole[left].ratio().total_cmp(&whole[right].ratio()));
    intervals.truncate(intervals.len().div_ceil(2));
    intervals
}

/// Never 0, since a past without events does not make them impossible.
pub(super) fn overall_ratio(before: Count) -> f64 {
    (before.events + 0.5) / (before.trials + 1.0)
}

pub(super) fn sum(counts: impl Iterator<Item = Count>) -> Count {
    counts.fold(Count::default(), |mut sum, count| {
        sum.add(count.events, count.trials);
        sum
    })
}

/// Every combination of up to so many labels that has a row, and the rows of each.
pub(super) struct Combinations {
    /// The label and value numbers of each.
    of: Vec<Vec<(usize, u32)>>,
    /// For each row of the table the combinations it is in, one after the other.
    memberships: Vec<u32>,
    /// How many that is.
    per_row: usize,
}

/// One combination's counts beside what was expected.
struct Surprise {
    index: usize,
    now: Count,
    expected: f64,
    /// The log-likelihood ratio; 0 without an excess.
    ratio: f64,
}

impl Combinations {
    fn of(table: &Table, depth: usize) -> Self {
        let subsets = subsets(table.labels().len(), depth);
        let mut numbers: FxHashMap<(usize, u32, u32), u32> = FxHashMap::default();
        let mut of: Vec<Vec<(usize, u32)>> = Vec::new();
        let mut memberships: Vec<u32> = Vec::with_capacity(table.cells().len() * subsets.len());
        for cell in table.cells() {
            let row = memberships.len();
            for (subset, &Subset { label, parent }) in subsets.iter().enumerate() {
                // What names a combination in its subset: the combination one label shorter, and a value.
                let parent = parent.map(|parent| memberships[row + parent]);
                let value = cell.values[label];
                let next = of.len();
                let index = *numbers
                    .entry((subset, parent.unwrap_or(0), value))
                    .or_insert_with(|| u32::try_from(next).unwrap_or(u32::MAX));
                if index as usize == next {
                    let mut combination = parent.map_or_else(Vec::new, |parent| of[parent as usize].clone());
                    combination.push((label, value));
                    of.push(combination);
                }
                memberships.push(index);
            }
        }
        Self {
            of,
            memberships,
            per_row: subsets.len(),
        }
    }

    fn labels(&self, index: usize) -> &[(usize, u32)] {
        &self.of[index]
    }

    /// The sums of the rows' numbers over each combination.
    pub(super) fn sums<const N: usize>(&self, rows: &[[f64; N]]) -> Vec<[f64; N]> {
        let mut sums = vec![[0.0; N]; self.of.len()];
        if self.per_row > 0 {
            for (combinations, row) in self.memberships.chunks_exact(self.per_row).zip(rows) {
                if row.iter().all(|&number| number == 0.0) {
                    continue;
                }
                for &index in combinations {
                    for (sum, number) in sums[index as usize].iter_mut().zip(row) {
                        *sum += number;
                    }
                }
            }
        }
        sums
    }

    fn named(&self, table: &Table, index: usize) -> Vec<(String, String)> {
        self.of[index]
            .iter()
            .map(|&(label, value)| name(table, label, value))
            .collect()
    }

    fn always(&self, table: &Table, index: usize) -> Vec<(String, String)> {
        let combination = &self.of[index];
        let mut rows = table.cells().iter().filter(|cell| {
            cell.now.trials + cell.now.events > 0.0
                && combination.iter().all(|&(label, value)| cell.values[label] == value)
        });
        let Some(first) = rows.next() else {
            return Vec::new();
        };
        let mut same: Vec<_> = (0..table.labels().len())
            .filter(|label| combination.iter().all(|(named, _)| named != label))
            .collect();
        for row in rows {
            same.retain(|&label| row.values[label] == first.values[label]);
        }
        same.into_iter()
            .map(|label| name(table, label, first.values[label]))
            .collect()
    }
}

fn name(table: &Table, label: usize, value: u32) -> (String, String) {
    (table.labels()[label].clone(), table.value(label, value).to_owned())
}

/// The ratio to expect of what had these counts before.
pub(super) fn usual(before: Count, overall: f64, pseudo_trials: f64) -> f64 {
    (before.events + pseudo_trials * overall) / (before.trials + pseudo_trials)
}

/// Poisson, for more than expected; 0 for as many or fewer. A combination without trials has no ratio to be compared.
pub(super) fn log_likelihood_ratio(events: f64, expected: f64) -> f64 {
    if expected > 0.0 && events > expected {
        events * (events / expected).ln() - (events - expected)
    } else {
        0.0
    }
}

/// A set of labels: that of the parent, earlier in the list, and one more.
struct Subset {
    label: usize,
    parent: Option<usize>,
}

/// Every set of one to so many labels, the small ones first.
fn subsets(labels: usize, depth: usize) -> Vec<Subset> {
    let mut all = Vec::new();
    let mut shorter: Vec<(Option<usize>, usize)> = vec![(None, 0)];
    for _ in 0..depth {
        let mut longer = Vec::new();
        for (parent, from) in shorter {
            for label in from..labels {
                longer.push((Some(all.len()), label + 1));
                all.push(Subset { label, parent });
            }
        }
        shorter = longer;
    }
    all
}
