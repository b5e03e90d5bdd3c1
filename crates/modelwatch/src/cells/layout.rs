//! Where a histogram counts a value: one cell for classic and native buckets alike.
//!
//! The edges of the classic buckets and of the native (exponential) ones are merged into one partition of the number
//! line, so that one addition to one cell is an observation in both, and both are exact when they are read.
//!
//! Native buckets have schema 3: eight to each doubling, so an interpolated quantile is off by less than 9 % at worst
//! and about 2 % as a rule. They span a range of powers of two; smaller values are in the zero bucket and larger ones in the
//! bucket that ends at infinity, so a quantile outside the range is never mistaken for one inside it.

/// Eight native buckets for each power of two.
pub(crate) const NATIVE_SCHEMA: i32 = 3;
const PER_OCTAVE: i32 = 1 << NATIVE_SCHEMA;
/// The native bucket that ends at infinity: one past the bucket that ends at the largest `f64`.
const NATIVE_OVERFLOW: i32 = 1024 * PER_OCTAVE + 1;
/// Upper bounds of the native buckets within [0.5, 1), as Prometheus has them in its source.
const NATIVE_FRACTIONS: [f64; PER_OCTAVE as usize] = [
    0.5,
    0.5452538663326288,
    0.5946035575013605,
    0.6484197773255048,
    0.7071067811865475,
    0.7711054127039704,
    0.8408964152537144,
    0.9170040432046711,
];

/// The next larger number to one that is finite and positive.
fn next_up(number: f64) -> f64 {
    f64::from_bits(number.to_bits() + 1)
}

/// Upper bound of the native bucket with this index.
fn native_bound(index: i32) -> f64 {
    NATIVE_FRACTIONS[index.rem_euclid(PER_OCTAVE) as usize] * 2f64.powi(index.div_euclid(PER_OCTAVE) + 1)
}

/// The native bucket a cell belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Native {
    Zero,
    Positive(i32),
    Negative(i32),
}

#[derive(Debug)]
pub(crate) struct Layout {
    /// Upper bound of each cell but the last, inclusive, in recorded units, increasing.
    edges: Box<[f64]>,
    /// For positive values, by key: exponent and the top four bits of the mantissa.
    slots: Box<[Slot]>,
    /// The key of `slots[0]`.
    first_key: u64,
    /// The cell of every positive value below that key, if they have one cell.
    smallest: Option<u16>,
    /// The native bucket of each cell.
    native: Box<[Native]>,
    /// Upper bound of each classic bucket, in exposed units.
    bounds: Box<[f64]>,
    /// For each classic bucket, the number of cells at or below its bound.
    ends: Box<[u16]>,
    /// `le="0.01"}` and so on for each classic bucket and `+Inf`, ready to be written.
    les: Box<[Le]>,
    /// Recorded units in an exposed one.
    per_unit: f64,
    zero_threshold: f64,
}

/// Bits of a float below its key: the key is the exponent and the top four bits of the mantissa.
const BELOW_KEY: u32 = 48;

#[inline]
fn key(value: f64) -> u64 {
    value.to_bits() >> BELOW_KEY
}

/// Where the values of one key may be counted.
#[derive(Debug)]
struct Slot {
    /// The bits of the first edges that a value of this key may be above, with those of infinity for edges it lacks. Both are
    /// compared, so that there is no branch to be foretold wrongly. Bits of positive floats are in the order of the floats, and a
    /// processor compares whole numbers sooner.
    edges: [u64; 2],
    /// The cell of a value that is above neither.
    first: u16,
    /// There are further edges.
    more: bool,
}

impl Layout {
    /// For durations, recorded in nanoseconds and exposed in seconds: native buckets from 31 µs to 512 s, or to the power
    /// of two that the largest bound needs. As in all of these, the native ones are there where they are wanted.
    pub(crate) fn durations(bounds: &[f64], native: bool) -> Self {
        let largest = bounds.last().copied().unwrap_or_default().max(512.0);
        Self::new(bounds, native, -15, (largest.log2().ceil() as i32).min(1022), 1e9)
    }

    /// For values of any size and sign: native buckets over the 14 powers of two that end at twice the largest bound.
    /// Negative values have native buckets of their own only where a bound is negative.
    pub(crate) fn values(bounds: &[f64], native: bool) -> Self {
        let largest = bounds.iter().fold(0.0, |largest: f64, bound| largest.max(bound.abs()));
        let top = if largest > 0.0 {
            largest.log2().ceil() as i32 + 1
        } else {
            1
        };
        Self::new(bounds, native, (top - 14).max(-1020), top.min(1022), 1.0)
    }

    /// For counts of rows: native buckets from 1 to 65,536.
    pub(crate) fn counts(bounds: &[f64], native: bool) -> Self {
        Self::new(bounds, native, -1, 16, 1.0)
    }

    /// For counts of tokens: native buckets from 1 to 67,108,864.
    pub(crate) fn tokens(bounds: &[f64], native: bool) -> Self {
        Self::new(bounds, native, -1, 26, 1.0)
    }

    /// `bounds` are finite and increasing; native buckets, if there are any, span 2^`low` to 2^`high` exposed units.
    fn new(bounds: &[f64], native: bool, low: i32, high: i32, per_unit: f64) -> Self {
        let recorded = |bound: f64| bound * per_unit;
        let negative = bounds.first().is_some_and(|bound| *bound < 0.0);
        // Upper edges with the native bucket that ends there. A negative bucket includes its lower bound and not
        // its upper one, so its last value is the one before.
        let mut ends: Vec<(f64, Native)> = Vec::new();
        if negative {
            let upper = |index| next_up(native_bound(index - 1));
            let indices = (low * PER_OCTAVE + 1..=high * PER_OCTAVE).rev();
            ends.push((
                -recorded(next_up(native_bound(high * PER_OCTAVE))),
                Native::Negative(NATIVE_OVERFLOW),
            ));
            ends.extend(indices.map(|index| (-recorded(upper(index)), Native::Negative(index))));
        } else {
            let upper = next_up(native_bound(low * PER_OCTAVE));
            ends.push((-recorded(upper), Native::Negative(NATIVE_OVERFLOW)));
        }
        let zero_threshold = native_bound(low * PER_OCTAVE);
        ends.push((recorded(zero_threshold), Native::Zero));
        ends.extend(
            (low * PER_OCTAVE + 1..=high * PER_OCTAVE)
                .map(|index| (recorded(native_bound(index)), Native::Positive(index))),
        );

        if !native {
            ends.clear();
        }

        // A duration is a whole number of nanoseconds: a classic bound is one too, and is met exactly.
        let classic: Vec<f64> = bounds
            .iter()
            .map(|bound| {
                if per_unit == 1.0 {
                    *bound
                } else {
                    recorded(*bound).round()
                }
            })
            .collect();
        let mut edges: Vec<f64> = classic
            .iter()
            .copied()
            .chain(ends.iter().map(|(edge, _)| *edge))
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();

        let native = edges
            .iter()
            .map(|edge| {
                let bucket = ends.partition_point(|(end, _)| end < edge);
                ends.get(bucket)
                    .map_or(Native::Positive(NATIVE_OVERFLOW), |(_, native)| *native)
            })
            .chain([Native::Positive(NATIVE_OVERFLOW)])
            .collect();
        let at_or_below = |bound: &f64| edges.partition_point(|edge| edge <= bound) as u16;
        let first_key = key(recorded(zero_threshold));
        let positive = edges.partition_point(|edge| *edge <= 0.0);
        let has_smaller = edges.get(positive).is_some_and(|edge| key(*edge) < first_key);
        let last_key = key(edges.last().copied().unwrap_or_default().max(recorded(zero_threshold)));
        // Past the key of the largest float are those that are no numbers, and every edge is below them.
        let below =
            |key: u64| edges.partition_point(|edge| edge.to_bits() < key << BELOW_KEY || edge.is_sign_negative());
        let slot = |key: u64| {
            let first = below(key);
            let edges = &edges[first..below(key + 1)];
            let edge = |position: usize| edges.get(position).copied().unwrap_or(f64::INFINITY).to_bits();
            Slot {
                edges: [edge(0), edge(1)],
                first: first as u16,
                more: edges.len() > 2,
            }
        };
        let slots = (first_key..=last_key).map(slot).collect();
        Self {
            ends: classic.iter().map(at_or_below).collect(),
            edges: edges.into(),
            slots,
            first_key,
            smallest: (!has_smaller).then_some(positive as u16),
            native,
            les: bounds.iter().copied().chain([f64::INFINITY]).map(Le::new).collect(),
            bounds: bounds.into(),
            per_unit,
            zero_threshold,
        }
    }

    /// Number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.native.len()
    }

    /// The cell of a value that is not NaN, in recorded units.
    #[inline]
    pub(crate) fn locate(&self, value: f64) -> usize {
        match self.locate_at_once(value) {
            Some(cell) => cell,
            None => self.search(value),
        }
    }

    /// As [`locate`](Self::locate), for nearly every value that is measured. A value that is not finite has no cell here.
    #[inline]
    pub(crate) fn locate_at_once(&self, value: f64) -> Option<usize> {
        // Negative values have keys past the last, as have those that are not finite.
        match self.slots.get(key(value).wrapping_sub(self.first_key) as usize) {
            Some(slot) if !slot.more => {
                let above = |edge| usize::from(value.to_bits() > edge);
                let [first, second] = slot.edges;
                Some(usize::from(slot.first) + above(first) + above(second))
            }
            _ => None,
        }
    }

    /// As [`locate`](Self::locate), for any value.
    #[inline(never)]
    fn search(&self, value: f64) -> usize {
        if value > 0.0 && key(value) < self.first_key {
            if let Some(smallest) = self.smallest {
                return usize::from(smallest);
            }
        }
        self.edges.partition_point(|edge| *edge < value)
    }

    /// Upper bounds of the classic buckets, without infinity, in exposed units.
    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    pub(crate) fn les(&self) -> &[Le] {
        &self.les
    }

    /// A sum of recorded values, in exposed units.
    pub(crate) fn exposed(&self, sum: f64) -> f64 {
        sum / self.per_unit
    }

    pub(crate) fn zero_threshold(&self) -> f64 {
        self.zero_threshold
    }

    /// Cumulative counts of the classic buckets, the last for infinity, in a buffer that may have served before.
    pub(crate) fn cumulate(&self, cells: &[u64], into: &mut Vec<u64>) {
        into.clear();
        into.reserve(self.les.len());
        let (mut rest, mut begin, mut sum) = (cells, 0, 0);
        for end in &self.ends {
            let (own, behind) = rest.split_at(usize::from(end - begin));
            sum += own.iter().sum::<u64>();
            into.push(sum);
            (rest, begin) = (behind, *end);
        }
        into.push(sum + rest.iter().sum::<u64>());
    }

    /// The classic bucket a cell belongs to; that of infinity is one past the last bound.
    #[cfg(feature = "tracing")]
    pub(crate) fn classic(&self, cell: usize) -> usize {
        self.ends.partition_point(|end| usize::from(*end) <= cell)
    }

    /// The native buckets that hold something.
    pub(crate) fn native(&self, cells: &[u64], into: &mut NativeCounts) {
        into.zero = 0;
        into.positive.clear();
        into.negative.clear();
        for (native, count) in self.native.iter().zip(cells).filter(|(_, count)| **count > 0) {
            let (side, index) = match native {
                Native::Zero => {
                    into.zero += count;
                    continue;
                }
                Native::Positive(index) => (&mut into.positive, *index),
                Native::Negative(index) => (&mut into.negative, *index),
            };
            match side.last_mut() {
                Some((last, sum)) if *last == index => *sum += count,
                _ => side.push((index, *count)),
            }
        }
        into.negative.reverse();
    }
}

/// Native buckets with their counts, by increasing index.
#[derive(Debug, Default)]
pub(crate) struct NativeCounts {
    pub(crate) zero: u64,
    pub(crate) positive: Vec<(i32, u64)>,
    pub(crate) negative: Vec<(i32, u64)>,
}

/// Native buckets the way the wire has them: runs of neighbours, and each count as the difference to the one before.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    /// Distance to the end of the span before (of the first: its index), and length.
    pub(crate) spans: Vec<(i32, u32)>,
    /// One for each bucket.
    pub(crate) deltas: Vec<i64>,
}

impl Spans {
    /// Of buckets by increasing index.
    pub(crate) fn of(buckets: &[(i32, u64)]) -> Self {
        let mut spans = Self::default();
        let (mut next, mut before) = (0, 0);
        for (index, count) in buckets {
            match spans.spans.last_mut() {
                Some((_, length)) if *index == next => *length += 1,
                _ => spans.spans.push((index - next, 1)),
            }
            spans.deltas.push(*count as i64 - before);
            (next, before) = (index + 1, *count as i64);
        }
        spans
    }
}

/// A float as both text formats spell it.
pub(crate) fn write_f64(value: f64, into: &mut Vec<u8>) {
    if value.is_nan() {
        into.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        into.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else {
        into.extend_from_slice(dtoa::Buffer::new().format_finite(value).as_bytes());
    }
}

/// The label of a classic bucket as it stands before its count: `le="0.01"} `.
#[derive(Debug)]
pub(crate) struct Le {
    text: [u8; Le::MOST],
    len: usize,
}

impl Le {
    /// What the longest float takes: `le="-2.2250738585072014e-308"} `.
    const MOST: usize = 32;

    fn new(bound: f64) -> Self {
        let mut text = b"le=\"".to_vec();
        write_f64(bound, &mut text);
        text.extend_from_slice(b"\"} ");
        let len = text.len();
        text.resize(Self::MOST, b' ');
        Self {
            text: std::array::from_fn(|at| text[at]),
            len,
        }
    }

    /// Appends it: all of its bytes, which takes no call, and then those behind it are cut off.
    #[inline(always)]
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.text);
        into.truncate(into.len() - (Self::MOST - self.len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_the_cell_whose_edges_enclose_it() {
        let layouts = [
            Layout::durations(crate::contract::buckets::LATENCY_BUCKETS, true),
            Layout::values(crate::contract::buckets::SCORE_BUCKETS, true),
            Layout::values(&[-3.0, -0.5, 0.0, 7.0], true),
            Layout::values(&[], true),
            Layout::counts(crate::contract::buckets::BATCH_SIZE_BUCKETS, true),
            Layout::durations(crate::contract::buckets::LATENCY_BUCKETS, false),
            Layout::values(&[-3.0, -0.5, 0.0, 7.0], false),
            Layout::values(&[], false),
        ];
        for layout in layouts {
            let around = |edge: &f64| [edge.next_down(), *edge, edge.next_up()];
            let extremes = [
                0.0,
                -0.0,
                f64::MAX,
                f64::MIN,
                f64::MIN_POSITIVE,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ];
            for value in layout.edges.iter().flat_map(around).chain(extremes) {
                let cell = layout.locate(value);
                assert!(
                    cell == 0 || layout.edges[cell - 1] < value,
                    "{value} above the edge below"
                );
                assert!(
                    layout.edges.get(cell).is_none_or(|edge| value <= *edge),
                    "{value} under its edge"
                );
            }
        }
    }

    #[test]
    fn native_bounds_are_powers_of_the_eighth_root_of_two() {
        for index in -200..200 {
            let exact = 2f64.powf(f64::from(index) / 8.0);
            assert!((native_bound(index) / exact - 1.0).abs() < 1e-14, "{index}");
        }
    }

    #[test]
    fn cells_at_a_power_of_two_belong_to_the_bucket_that_ends_there() {
        let layout = Layout::values(&[-1.0, 0.0, 1.0], true);
        assert_eq!(layout.native[layout.locate(1.0)], Native::Positive(0));
        assert_eq!(layout.native[layout.locate(1.0f64.next_up())], Native::Positive(1));
        assert_eq!(layout.native[layout.locate(-1.0)], Native::Negative(0));
        assert_eq!(layout.native[layout.locate((-1.0f64).next_down())], Native::Negative(1));
        assert_eq!(layout.native[layout.locate(0.0)], Native::Zero);
        assert_eq!(layout.native[layout.locate(1e9)], Native::Positive(NATIVE_OVERFLOW));
        assert_eq!(layout.native[layout.locate(-1e9)], Native::Negative(NATIVE_OVERFLOW));
    }
}
