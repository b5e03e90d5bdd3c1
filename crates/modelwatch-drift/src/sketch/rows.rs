//! Samples whole rows uniformly.

use super::reservoir::{FromSample, Reservoir};

/// Keeps a uniform sample without replacement of the rows offered, at most [`CAPACITY`](Self::CAPACITY), or fewer if
/// rows are wide. Use it to see how several columns go together.
///
/// While the rows fit, it holds exactly those rows. It takes at most [`MOST_VALUES`](Self::MOST_VALUES) numbers, 8 MiB,
/// for any number of rows.
///
/// [`JointReference`](crate::joint::JointReference) has an example.
#[derive(Clone, Debug)]
pub struct RowSample {
    columns: usize,
    /// The values, row by row, with NaN where a row has no finite value.
    values: Vec<f64>,
    offered: u64,
    reservoir: Reservoir,
}

impl RowSample {
    /// The maximum number of rows kept.
    pub const CAPACITY: usize = 8_192;
    /// The maximum number of values kept.
    pub const MOST_VALUES: usize = 1 << 20;

    /// Creates an empty sample of rows with this many columns.
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

    /// Creates an empty sample of some of this sample's columns. Offered the same rows, it keeps the same ones, so that
    /// [`side_by_side`](Self::side_by_side) can join samples of columns that were read separately.
    #[must_use]
    pub fn of_columns(&self, columns: usize) -> Self {
        Self {
            columns,
            values: Vec::new(),
            offered: 0,
            reservoir: Reservoir::new(self.capacity()),
        }
    }

    /// Joins samples made by [`of_columns`](Self::of_columns) that were offered the same rows. Each comes with the
    /// positions of its columns among all. Columns that no sample has are missing in every row.
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

    /// Offers `rows` rows. `columns_of` receives the positions of the rows to keep and returns their values: one vector
    /// per column, each as long as the positions, with NaN for values that are missing or not finite.
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

    /// Merges in another sample of the same columns, as if its rows had been offered to this one.
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

    /// Returns the number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the number of rows kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or_default()
    }

    /// Returns whether the sample has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns the maximum number of rows that it keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.reservoir.capacity()
    }

    /// Returns the number of rows offered.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.offered
    }

    /// Returns the kept rows, in no particular order, with NaN for missing values.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.max(1))
    }
}
