//! The combinations of labels in a table, and the sums of their rows.

use rustc_hash::FxHashMap;

use super::table::Table;

/// Every combination of up to `depth` labels that has a row, and the rows of each.
pub(super) struct Combinations {
    /// The label and value numbers of each combination.
    of: Vec<Vec<(usize, u32)>>,
    /// The combinations of each row of the table, row after row.
    memberships: Vec<u32>,
    /// The number of combinations per row.
    per_row: usize,
}

impl Combinations {
    pub(super) fn of(table: &Table, depth: usize) -> Self {
        let subsets = subsets(table.labels().len(), depth);
        let mut numbers: FxHashMap<(usize, u32, u32), u32> = FxHashMap::default();
        let mut of: Vec<Vec<(usize, u32)>> = Vec::new();
        let mut memberships: Vec<u32> = Vec::with_capacity(table.cells().len() * subsets.len());
        for cell in table.cells() {
            let row = memberships.len();
            for (subset, &Subset { label, parent }) in subsets.iter().enumerate() {
                // A combination is identified by the combination one label shorter, and a value.
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

    pub(super) fn labels(&self, index: usize) -> &[(usize, u32)] {
        &self.of[index]
    }

    /// Sums the rows' numbers over each combination.
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

    pub(super) fn named(&self, table: &Table, index: usize) -> Vec<(String, String)> {
        self.of[index]
            .iter()
            .map(|&(label, value)| name(table, label, value))
            .collect()
    }

    pub(super) fn always(&self, table: &Table, index: usize) -> Vec<(String, String)> {
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

/// A set of labels: those of its parent, which is earlier in the list, and one more.
struct Subset {
    label: usize,
    parent: Option<usize>,
}

/// Every set of up to `depth` labels, smaller sets first.
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
