//! The scan over combinations.

use super::answer::{Candidate, Localization, Slice};
use super::chance;
use super::combinations::Combinations;
use super::expectation::{calm, log_likelihood_ratio, overall_ratio, sum, totals, usual};
use super::settings::Settings;
use super::table::{Count, Table};

/// Finds the combinations of labels that explain why there are more events now than the history lets you expect.
///
/// The answer is empty without an excess, and without a history: a table of counts from now alone can't show a change. Of
/// combinations with the same rows, the one with the fewest labels comes first.
///
/// # Example: one version on one route
///
/// ```
/// use modelwatch_triage::localization::{Candidate, Localization, Settings, Slice, Table, localize, slices};
///
/// let mut table = Table::new(["model_version", "route"], 4);
/// for (version, route, errors) in [("1", "predict", 2.0), ("1", "batch", 2.0), ("2", "predict", 80.0), ("2", "batch", 2.0)] {
///     for back in 1..=4 {
///         table.add_past(back, &[version, route], 2.0, 500.0);
///     }
///     table.add_now(&[version, route], errors, 500.0);
/// }
/// let found: Localization = localize(&table, &Settings::default());
/// let culprit: &Candidate = &found.ranked[0];
/// assert_eq!((culprit.value("model_version"), culprit.value("route")), (Some("2"), Some("predict")));
/// assert!(culprit.share > 0.9 && culprit.p_value < 0.05);
///
/// let versions: Vec<Slice> = slices(&table, "model_version", &Settings::default());
/// assert!(versions.iter().any(|slice| slice.value == "2" && slice.excess() > 70.0));
/// ```
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
    // Ties: fewer labels first, then the earlier combination.
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

/// Returns each value of one label with its counts now and those expected from its own past, the largest excess first. Empty when
/// the table has no such label or no history.
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

/// One combination's counts and the counts expected.
struct Surprise {
    index: usize,
    now: Count,
    expected: f64,
    /// The log-likelihood ratio; 0 without an excess.
    ratio: f64,
}
