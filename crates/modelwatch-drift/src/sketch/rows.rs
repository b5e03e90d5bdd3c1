//! A uniform sample of whole rows.

use super::reservoir::{FromSample, Reservoir};

/// A uniform sample without replacement of the rows offered, up to [`CAPACITY`](Self::CAPACITY) of them, fewer where they are wide:
/// what says of several columns how they go together.
///
/// As long as no more rows were offered than it holds, it is exactly these rows. It takes at most
/// [`MOST_VALUES`](Self::MOST_VALUES) numbers, 8 MiB, whatever the rows.
///
/// [`JointReference`](crate::joint::JointReference) has an example.
#[derive(Clone, Debug)]
pub struct RowSample {
    columns: usize,
    /// Row after row; NaN where there is no finite value.
    values: Vec<f64>,
    offered: u64,
    reservoir: Reservoir,
}

impl RowSample {
    /// The most rows that are kept.
    pub const CAPACITY: usize = 8_192;
    /// The most values that are kept.
    pub const MOST_VALUES: usize = 1 << 20;

    /// Returns no rows yet, of so many columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        let capacity = (Self::MOST_VALUES / columns.max(1)).clamp(1, Self::CAPACITY);
        Self {
            columns,
            values: Vec::new(),
            offered: 0,
            reservoir: Reservoir::new(capacity),
        }
    }

    /// Returns no rows yet, of some of the columns of which this one is made: offered the same rows, it keeps those that this one would,
    /// so that [`side_by_side`](Self::side_by_side) makes one of what was read apart.
    #[must_use]
    pub fn of_columns(&self, columns: usize) -> Self {
        Self {
            columns,
            values: Vec::new(),
            offered: 0,
            reservoir: Reservoir::new(self.capacity()),
        }
    }

    /// Returns the rows of samples [`of_columns`](Self::of_columns) of one, which were offered the same rows: each has the places of its
    /// columns among all. Columns that none of them has are missing in every row.
    #[must_use]
    pub fn side_by_side(&self, parts: &[(Vec<usize>, Self)]) -> Self {
        let parts = parts
            .iter()
            .filter(|(places, part)| !places.is_empty() && part.columns == places.len());
        let Some((_, longest)) = parts.clone().max_by_key(|(_, part)| part.len()) else {
            return self.clone();
        };
        let mut values = vec![f64::NAN; longest.len() * self.columns];
        for (places, part) in parts {
            for (row, of_part) in values.chunks_exact_mut(self.columns.max(1)).zip(part.rows()) {
                for (place, value) in places.iter().zip(of_part) {
                    row[*place] = *value;
                }
            }
        }
        Self {
            columns: self.columns,
            values,
            offered: longest.offered,
            reservoir: longest.reservoir.clone(),
        }
    }

    /// Offers so many rows. `columns_of` is asked for the values of those that are kept, by their places among the rows: one
    /// vector a column, each as long as the places. Values that are missing or not finite are NaN there.
    pub fn offer(&mut self, rows: usize, columns_of: impl FnOnce(&[usize]) -> Vec<Vec<f64>>) {
        let mut kept = Vec::new();
        let mut places = Vec::new();
        let mut passed = 0;
        let mut held = self.len();
        while let Some(next) = self.reservoir.next(rows - passed) {
            kept.push(passed + next);
            passed += next + 1;
            places.push(self.reservoir.place(held).unwrap_or_else(|| {
                held += 1;
                held - 1
            }));
        }
        self.offered += rows as u64;
        if kept.is_empty() || self.columns == 0 {
            return;
        }
        self.values.resize(held * self.columns, f64::NAN);
        for (column, values) in columns_of(&kept).into_iter().take(self.columns).enumerate() {
            for (place, value) in places.iter().zip(values) {
                self.values[place * self.columns + column] = if value.is_finite() { value } else { f64::NAN };
            }
        }
    }

    /// Takes in another sample of the same columns, as if its rows had been offered to this one.
    pub fn merge(&mut self, other: &Self) {
        if self.columns != other.columns || other.offered == 0 {
            return;
        }
        let kept = self
            .reservoir
            .joined((self.len(), self.offered), (other.len(), other.offered));
        let mut values = Vec::with_capacity(kept.len() * self.columns);
        for from in kept {
            let (sample, place) = match from {
                FromSample::First(place) => (&*self, place),
                FromSample::Second(place) => (other, place),
            };
            values.extend_from_slice(&sample.values[place * self.columns..][..self.columns]);
        }
        self.values = values;
        self.offered += other.offered;
        self.reservoir.restart(self.len(), self.offered);
    }

    /// How many columns a row has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows were kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or_default()
    }

    /// Whether no row was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The most rows it keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.reservoir.capacity()
    }

    /// How many rows were offered.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// The rows that were kept, in no order, with NaN for what has no value.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.max(1))
    }
}
