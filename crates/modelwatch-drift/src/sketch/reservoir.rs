//! Which of a stream's items a uniform sample keeps.

/// Says which of the items that are offered are kept, and in whose place, so that each is as likely to be in the sample as any
/// other: jumps of random length (algorithm L of Li, *Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))*, 1994), so
/// that an item that is not kept costs no random number.
#[derive(Clone, Debug)]
pub(super) struct Reservoir {
    capacity: usize,
    /// How many items are passed over before the next that is kept.
    skip: u64,
    /// The largest of the kept items' ranks, were each item given a random one in 0 to 1.
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

    /// The place of the next kept one among so many items; nothing where they are all passed over. Those up to it, or all, are
    /// behind then.
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

    /// Whose place the item takes where so many are held; nothing while there is room.
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

    /// The next rank, and how far the item with a lower one is.
    fn lower_rank(&mut self) {
        self.rank *= (self.uniform().ln() / self.capacity as f64).exp();
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// Goes on where a sample of as many items would be.
    pub(super) fn restart(&mut self, held: usize, offered: u64) {
        self.random ^= offered.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        if held < self.capacity {
            self.skip = 0;
            return;
        }
        // What the largest of the lowest ranks is on average.
        self.rank = self.capacity as f64 / (offered as f64 + 1.0);
        self.skip = (self.uniform().ln() / (-self.rank).ln_1p()) as u64;
    }

    /// The places of what two samples of so many offered items keep together: of the first or the second, as likely as that an
    /// item came of its offers.
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

    /// A number from 0 up to but not including `end`, which is not 0. (Lemire's multiplication.)
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.random()) * u128::from(end)) >> 64) as u64
    }

    /// A number above 0 and up to 1.
    fn uniform(&mut self) -> f64 {
        ((self.random() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    /// Splitmix64: seeded always alike, so that the same items in the same order give the same sample.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

/// An item of one of two samples, by its place there.
#[derive(Clone, Copy, Debug)]
pub(super) enum FromSample {
    First(usize),
    Second(usize),
}
