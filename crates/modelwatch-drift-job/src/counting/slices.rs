//! Splits a query's columns into slices, each counted separately.
//!
//! A reader holds a page of each column that it reads, so a table of a thousand columns takes a gigabyte at once, and a
//! file with one row group keeps only one thread busy. Parquet stores columns separately: reading some and then the
//! others takes no longer, and gives the same counts.

use std::sync::Arc;

use modelwatch_drift::sketch::RowSample;

use super::rows::{RowCounter, Rows};

/// The maximum size, in bytes, of a slice's columns while they are read.
const MOST_BYTES: u64 = 1 << 24;
/// Slices have at least this many columns each, so that a column that every slice reads again (times, group values)
/// stays a small part.
const FEWEST_COLUMNS: usize = 8;

/// Holds the counters of a query's columns, and how to join their counts.
#[derive(Debug)]
pub(crate) struct Slices {
    whole: Arc<RowCounter>,
    /// Each slice, with the positions of its joint columns among all.
    slices: Vec<(Vec<usize>, Arc<RowCounter>)>,
}

impl Slices {
    /// Creates enough slices for the bytes in memory, and at least `fewest` if there are enough columns. `bytes`
    /// returns the size of a column. `rereads` says whether each slice also reads a column of times.
    pub(crate) fn new(counter: &Arc<RowCounter>, fewest: usize, rereads: bool, bytes: impl Fn(&str) -> u64) -> Self {
        // Caps the size, because a footer may claim anything.
        let bytes: Vec<u64> = counter.columns().map(|name| bytes(name).clamp(1, 1 << 40)).collect();
        let all: u64 = bytes.iter().sum();
        let again = usize::from(rereads) + counter.groups();
        let most = match again {
            0 => bytes.len(),
            again => bytes.len() / (FEWEST_COLUMNS * again),
        };
        let slices = (all.div_ceil(MOST_BYTES) as usize).max(fewest).min(most).max(1);
        let mut before = 0;
        let slice_of = bytes.iter().map(|bytes| {
            let slice = u128::from(before) * slices as u128 / u128::from(all);
            before += bytes;
            slice as usize
        });
        let slice_of: Vec<usize> = slice_of.collect();
        Self {
            whole: counter.clone(),
            slices: match slices {
                1 => vec![((0..counter.joint()).collect(), counter.clone())],
                _ => counter
                    .split(&slice_of)
                    .into_iter()
                    .map(|(places, counter)| (places, Arc::new(counter)))
                    .collect(),
            },
        }
    }

    pub(crate) fn counters(&self) -> impl ExactSizeIterator<Item = &Arc<RowCounter>> {
        self.slices.iter().map(|(_, counter)| counter)
    }

    /// Joins the counts of all slices, in their order. They must be of the same rows.
    pub(crate) fn side_by_side(&self, counted: Vec<Rows>) -> Rows {
        let mut rows = self.whole.start_empty();
        let mut samples: Vec<(Vec<usize>, RowSample)> = Vec::with_capacity(counted.len());
        for ((places, _), counted) in self.slices.iter().zip(counted) {
            let sample = rows.take_columns(counted);
            samples.push((places.clone(), sample));
        }
        rows.take_sample(&samples);
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use modelwatch_drift::baseline::NumericBins;

    use super::{RowCounter, Rows, Slices};
    use crate::engine::{Bins, Column, GroupBy, WindowCounts, WindowQuery};

    const COLUMNS: u32 = 20;

    fn name(column: u32) -> String {
        format!("feature.f{column}")
    }

    /// More rows than a sample keeps, some without a value, in groups.
    fn batches() -> Vec<RecordBatch> {
        let batch = |first: u32| {
            let rows = first..first + 5_000;
            let numbers = (0..COLUMNS).map(|column| {
                let value = |row: u32| (!(row + column).is_multiple_of(7)).then(|| f64::from(row * (column + 3) % 997));
                let values: Float64Array = rows.clone().map(value).collect();
                (name(column), Arc::new(values) as ArrayRef)
            });
            let country: StringArray = rows
                .clone()
                .map(|row| Some(["de", "fr", "it"][row as usize % 3]))
                .collect();
            let country = ("feature.country".to_owned(), Arc::new(country) as ArrayRef);
            RecordBatch::try_from_iter(numbers.chain([country])).expect("a batch")
        };
        [0, 5_000, 10_000].map(batch).into()
    }

    fn query(groups: Vec<GroupBy>) -> WindowQuery {
        let edges: Vec<f64> = (0..100).map(f64::from).collect();
        let bins = Bins::Numeric(NumericBins::from_sorted("f", &edges).expect("bins"));
        let column = |column| Column {
            name: name(column),
            bins: bins.clone(),
        };
        WindowQuery {
            model: "m".into(),
            window: None,
            columns: (0..COLUMNS).map(column).collect(),
            groups,
            // In another order than the columns, one of them nowhere, one not counted.
            joint: [
                name(17),
                name(2),
                "feature.none".into(),
                name(9),
                "feature.country".into(),
            ]
            .into(),
        }
    }

    fn counted(counter: &RowCounter) -> Rows {
        let mut rows = counter.start();
        for batch in batches() {
            counter.count(&batch, &mut rows).expect("counts");
        }
        rows
    }

    fn bits(counts: &WindowCounts) -> Vec<Vec<u64>> {
        let sample = counts.joint.as_ref().expect("a sample");
        sample
            .rows()
            .map(|row| row.iter().map(|value| value.to_bits()).collect())
            .collect()
    }

    fn check(groups: Vec<GroupBy>, fewest: usize, slices: usize) {
        let counter = Arc::new(RowCounter::new(&query(groups)));
        let whole = counted(&counter).into_counts();
        let sliced = Slices::new(&counter, fewest, false, |_| 1);
        assert_eq!(sliced.counters().len(), slices);
        let of_slices = sliced.counters().map(|counter| counted(counter)).collect();
        let together = sliced.side_by_side(of_slices).into_counts();
        assert_eq!(together.rows, whole.rows);
        assert_eq!(together.columns, whole.columns);
        assert_eq!(together.groups, whole.groups);
        assert_eq!(bits(&together), bits(&whole));
    }

    /// Counts, groups and the sample of rows are the same, to the bit, in however many slices.
    #[test]
    fn counts_alike_when_columns_are_sliced() {
        for slices in [1, 2, 3, 7, 20] {
            check(Vec::new(), slices, slices);
        }
        let by_country = GroupBy {
            column: "feature.country".into(),
            values: None,
        };
        // Each slice reads the countries again, so there are no more than pay.
        check(vec![by_country], 20, 2);
    }

    /// Bytes in memory ask for slices, and what a footer says of them may be anything.
    #[test]
    fn slices_when_columns_do_not_fit() {
        let counter = Arc::new(RowCounter::new(&query(Vec::new())));
        for (bytes, slices) in [(0, 1), (1 << 19, 1), (1 << 22, 5), (1 << 24, 20), (u64::MAX, 20)] {
            let sliced = Slices::new(&counter, 1, false, |_| bytes);
            assert_eq!(sliced.counters().len(), slices, "{bytes} bytes a column");
        }
    }
}
