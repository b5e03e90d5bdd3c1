//! Counts one column of arrays on that column's bins.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, StringViewArray, UInt64Array, cast::AsArray as _};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::take::take;
use modelwatch_drift::baseline::{CategoricalBins, CategoricalCounts, Counts, NumericCounts};

use super::by_edge::ByEdge;
use super::by_view::ByView;
use crate::engine::{Bins, ColumnCounts, NumberText, type_in_words};

/// Counts arrays of one column.
#[derive(Clone, Debug)]
pub(super) struct ColumnCounter {
    bins: Arc<Bins>,
    by_edge: Option<Arc<ByEdge>>,
}

impl ColumnCounter {
    pub(super) fn new(bins: &Bins) -> Self {
        let by_edge = match bins {
            Bins::Numeric(bins) => Some(Arc::new(ByEdge::new(bins.edges()))),
            Bins::Categorical(_) => None,
        };
        Self {
            bins: Arc::new(bins.clone()),
            by_edge,
        }
    }

    pub(super) fn start(&self) -> ColumnCounts {
        ColumnCounts::new(&self.bins)
    }

    pub(super) fn count(&self, array: &ArrayRef, into: &mut ColumnCounts) {
        let before = into.other_type;
        self.count_values(array, into);
        if into.other_type > before && into.found_type.is_none() {
            into.found_type = Some(type_in_words(array.data_type()));
        }
    }

    fn count_values(&self, array: &ArrayRef, into: &mut ColumnCounts) {
        match (&*self.bins, &self.by_edge, &mut into.counts) {
            (Bins::Numeric(_), Some(by_edge), Counts::Numeric(counts)) => {
                into.other_type += numbers(by_edge, array, counts);
            }
            (Bins::Categorical(bins), _, Counts::Categorical(counts)) => match texts(array) {
                Some(texts) => categories(bins, &texts, counts),
                None => {
                    counts.missing += array.len() as u64;
                    into.other_type += present(array);
                }
            },
            // `start` made counts of the bins' own kind.
            _ => {}
        }
    }
}

fn categories(bins: &CategoricalBins, texts: &StringViewArray, counts: &mut CategoricalCounts) {
    /// Stands for a category without its own name.
    const UNNAMED: u32 = u32::MAX;
    let mut by_view = ByView::default();
    for (view, text) in texts.views().iter().zip(texts) {
        let place = text.map_or(UNNAMED, |text| {
            by_view.get(*view, || bins.place(text).map_or(UNNAMED, |place| place as u32))
        });
        match counts.named.get_mut(place as usize) {
            Some(rows) => *rows += 1,
            None => counts.add(bins, text),
        }
    }
}

/// Counts numbers, and texts that are numbers. Returns how many values are neither.
fn numbers(by_edge: &ByEdge, array: &ArrayRef, counts: &mut NumericCounts) -> u64 {
    if is_text(array.data_type()) {
        let Some(texts) = texts(array) else {
            counts.missing += array.len() as u64;
            return present(array);
        };
        let mut other_type = 0;
        let mut numbers = Vec::with_capacity(texts.len());
        for text in &texts {
            let number = text.map_or(NumberText::NoValue, NumberText::of);
            other_type += u64::from(number == NumberText::NoNumber);
            numbers.push(number.number());
        }
        let numbers = Float64Array::from(numbers);
        doubles(by_edge, &numbers, counts);
        return other_type;
    }
    if is_number(array.data_type())
        && let Ok(numbers) = cast(array, &DataType::Float64)
    {
        doubles(by_edge, numbers.as_primitive::<Float64Type>(), counts);
        return 0;
    }
    counts.missing += array.len() as u64;
    present(array)
}

fn doubles(by_edge: &ByEdge, values: &Float64Array, counts: &mut NumericCounts) {
    // One place per bin, one below, one above, and one for missing values.
    let mut places = vec![0_u64; by_edge.places() + 1];
    let present: Vec<f64>;
    let numbers: &[f64] = match values.null_count() {
        0 => {
            counts.sample.offer_all(values.values());
            values.values()
        }
        missing => {
            present = values.iter().flatten().collect();
            present.iter().for_each(|value| counts.sample.offer_one(*value));
            places[by_edge.places()] = missing as u64;
            &present
        }
    };
    by_edge.count(numbers, &mut places);
    let reach = reach(numbers);
    if let [below, bins @ .., above, missing] = places.as_slice() {
        counts.below += below;
        counts.above += above;
        counts.missing += missing;
        counts.bins.iter_mut().zip(bins).for_each(|(bin, rows)| *bin += rows);
    }
    if reach.0 <= reach.1 {
        counts.least = Some(counts.least.map_or(reach.0, |least| least.min(reach.0)));
        counts.largest = Some(counts.largest.map_or(reach.1, |largest| largest.max(reach.1)));
    }
}

/// Returns the smallest and the largest finite number; swapped infinities if there are none.
fn reach(numbers: &[f64]) -> (f64, f64) {
    // In lanes, which one instruction compares.
    let mut lanes = [(f64::INFINITY, f64::NEG_INFINITY); 8];
    let mut widen = |lane: usize, value: f64| {
        let (least, largest) = &mut lanes[lane];
        // A comparison with NaN is false.
        *least = if value < *least && value > f64::NEG_INFINITY {
            value
        } else {
            *least
        };
        *largest = if value > *largest && value < f64::INFINITY {
            value
        } else {
            *largest
        };
    };
    let chunks = numbers.chunks_exact(8);
    chunks.remainder().iter().for_each(|value| widen(0, *value));
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(lane, value)| widen(lane, *value));
    }
    lanes
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |reach, lane| {
            (reach.0.min(lane.0), reach.1.max(lane.1))
        })
}

/// Returns the numbers of some rows, with NaN where there is none.
pub(super) fn numbers_at(array: &ArrayRef, rows: &UInt64Array) -> Vec<f64> {
    let none = || vec![f64::NAN; rows.len()];
    let Ok(taken) = take(array, rows, None) else {
        return none();
    };
    if is_text(taken.data_type()) {
        let number = |text: Option<&str>| text.map_or(NumberText::NoValue, NumberText::of).number();
        return texts(&taken).map_or_else(none, |texts| {
            texts.iter().map(|text| number(text).unwrap_or(f64::NAN)).collect()
        });
    }
    match cast(&taken, &DataType::Float64) {
        Ok(numbers) if is_number(taken.data_type()) => {
            let numbers = numbers.as_primitive::<Float64Type>().iter();
            numbers.map(|number| number.unwrap_or(f64::NAN)).collect()
        }
        _ => none(),
    }
}

/// Returns the values as texts if they convert without loss.
pub(crate) fn texts(array: &ArrayRef) -> Option<StringViewArray> {
    let has = array.data_type();
    if !is_text(has) && !is_number(has) {
        return None;
    }
    // A file's dictionary may hold any type with an order; it is text only if its values are.
    let texts = cast(array, &DataType::Utf8View).ok()?;
    texts.as_string_view_opt().cloned()
}

fn present(array: &ArrayRef) -> u64 {
    (array.len() - array.logical_null_count()) as u64
}

/// Returns whether the values are texts.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => other.is_string() || matches!(other, DataType::Null),
    }
}

/// Returns whether the values are numbers, booleans included.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric() || matches!(other, DataType::Boolean),
    }
}
