//! Decides which items of a stream a uniform sample keeps.

/// Decides which of the offered items to keep, and which ones they replace, so that every item is equally likely to be
/// in the sample. It jumps by random lengths (algorithm L of Li, *Reservoir-Sampling Algorithms of Time Complexity
/// O(n(1 + log(N/n)))*, 1994), so items that are not kept cost no random numbers.
#[derive(Clone, Debug)]
pub(super) struct Reservoir {
    capacity: usize,
    /// The number of items to skip before the next one to keep.
    skip: u64,
    /// The largest rank among the kept items, if every item had a random rank from 0 to 1.
    rank: f64,
    random: u64,
}

impl Reservoir {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            skip: 0,
            rank: 1.0,
            random: 0x9E37_79B9_7F4A_7C15,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the position of the next item to keep among `items` items, and moves past it; `None` if none of them is
    /// kept, and moves past all.
    pub(super) fn next(&mut self, items: usize) -> Option<usize> {
        match usize::try_from(self.skip) {
            Ok(skip) if skip < items => {
                self.skip = 0;
                Some(skip)
            }
            _ => {
                self.skip = self.skip.saturating_sub(items as u64);
                None
            }
        }
    }

    /// Returns the position of the item to replace when `held` items are kept; `None` while there is room.
    pub(super) fn place(&mut self, held: usize) -> Option<usize> {
        if held < self.capacity {
            if held + 1 == self.capacity {
                self.lower_rank();
            }
            return None;
        }
        let place = self.below(self.capacity as u64) as usize;
        self.lower_rank();
        Some(place)
    }

    /// Draws the next rank, and the distance to the item with a lower one.
    fn lower_rank(&mut self) {
        self.rank *= (self.uniform().ln() / self.capacity as f64).exp();
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// Continues as a sample that was offered this many items would.
    pub(super) fn restart(&mut self, held: usize, offered: u64) {
        self.random ^= offered.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        if held < self.capacity {
            self.skip = 0;
            return;
        }
        // The average of the largest of the lowest ranks.
        self.rank = self.capacity as f64 / (offered as f64 + 1.0);
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// Returns the positions that two samples keep together. Each item comes from the first or the second with the
    /// probability that an offered item came from there.
    pub(super) fn joined(&mut self, first: (usize, u64), second: (usize, u64)) -> Vec<FromSample> {
        let all = |from: fn(usize) -> FromSample, held: usize| (0..held).map(from).collect::<Vec<_>>();
        let (mut firsts, mut seconds) = (all(FromSample::First, first.0), all(FromSample::Second, second.0));
        let offered = first.1 + second.1;
        if offered as usize == first.0 + second.0 && offered <= self.capacity as u64 {
            firsts.append(&mut seconds);
            return firsts;
        }
        let (mut of_first, mut of_second) = (first.1, second.1);
        let mut joined = Vec::with_capacity(self.capacity);
        while joined.len() < self.capacity && (!firsts.is_empty() || !seconds.is_empty()) {
            let from_first = match (firsts.is_empty(), seconds.is_empty()) {
                (false, true) => true,
                (true, _) => false,
                (false, false) => self.below((of_first + of_second).max(1)) < of_first,
            };
            let (from, left) = match from_first {
                true => (&mut firsts, &mut of_first),
                false => (&mut seconds, &mut of_second),
            };
            *left = left.saturating_sub(1);
            let place = self.below(from.len() as u64) as usize;
            joined.push(from.swap_remove(place));
        }
        joined
    }

    /// Returns a number from 0 up to but not including `end`, which is not 0. (Lemire's multiplication.)
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.random()) * u128::from(end)) >> 64) as u64
    }

    /// Returns a number above 0 and up to 1.
    fn uniform(&mut self) -> f64 {
        ((self.random() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    /// Splitmix64, always with the same seed: the same items in the same order give the same sample.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

/// Identifies an item of one of two samples by its position.
#[derive(Clone, Copy, Debug)]
pub(super) enum FromSample {
    First(usize),
    Second(usize),
}
