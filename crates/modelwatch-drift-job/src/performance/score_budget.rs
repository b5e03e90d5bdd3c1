//! Bounds the number of distinct scores kept over all groups: an area under a curve needs each of them, and there may
//! be a thousand windows.

use modelwatch_performance::SCORE_BITS;

use super::counters::Counters;

/// The maximum number of scores of all groups, at 24 bytes each: 96 MiB. A million rows fit unrounded, in four groups
/// each.
const MOST_SCORES: usize = 1 << 22;
/// The number of rows between two checks.
const EVERY: u64 = 1 << 16;

/// Holds how many bits of the scores to keep, the same in all groups, so that the order of rows changes no figure.
#[derive(Debug)]
pub(super) struct ScoreBudget {
    most: usize,
    rows: u64,
    /// The number of steps of [`SCORE_BITS`] taken.
    steps: usize,
}

impl Default for ScoreBudget {
    fn default() -> Self {
        Self {
            most: MOST_SCORES,
            rows: 0,
            steps: 0,
        }
    }
}

impl ScoreBudget {
    /// Returns whether it is time to check. Call it once per row.
    pub(super) fn is_due(&mut self) -> bool {
        self.rows += 1;
        self.rows.is_multiple_of(EVERY)
    }

    /// Rounds the scores of all groups as little as makes them fit. Call it after the last row, too.
    pub(super) fn keep<'c>(&mut self, groups: impl IntoIterator<Item = &'c mut Counters>) {
        let mut groups: Vec<&mut Counters> = groups.into_iter().collect();
        let held = |groups: &[&mut Counters]| groups.iter().map(|group| group.scores_held()).sum::<usize>();
        if self.steps == 0 && held(&groups) <= self.most {
            return;
        }
        // Sorts first: buffered scores are not distinct yet, and a new group was not rounded.
        self.round(&mut groups);
        while held(&groups) > self.most && self.steps < SCORE_BITS.len() {
            self.steps += 1;
            self.round(&mut groups);
        }
    }

    fn round(&self, groups: &mut [&mut Counters]) {
        let bits = match self.steps.checked_sub(1) {
            Some(step) => SCORE_BITS[step],
            None => u32::MAX,
        };
        groups.iter_mut().for_each(|group| group.round_scores(bits));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use modelwatch_performance::Measure;

    use super::ScoreBudget;
    use crate::performance::counters::{Counters, Reader, Said};
    use crate::performance::task::Task;

    fn reader() -> Reader {
        Reader {
            task: Task::Binary { positive: "1".into() },
            threshold: 0.5,
            has_score: true,
            has_class: false,
            known: BTreeSet::from(["0".to_owned(), "1".to_owned()]),
            codes: Vec::new(),
        }
    }

    fn score(row: u32) -> f64 {
        f64::from(row.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX)
    }

    /// The areas of two groups, one of every row and one of every third, and how far they may be off.
    fn areas(rows: impl Iterator<Item = u32>, most: usize) -> Vec<(f64, f64)> {
        let reader = reader();
        let mut groups = [Counters::new(&reader.task), Counters::new(&reader.task)];
        let mut budget = ScoreBudget {
            most,
            ..ScoreBudget::default()
        };
        for (place, row) in rows.enumerate() {
            let said = Said {
                numbers: &[score(row)],
                class: None,
                categories: &[],
            };
            let label = if score(row ^ 0x5555) < score(row) { "1" } else { "0" };
            groups[0].add_label(&reader, &said, label);
            if row % 3 == 0 {
                groups[1].add_label(&reader, &said, label);
            }
            if place % 1_000 == 0 {
                budget.keep(&mut groups);
            }
        }
        budget.keep(&mut groups);
        assert!(groups.iter().map(Counters::scores_held).sum::<usize>() <= most);
        let area = |group: &Counters| {
            let performance = group.realised();
            let area = performance.get(Measure::RocAuc).expect("both classes");
            (area.value, area.within)
        };
        groups.iter().map(area).collect()
    }

    #[test]
    fn gives_same_areas_whatever_order_when_scores_are_rounded() {
        const ROWS: u32 = 30_000;
        let exact = areas(0..ROWS, usize::MAX);
        assert!(exact.iter().all(|(_, within)| *within == 0.0));
        let mut before = 0.0;
        for most in [39_000, 36_000, 33_000] {
            let forward = areas(0..ROWS, most);
            assert_eq!(forward, areas((0..ROWS).rev(), most), "{most}");
            assert_eq!(forward, areas((0..ROWS).map(|row| row * 7 % ROWS), most), "{most}");
            for ((value, within), (exact, _)) in forward.iter().zip(&exact) {
                assert!(
                    (value - exact).abs() <= *within && *within < 1e-3,
                    "{most}: {value}, {exact}"
                );
            }
            assert!(forward[0].1 >= before, "fewer scores are no nearer");
            before = forward[0].1;
        }
        assert!(before > 0.0, "scores were rounded");
    }
}
