//! Finds the cause of a loss: the cells of columns whose loss rose by more than that of the other rows.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF as _, Normal};

use crate::mean::Mean;

/// The most cells of one column that are counted separately. Rows of further cells are counted together.
const MOST_CELLS: usize = 64;
/// A cell with fewer rows is never named.
const FEWEST_ROWS: u64 = 30;
/// How often chance alone names one of all cells.
const SIGNIFICANCE: f64 = 0.05;

/// The losses of labelled rows, by their cell in each of some columns: the values of a category, or the bins of a number.
///
/// A loss is any number per row that grows as its prediction gets worse. Neither the order of rows nor the way of merging changes
/// a result.
/// # Example: the carrier whose delays are predicted worse
///
/// ```
/// use modelwatch_performance::{Culprit, LossByCell};
///
/// let losses = |of_nine_e: f64| {
///     let mut losses = LossByCell::new(1);
///     for row in 0..2_000_u32 {
///         let noise = f64::from(row % 7) / 100.0;
///         losses.add(0, "UA", 0.1 + noise);
///         losses.add(0, "9E", of_nine_e + noise);
///     }
///     losses
/// };
/// let culprits: Vec<Culprit> = losses(0.4).culprits(&losses(0.1), &["carrier"]);
/// assert_eq!((&*culprits[0].column, &*culprits[0].cell), ("carrier", "9E"));
/// assert!(culprits[0].now > 0.4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct LossByCell {
    columns: Vec<BTreeMap<String, Mean>>,
}

impl LossByCell {
    /// The cell of rows beyond the first 64 cells of a column.
    pub const OTHER: &'static str = "__other__";

    /// Makes losses without rows, for this many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self {
            columns: vec![BTreeMap::new(); columns],
        }
    }

    /// Returns the number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Counts a row's loss in its cell of one column. Ignores a loss that is not finite, and a column that does not exist.
    pub fn add(&mut self, column: usize, cell: &str, loss: f64) {
        let Some(cells) = self.columns.get_mut(column).filter(|_| loss.is_finite()) else {
            return;
        };
        let has_own = cells.contains_key(cell) || cells.len() < MOST_CELLS;
        let cell = if has_own { cell } else { Self::OTHER };
        match cells.get_mut(cell) {
            Some(mean) => mean.add(loss),
            None => cells.entry(cell.to_owned()).or_default().add(loss),
        }
    }

    /// Returns by how much the mean loss of all rows grew since the reference. `None` without columns, or when either has no
    /// rows.
    #[must_use]
    pub fn growth(&self, reference: &Self) -> Option<f64> {
        let mean = |losses: &Self| {
            let mut all = Mean::default();
            losses.columns.first()?.values().for_each(|mean| all.merge(mean));
            (all.rows() > 0).then(|| all.value())
        };
        Some(mean(self)? - mean(reference)?)
    }

    /// Returns the cells whose loss rose since the reference by more than that of the other rows, and by more than chance
    /// explains. Those that explain most come first. `names` are the names of the columns.
    #[must_use]
    pub fn culprits(&self, reference: &Self, names: &[impl AsRef<str>]) -> Vec<Culprit> {
        let cells: usize = self.columns.iter().map(BTreeMap::len).sum();
        let Some(z) = quantile(cells) else {
            return Vec::new();
        };
        let columns = self.columns.iter().zip(&reference.columns).zip(names);
        let mut culprits: Vec<Culprit> = columns
            .flat_map(|((now, before), name)| {
                now.keys()
                    .filter_map(move |cell| Culprit::of(name.as_ref(), cell, before, now, z))
            })
            .collect();
        culprits.sort_by(|one, other| other.explains.total_cmp(&one.explains));
        culprits
    }
}

/// A cell whose loss rose by more than that of the other rows.
/// The example of [`LossByCell`](crate::LossByCell) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Culprit {
    /// The column.
    pub column: String,
    /// The cell of the column.
    pub cell: String,
    /// Its labelled rows.
    pub rows: u64,
    /// Their share of all rows.
    pub share: f64,
    /// The mean loss of its rows in the reference. `None` when it had too few rows there.
    pub before: Option<f64>,
    /// Their mean loss now.
    pub now: f64,
    /// By how much the mean loss of all rows would be lower if this cell's loss had risen as much as that of the other rows.
    pub explains: f64,
    /// The lower bound of its interval. In 95 of 100 reports, no cell that rose only as the others did has an interval above 0.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// The mean of some rows, and the variance of that mean.
#[derive(Clone, Copy)]
struct Known {
    mean: f64,
    variance: f64,
}

impl Known {
    /// A few rows may have equal losses by chance, so their variance is at least that of all rows.
    fn of(rows: &Mean, all: &Mean) -> Self {
        let variance = |mean: &Mean| mean.spread() / mean.rows().max(1) as f64;
        Self {
            mean: rows.value(),
            variance: variance(rows).max(variance(all)) / rows.rows() as f64,
        }
    }
}

impl Culprit {
    fn of(
        column: &str,
        cell: &str,
        before: &BTreeMap<String, Mean>,
        now: &BTreeMap<String, Mean>,
        z: f64,
    ) -> Option<Self> {
        let [(own_before, rest_before), (own_now, rest_now)] = [before, now].map(|cells| {
            let mut rest = Mean::default();
            let others = cells.iter().filter(|(other, _)| other.as_str() != cell);
            others.for_each(|(_, mean)| rest.merge(mean));
            (cells.get(cell).cloned().unwrap_or_default(), rest)
        });
        let enough = |mean: &Mean| mean.rows() >= FEWEST_ROWS;
        if ![&own_now, &rest_now, &rest_before].into_iter().all(enough) {
            return None;
        }
        let [mut all_before, mut all_now] = [&rest_before, &rest_now].map(Clone::clone);
        all_before.merge(&own_before);
        all_now.merge(&own_now);
        let known = enough(&own_before);
        let after = Known::of(&own_now, &all_now);
        // A cell that is new is compared with all earlier rows.
        let earlier = Known::of(if known { &own_before } else { &all_before }, &all_before);
        let (others, others_before) = (Known::of(&rest_now, &all_now), Known::of(&rest_before, &all_before));
        let risen = after.mean - earlier.mean;
        let more = risen - (others.mean - others_before.mean);
        let error = [after, earlier, others, others_before]
            .iter()
            .map(|known| known.variance)
            .sum::<f64>()
            .sqrt();
        let share = own_now.rows() as f64 / all_now.rows() as f64;
        let culprit = Self {
            column: column.to_owned(),
            cell: cell.to_owned(),
            rows: own_now.rows(),
            share,
            before: known.then_some(earlier.mean),
            now: after.mean,
            explains: share * more,
            low: share * (more - z * error),
            high: share * (more + z * error),
        };
        (risen > 0.0 && culprit.low > 0.0).then_some(culprit)
    }
}

/// By how many errors one of `cells` cells is off by chance once in twenty reports.
fn quantile(cells: usize) -> Option<f64> {
    let normal = Normal::new(0.0, 1.0).ok()?;
    (cells > 0).then(|| normal.inverse_cdf(1.0 - SIGNIFICANCE / (2.0 * cells as f64)))
}
