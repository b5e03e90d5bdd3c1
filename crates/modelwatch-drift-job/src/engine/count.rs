//! The aggregate function that counts a column's values by cell: the only thing a window's query returns.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, ListArray, StringArray, StructArray, UInt64Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use modelwatch_drift::baseline::{CategoricalBins, CategoricalSlot, category_text};
use modelwatch_drift::sketch::{Frequent, Sample};

/// How a column's values are told apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// By sorted edges. Cell 0 is below the first edge, cell i from edge i-1 up to edge i, which the next cell has. Then
    /// comes the cell at and above the last edge, then that of missing values, NaN among them.
    Edges(Vec<f64>),
    /// By name: a cell for each, then one for each group of the values without a name, or one for all where there are no groups,
    /// then that of missing values.
    Names(CategoricalBins),
}

impl Cells {
    /// How many there are, that of missing values included.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Edges(edges) => edges.len() + 2,
            Self::Names(bins) => bins.names().len() + bins.groups().max(1) + 1,
        }
    }

    /// Never: there is always the cell of missing values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The type a column must have, or be cast to.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Edges(_) => DataType::Float64,
            Self::Names(_) => DataType::Utf8View,
        }
    }
}

/// Counts by cell, and the range of the finite numbers; see [`ColumnCounts`].
pub(super) fn count_cells(cells: Cells) -> AggregateUDF {
    AggregateUDF::new_from_impl(CountCells {
        cells: Arc::new(cells),
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug)]
struct CountCells {
    cells: Arc<Cells>,
    signature: Signature,
}

impl PartialEq for CountCells {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells
    }
}

impl Eq for CountCells {}

impl Hash for CountCells {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &*self.cells {
            Cells::Edges(edges) => edges.iter().for_each(|edge| edge.to_bits().hash(state)),
            Cells::Names(bins) => bins.names().hash(state),
        }
    }
}

impl AggregateUDFImpl for CountCells {
    fn name(&self) -> &str {
        "count_cells"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new_struct(args.name, fields(), true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let counts = ColumnCounts::of(&self.cells);
        Ok(match &*self.cells {
            Cells::Edges(edges) => Box::new(Counter {
                sort: ByEdge::new(edges),
                counts,
            }),
            Cells::Names(bins) => Box::new(Counter {
                sort: ByName { bins: bins.clone() },
                counts,
            }),
        })
    }
}

fn item(data_type: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(data_type, false))
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new_list("cells", item(DataType::UInt64), false),
        Field::new("least", DataType::Float64, true),
        Field::new("largest", DataType::Float64, true),
        Field::new_list("sample", item(DataType::Float64), false),
        Field::new("offered", DataType::UInt64, false),
        Field::new("sum", DataType::Float64, false),
        Field::new_list("unnamed", item(DataType::Utf8), false),
        Field::new_list("unnamed_rows", item(DataType::UInt64), false),
        Field::new("unnamed_error", DataType::UInt64, false),
    ])
}

/// What has been counted of one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnCounts {
    /// By cell, as [`Cells`] orders them.
    pub cells: Vec<u64>,
    /// The least finite number there was.
    pub least: Option<f64>,
    /// The largest finite number there was.
    pub largest: Option<f64>,
    /// A sample of the finite numbers.
    pub sample: Sample,
    /// The most frequent of the texts that have no name.
    pub unnamed: Frequent,
}

impl ColumnCounts {
    fn of(cells: &Cells) -> Self {
        Self {
            cells: vec![0; cells.len()],
            ..Self::default()
        }
    }

    /// Reads one row of what the aggregate function returned.
    pub(super) fn read(counts: &StructArray, row: usize) -> Self {
        let number = |column: usize| {
            let numbers = counts.column(column).as_primitive::<Float64Type>();
            numbers.is_valid(row).then(|| numbers.value(row))
        };
        let count = |column: usize| counts.column(column).as_primitive::<UInt64Type>().value(row);
        let list = |column: usize| counts.column(column).as_list::<i32>().value(row);
        let rows = |column: usize| list(column).as_primitive::<UInt64Type>().values().to_vec();
        let sample = list(3).as_primitive::<Float64Type>().values().to_vec();
        let names = list(6);
        let names = names.as_string::<i32>().iter().flatten().map(str::to_owned);
        Self {
            cells: rows(0),
            least: number(1),
            largest: number(2),
            sample: Sample::from_parts(sample, count(4), number(5).unwrap_or_default()),
            unnamed: Frequent::from_parts(names.zip(rows(7)), count(8)),
        }
    }

    fn write(&self) -> ScalarValue {
        let number = |number| -> ArrayRef { Arc::new(Float64Array::from(vec![number])) };
        let count = |count| -> ArrayRef { Arc::new(UInt64Array::from(vec![count])) };
        let list = |values: ArrayRef| -> ArrayRef {
            let of = item(values.data_type().clone());
            Arc::new(ListArray::new(
                of,
                OffsetBuffer::from_lengths([values.len()]),
                values,
                None,
            ))
        };
        let rows = |rows: Vec<u64>| list(Arc::new(UInt64Array::from(rows)));
        let (names, named): (Vec<&str>, Vec<u64>) = self.unnamed.iter().unzip();
        let columns: Vec<ArrayRef> = vec![
            rows(self.cells.clone()),
            number(self.least),
            number(self.largest),
            list(Arc::new(Float64Array::from(self.sample.values().to_vec()))),
            count(self.sample.offered()),
            number(Some(self.sample.sum())),
            list(Arc::new(StringArray::from(names))),
            rows(named),
            count(self.unnamed.error()),
        ];
        ScalarValue::Struct(Arc::new(StructArray::new(fields(), columns, None)))
    }

    /// Adds what was counted elsewhere by the same cells.
    pub(super) fn merge(&mut self, other: &Self) {
        for (total, count) in self.cells.iter_mut().zip(&other.cells) {
            *total += count;
        }
        self.reach(other.least.into_iter().chain(other.largest));
        self.sample.merge(&other.sample);
        self.unnamed.merge(&other.unnamed);
    }

    fn reach(&mut self, values: impl Iterator<Item = f64>) {
        let start = (
            self.least.unwrap_or(f64::INFINITY),
            self.largest.unwrap_or(f64::NEG_INFINITY),
        );
        let widen = |(least, largest): (f64, f64), value: f64| {
            if value.is_finite() {
                (least.min(value), largest.max(value))
            } else {
                (least, largest)
            }
        };
        let (least, largest) = values.fold(start, widen);
        self.least = Some(least).filter(|least| least.is_finite());
        self.largest = Some(largest).filter(|largest| largest.is_finite());
    }
}

trait Sort: fmt::Debug + Send + Sync + 'static {
    fn count(&self, values: &ArrayRef, counts: &mut ColumnCounts) -> Result<()>;
    fn size(&self) -> usize;
}

#[derive(Debug)]
struct Counter<S> {
    sort: S,
    counts: ColumnCounts,
}

impl<S: Sort> Accumulator for Counter<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values
            .iter()
            .try_for_each(|values| self.sort.count(values, &mut self.counts))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.counts.write())
    }

    fn size(&self) -> usize {
        let unnamed: usize = self.counts.unnamed.iter().map(|(name, _)| name.len() + 40).sum();
        let numbers = self.counts.cells.capacity() + self.counts.sample.values().len();
        size_of_val(self) + self.sort.size() + numbers * 8 + unnamed
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.counts.write()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for states in states.iter().filter_map(|states| states.as_struct_opt()) {
            for row in (0..states.len()).filter(|row| states.is_valid(*row)) {
                self.counts.merge(&ColumnCounts::read(states, row));
            }
        }
        Ok(())
    }
}

/// Slots of equal width between the first edge and the last, each with the edges that lie in it: one multiplication leads
/// to the few edges that a value must be compared with. A search among all of them took two thirds of a query.
#[derive(Debug)]
struct ByEdge {
    edges: Vec<f64>,
    scale: f64,
    /// How many edges lie in earlier slots, for each slot, and at the end how many there are.
    before: Vec<u32>,
}

const SLOTS: usize = 2_048;
/// A slot with more edges than this is searched by halves.
const FEW: usize = 8;

impl ByEdge {
    fn new(edges: &[f64]) -> Self {
        let first = edges.first().copied().unwrap_or_default();
        let last = edges.last().copied().unwrap_or_default();
        let mut sort = Self {
            edges: edges.to_vec(),
            scale: SLOTS as f64 / (last - first),
            before: Vec::new(),
        };
        let before = |slot| edges.partition_point(|edge| sort.slot(first, *edge) < slot);
        sort.before = (0..=SLOTS).map(|slot| before(slot) as u32).collect();
        sort
    }

    /// Never smaller for a larger value, however it is rounded: so only the edges of a value's own slot can be on either side
    /// of it. What is no number is in the first.
    #[inline]
    fn slot(&self, first: f64, value: f64) -> usize {
        (((value - first) * self.scale) as usize).min(SLOTS - 1)
    }

    /// How many edges are at or below the value.
    #[inline]
    fn cell(&self, first: f64, value: f64) -> usize {
        let slot = self.slot(first, value);
        let (from, to) = (self.before[slot] as usize, self.before[slot + 1] as usize);
        let within = &self.edges[from..to];
        from + if within.len() <= FEW {
            within.iter().map(|edge| usize::from(*edge <= value)).sum::<usize>()
        } else {
            within.partition_point(|edge| *edge <= value)
        }
    }
}

impl Sort for ByEdge {
    fn count(&self, values: &ArrayRef, counts: &mut ColumnCounts) -> Result<()> {
        let Some(values) = values.as_primitive_opt::<Float64Type>() else {
            return exec_err!("count_cells by edges takes 64-bit floats, not {}", values.data_type());
        };
        let missing = self.edges.len() + 1;
        let first = self.edges.first().copied().unwrap_or_default();
        let place = |value: f64| {
            if value.is_nan() {
                missing
            } else {
                self.cell(first, value)
            }
        };
        if values.null_count() == 0 {
            for value in values.values() {
                counts.cells[place(*value)] += 1;
            }
            counts.reach(values.values().iter().copied());
            counts.sample.offer_all(values.values());
        } else {
            for value in values {
                counts.cells[value.map_or(missing, place)] += 1;
            }
            counts.reach(values.iter().flatten());
            values.iter().flatten().for_each(|value| counts.sample.offer_one(value));
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.edges.capacity() * 8 + self.before.capacity() * 4
    }
}

#[derive(Debug)]
struct ByName {
    bins: CategoricalBins,
}

impl Sort for ByName {
    fn count(&self, values: &ArrayRef, counts: &mut ColumnCounts) -> Result<()> {
        let Some(values) = values.as_string_view_opt() else {
            return exec_err!("count_cells by name takes strings, not {}", values.data_type());
        };
        let unnamed = self.bins.names().len();
        let missing = unnamed + self.bins.groups().max(1);
        for value in values {
            let place = match (self.bins.slot(value), value) {
                (CategoricalSlot::Named(place), _) => place,
                (CategoricalSlot::Missing, _) | (_, None) => missing,
                (slot, Some(text)) => {
                    if let Some(text) = category_text(text) {
                        counts.unnamed.offer(text, 1);
                    }
                    match slot {
                        CategoricalSlot::Other(group) => unnamed + group,
                        _ => unnamed,
                    }
                }
            };
            counts.cells[place] += 1;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let names: usize = self.bins.names().iter().map(String::capacity).sum();
        2 * names + self.bins.names().len() * size_of::<(String, usize)>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ByEdge;

    fn double() -> impl Strategy<Value = f64> {
        let any = any::<u64>().prop_map(f64::from_bits);
        prop_oneof![
            any,
            -3.0..3.0,
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::MAX),
            Just(0.0),
            Just(-0.0)
        ]
    }

    proptest! {
        #[test]
        fn a_value_is_where_a_search_among_all_edges_finds_it(
            edges in prop::collection::vec(double(), 2..600),
            values in prop::collection::vec(double(), 1..200),
        ) {
            let mut edges: Vec<_> = edges.into_iter().filter(|edge| edge.is_finite()).collect();
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            prop_assume!(edges.len() >= 2);
            let sort = ByEdge::new(&edges);
            for value in values.iter().chain(&edges).filter(|value| !value.is_nan()) {
                let expected = edges.partition_point(|edge| edge <= value);
                prop_assert_eq!(sort.cell(edges[0], *value), expected, "{} among {:?}", value, edges);
            }
        }
    }
}
