//! Boosted regression trees on binned columns (Friedman, *Greedy Function Approximation*, 2001), reduced to what a loss needs.
//!
//! Existing crates that grow such trees either do not accept missing values, or bring a C++ library. Neither suits a job that you
//! compile yourself.

const ROUNDS: usize = 100;
const DEPTH: usize = 5;
const RATE: f64 = 0.1;
/// The fewest rows in a leaf.
const LEAF_ROWS: f64 = 20.0;

/// A sum of trees.
#[derive(Clone, Debug)]
pub(super) struct Boosted {
    base: f64,
    trees: Vec<Vec<Node>>,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    Leaf(f64),
    /// Rows whose bin is at most `bin` go to the node `left`, the others to the node after it.
    Split {
        column: usize,
        bin: u8,
        left: usize,
    },
}

/// Binned columns of equal length, and the number of bins of each.
pub(super) struct Binned<'a> {
    pub(super) columns: &'a [Vec<u8>],
    pub(super) bins: &'a [usize],
}

impl Boosted {
    /// Fits the targets of some of the rows.
    pub(super) fn fit(binned: &Binned<'_>, rows: &[usize], targets: &[f64]) -> Self {
        let base = rows.iter().map(|row| targets[*row]).sum::<f64>() / rows.len().max(1) as f64;
        let mut left: Vec<f64> = rows.iter().map(|row| targets[*row] - base).collect();
        let mut trees = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let tree = grow(binned, rows, &mut left);
            if tree.len() == 1 {
                break;
            }
            trees.push(tree);
        }
        Self { base, trees }
    }

    /// Returns the value for a row, by its bins.
    pub(super) fn value(&self, bin: impl Fn(usize) -> u8) -> f64 {
        let of_tree = |tree: &Vec<Node>| {
            let mut place = 0;
            loop {
                match tree[place] {
                    Node::Leaf(value) => return value,
                    Node::Split {
                        column,
                        bin: last,
                        left,
                    } => place = left + usize::from(bin(column) > last),
                }
            }
        };
        self.base + self.trees.iter().map(of_tree).sum::<f64>()
    }
}

/// The rows of a node in one bin, and the sum of their residuals.
#[derive(Clone, Copy, Default)]
struct Sum {
    rows: f64,
    left: f64,
}

impl Sum {
    fn minus(self, other: Self) -> Self {
        Self {
            rows: self.rows - other.rows,
            left: self.left - other.left,
        }
    }

    /// The reduction of squared errors when the rows are assigned their mean.
    fn gain(self) -> f64 {
        if self.rows > 0.0 {
            self.left * self.left / self.rows
        } else {
            0.0
        }
    }
}

/// Grows a tree level by level, and subtracts its values from the residuals.
fn grow(binned: &Binned<'_>, rows: &[usize], left: &mut [f64]) -> Vec<Node> {
    let mut tree = vec![Node::Leaf(0.0)];
    let mut place = vec![0_usize; rows.len()];
    let mut level = 0..1;
    for _ in 0..DEPTH {
        let first = level.start;
        let mut best: Vec<Option<(f64, usize, u8)>> = vec![None; level.len()];
        for (at, (bin_of_row, bins)) in binned.columns.iter().zip(binned.bins).enumerate() {
            let mut sums = vec![Sum::default(); level.len() * bins];
            for (position, row) in rows.iter().enumerate() {
                if place[position] >= first {
                    let sum = &mut sums[(place[position] - first) * bins + usize::from(bin_of_row[*row])];
                    sum.rows += 1.0;
                    sum.left += left[position];
                }
            }
            for (node, sums) in sums.chunks(*bins).enumerate() {
                let all = sums.iter().fold(Sum::default(), |all, sum| Sum {
                    rows: all.rows + sum.rows,
                    left: all.left + sum.left,
                });
                let mut below = Sum::default();
                for (bin, sum) in sums.iter().enumerate().take(bins - 1) {
                    below = Sum {
                        rows: below.rows + sum.rows,
                        left: below.left + sum.left,
                    };
                    let above = all.minus(below);
                    if below.rows < LEAF_ROWS || above.rows < LEAF_ROWS {
                        continue;
                    }
                    let gain = below.gain() + above.gain() - all.gain();
                    if gain > best[node].map_or(1e-12 * all.gain().max(f64::MIN_POSITIVE), |best| best.0) {
                        best[node] = Some((gain, at, bin as u8));
                    }
                }
            }
        }
        let next = tree.len();
        for (node, split) in best.iter().enumerate() {
            if let Some((_, column, bin)) = *split {
                tree[first + node] = Node::Split {
                    column,
                    bin,
                    left: tree.len(),
                };
                tree.extend([Node::Leaf(0.0); 2]);
            }
        }
        if tree.len() == next {
            break;
        }
        for (position, row) in rows.iter().enumerate() {
            if let Node::Split { column, bin, left } = tree[place[position]] {
                place[position] = left + usize::from(binned.columns[column][*row] > bin);
            }
        }
        level = next..tree.len();
    }
    let mut leaves = vec![Sum::default(); tree.len()];
    for (position, place) in place.iter().enumerate() {
        leaves[*place].rows += 1.0;
        leaves[*place].left += left[position];
    }
    for (node, leaf) in tree.iter_mut().zip(&leaves) {
        if let Node::Leaf(value) = node {
            *value = RATE * leaf.left / leaf.rows.max(1.0);
        }
    }
    for (position, place) in place.iter().enumerate() {
        if let Node::Leaf(value) = tree[*place] {
            left[position] -= value;
        }
    }
    tree
}
