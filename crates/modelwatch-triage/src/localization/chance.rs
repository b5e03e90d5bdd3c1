//! How much excess chance alone produces in a table.

use rand_distr::{Distribution as _, Poisson};
use rand_pcg::Pcg64Mcg;

use super::combinations::Combinations;
use super::expectation::{calm, log_likelihood_ratio, overall_ratio, sum, totals, usual};
use super::settings::Settings;
use super::table::{Count, Table};

/// A larger dispersion is not noise: the table then counts something else.
const MOST_DISPERSION: f64 = 50.0;

/// Returns the highest log-likelihood ratio of each replicate. In a replicate, each row goes on as before, now and in its
/// history, with the noise that the history shows.
///
/// Each replicate chooses its own calm half, so that it gains from the choice as much as the table itself does.
pub(super) fn highest(table: &Table, combinations: &Combinations, settings: &Settings) -> Vec<f64> {
    let whole = totals(table);
    let intervals: Vec<_> = (0..whole.len()).filter(|&back| whole[back].trials > 0.0).collect();
    let calm_before = calm(&whole);
    let before = sum(calm_before.iter().map(|&back| whole[back]));
    if before.trials <= 0.0 {
        return Vec::new();
    }
    let overall = overall_ratio(before);
    let dispersion = dispersion(table, &whole, &intervals, &calm_before);
    let noise = |trials: f64, rate: f64| Noise::new(trials * rate, dispersion);
    let rows: Vec<Row> = table
        .cells()
        .iter()
        .map(|cell| {
            let own = sum(calm_before.iter().map(|&back| cell.past[back]));
            let rate = usual(own, overall, settings.pseudo_trials);
            Row {
                now: noise(cell.now.trials, rate),
                past: intervals
                    .iter()
                    .map(|&back| noise(cell.past[back].trials, rate))
                    .collect(),
            }
        })
        .collect();
    let trials =
        |of: &dyn Fn(usize) -> f64| combinations.sums(&(0..rows.len()).map(|row| [of(row)]).collect::<Vec<_>>());
    let trials_now = trials(&|row| table.cells()[row].now.trials);
    let trials_past: Vec<_> = intervals
        .iter()
        .map(|&back| trials(&|row| table.cells()[row].past[back].trials))
        .collect();
    let mut random = Pcg64Mcg::new(u128::from(settings.seed));
    (0..settings.replicates)
        .map(|_| {
            let past: Vec<Vec<f64>> = (0..intervals.len())
                .map(|interval| rows.iter().map(|row| row.past[interval].draw(&mut random)).collect())
                .collect();
            let totals: Vec<_> = past
                .iter()
                .zip(&intervals)
                .map(|(events, &back)| Count {
                    events: events.iter().sum(),
                    trials: whole[back].trials,
                })
                .collect();
            let calm = calm(&totals);
            let overall = overall_ratio(sum(calm.iter().map(|&interval| totals[interval])));
            let events: Vec<_> = rows
                .iter()
                .enumerate()
                .map(|(number, row)| {
                    let before: f64 = calm.iter().map(|&interval| past[interval][number]).sum();
                    [row.now.draw(&mut random), before]
                })
                .collect();
            combinations
                .sums(&events)
                .into_iter()
                .enumerate()
                .filter(|(_, [now, _])| *now > 0.0)
                .map(|(index, [now, before])| {
                    let before = Count {
                        events: before,
                        trials: calm.iter().map(|&interval| trials_past[interval][index][0]).sum(),
                    };
                    let expected = trials_now[index][0] * usual(before, overall, settings.pseudo_trials);
                    log_likelihood_ratio(now, expected)
                })
                .fold(0.0, f64::max)
        })
        .collect()
}

/// The counts that a row may show by chance.
struct Row {
    now: Noise,
    past: Vec<Noise>,
}

/// Counts around a mean: Poisson-distributed, in steps as large as the dispersion.
struct Noise {
    /// Absent when the mean is 0.
    steps: Option<Poisson<f64>>,
    step: f64,
}

impl Noise {
    fn new(mean: f64, dispersion: f64) -> Self {
        Self {
            steps: Poisson::new(mean / dispersion).ok(),
            step: dispersion,
        }
    }

    fn draw(&self, random: &mut Pcg64Mcg) -> f64 {
        self.steps.map_or(0.0, |steps| steps.sample(random) * self.step)
    }
}

/// The share of replicates, counting the table itself as one, that reach this ratio.
pub(super) fn p_value(highest: &[f64], ratio: f64) -> f64 {
    let reached = highest.iter().filter(|&&other| other >= ratio).count();
    (1 + reached) as f64 / (1 + highest.len()) as f64
}

/// How much more the counts of the history vary than a Poisson distribution's, at least 1. Measured within rows over the whole
/// past, because the calm half of a restless row looks quieter than the row is, and over the totals of the calm intervals.
fn dispersion(table: &Table, whole: &[Count], intervals: &[usize], calm: &[usize]) -> f64 {
    let of = |counts: &[Count], intervals: &[usize]| squares(intervals.iter().map(|&back| counts[back]).collect());
    let (rows, freedom) = table
        .cells()
        .iter()
        .map(|cell| of(&cell.past, intervals))
        .fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    let (all, all_freedom) = of(whole, calm);
    let ratio = |squares: f64, freedom: f64| if freedom > 0.0 { squares / freedom } else { 1.0 };
    ratio(rows, freedom)
        .max(ratio(all, all_freedom))
        .clamp(1.0, MOST_DISPERSION)
}

/// Pearson's sum of squares around the common ratio, and its degrees of freedom.
fn squares(mut counts: Vec<Count>) -> (f64, f64) {
    let ratio = sum(counts.iter().copied()).ratio();
    counts.retain(|count| count.trials * ratio > 0.0);
    let squares = counts
        .iter()
        .map(|count| (count.events - count.trials * ratio).powi(2) / (count.trials * ratio))
        .sum();
    (squares, counts.len().saturating_sub(1) as f64)
}
