//! Which bin a number is in, found without a search among all edges.

/// Slots of equal width between the first edge and the last, each with the edges that lie in it: one multiplication leads
/// to the few edges that a value must be compared with. A search among all of them took two thirds of a query.
#[derive(Debug)]
pub(super) struct ByEdge {
    edges: Vec<f64>,
    first: f64,
    scale: f64,
    /// How many edges lie in earlier slots, for each slot, and at the end how many there are.
    before: Vec<u32>,
    /// The most edges of one slot.
    most: usize,
}

const SLOTS: usize = 2_048;
/// A slot with more edges than this is searched by halves.
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
        // Nothing is above these, so that a few edges from any place on can be looked at.
        sort.edges.extend([f64::NAN; FEW]);
        sort
    }

    /// How many places there are: below the first edge, between the edges, above the last.
    pub(super) fn places(&self) -> usize {
        self.edges.len() - FEW + 1
    }

    /// Never smaller for a larger value, however it is rounded: so only the edges of a value's own slot can be on either side
    /// of it. What is no number is in the first.
    #[inline]
    fn slot(&self, value: f64) -> usize {
        (((value - self.first) * self.scale) as usize).min(SLOTS - 1)
    }

    /// Counts values at their places, NaN at the one behind the last.
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

    /// How many edges are at or below a number, no slot having more edges than are looked at: those of later slots are above it, and
    /// to compare it with them too costs less than to ask how many there are.
    #[inline]
    fn place_of_few<const MOST: usize>(&self, slot: usize, value: f64) -> usize {
        let from = self.before[slot] as usize;
        let below = self.edges[from..from + MOST]
            .iter()
            .map(|edge| usize::from(*edge <= value));
        from + below.sum::<usize>()
    }

    /// The same by a search in the slot.
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
