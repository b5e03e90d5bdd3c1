//! Finds the bin of a number without searching all edges.

/// Divides the range between the first and the last edge into slots of equal width, each with its edges. One
/// multiplication leads to the few edges that a value must be compared with. Searching all of them took two thirds of a
/// query.
#[derive(Debug)]
pub(super) struct ByEdge {
    edges: Vec<f64>,
    first: f64,
    scale: f64,
    /// For each slot, the number of edges in earlier slots; at the end, the number of all edges.
    before: Vec<u32>,
    /// The maximum number of edges in one slot.
    most: usize,
}

const SLOTS: usize = 2_048;
/// A slot with more edges than this gets a binary search.
const FEW: usize = 8;

impl ByEdge {
    pub(super) fn new(edges: &[f64]) -> Self {
        let first = edges.first().copied().unwrap_or_default();
        let last = edges.last().copied().unwrap_or_default();
        let mut sort = Self {
            edges: edges.to_vec(),
            first,
            scale: SLOTS as f64 / (last - first),
            before: Vec::new(),
            most: 0,
        };
        let before = |slot| edges.partition_point(|edge| sort.slot(*edge) < slot);
        sort.before = (0..=SLOTS).map(|slot| before(slot) as u32).collect();
        sort.most = (sort.before.windows(2).map(|pair| (pair[1] - pair[0]) as usize))
            .max()
            .unwrap_or_default();
        // No value is above NaN, so reading a few edges past the end is harmless.
        sort.edges.extend([f64::NAN; FEW]);
        sort
    }

    /// Returns the number of places: below the first edge, between the edges, and above the last.
    pub(super) fn places(&self) -> usize {
        self.edges.len() - FEW + 1
    }

    /// Returns the slot of a value, never smaller for a larger value even after rounding: so only the edges of a
    /// value's own slot can lie on either side of it. NaN goes into the first slot.
    #[inline]
    fn slot(&self, value: f64) -> usize {
        (((value - self.first) * self.scale) as usize).min(SLOTS - 1)
    }

    /// Counts values by place. NaN goes into the extra place after the last.
    pub(super) fn count(&self, values: &[f64], places: &mut [u64]) {
        match self.most {
            0..=1 => self.count_by(values, places, |from, value| self.place_of_few::<1>(from, value)),
            2 => self.count_by(values, places, |from, value| self.place_of_few::<2>(from, value)),
            3..=4 => self.count_by(values, places, |from, value| self.place_of_few::<4>(from, value)),
            5..=FEW => self.count_by(values, places, |from, value| self.place_of_few::<FEW>(from, value)),
            _ => self.count_by(values, places, |slot, value| self.place_of_many(slot, value)),
        }
    }

    #[inline]
    fn count_by(&self, values: &[f64], places: &mut [u64], place: impl Fn(usize, f64) -> usize) {
        for value in values {
            let place = match value.is_nan() {
                true => self.places(),
                false => place(self.slot(*value), *value),
            };
            places[place] += 1;
        }
    }

    /// Returns how many edges are at or below a number, in a slot with at most `MOST` edges. It may look at edges of
    /// later slots, too: they are above the number, and comparing costs less than asking how many there are.
    #[inline]
    fn place_of_few<const MOST: usize>(&self, slot: usize, value: f64) -> usize {
        let from = self.before[slot] as usize;
        let below = self.edges[from..from + MOST]
            .iter()
            .map(|edge| usize::from(*edge <= value));
        from + below.sum::<usize>()
    }

    /// Same, by a search within the slot.
    fn place_of_many(&self, slot: usize, value: f64) -> usize {
        let (from, to) = (self.before[slot] as usize, self.before[slot + 1] as usize);
        from + self.edges[from..to].partition_point(|edge| *edge <= value)
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
        /// A value is where a search among all edges finds it.
        #[test]
        fn finds_place_of_value_when_edges_are_any(
            edges in prop::collection::vec(double(), 2..600),
            values in prop::collection::vec(double(), 1..200),
        ) {
            let mut edges: Vec<_> = edges.into_iter().filter(|edge| edge.is_finite()).collect();
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            prop_assume!(edges.len() >= 2);
            let sort = ByEdge::new(&edges);
            for value in values.iter().chain(&edges) {
                let mut places = vec![0; sort.places() + 1];
                sort.count(&[*value], &mut places);
                let expected = match value.is_nan() {
                    true => sort.places(),
                    false => edges.partition_point(|edge| edge <= value),
                };
                prop_assert_eq!(places.iter().position(|rows| *rows == 1), Some(expected), "{} among {:?}", value, edges);
            }
        }
    }
}
