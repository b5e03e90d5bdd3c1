//! How much to fetch at a time. A broker counts bytes as it stores them, but memory holds records. Compressed records grow, and
//! their growth is unknown beforehand.

use rskafka::record::RecordAndOffset;

/// The most bytes in memory that one fetch should bring.
pub(super) const MOST: usize = 8 << 20;
/// The bytes to ask for when the growth is unknown, or when no records wait. A larger batch still arrives as a whole.
const LEAST_ASKED: usize = 32 << 10;
/// The most bytes to ask for.
const MOST_ASKED: usize = 1 << 20;
/// The least growth to expect of records.
const GROWTH: usize = 8;
/// The bytes of a record besides its contents.
const OF_RECORD: usize = 200;

/// How many bytes to ask for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fetch {
    asked: usize,
    /// The growth in the last answer.
    growth: usize,
}

impl Default for Fetch {
    fn default() -> Self {
        Self {
            asked: LEAST_ASKED,
            growth: GROWTH,
        }
    }
}

impl Fetch {
    /// Returns the bytes to ask a broker for.
    pub(super) fn bytes(self) -> i32 {
        i32::try_from(self.asked).unwrap_or(i32::MAX)
    }

    /// Returns the bytes of memory to reserve for the answer.
    pub(super) fn room(self) -> usize {
        (self.growth * self.asked).min(MOST)
    }

    /// Learns from the memory that an answer took.
    pub(super) fn brought(&mut self, bytes: usize) {
        if bytes > 0 {
            self.growth = bytes.div_ceil(self.asked).max(GROWTH);
        }
        self.asked = match bytes {
            // A reader at the end of its partition leaves room to readers with records.
            0 => LEAST_ASKED,
            _ if bytes > MOST => (self.asked as u128 * MOST as u128 / bytes as u128) as usize,
            _ if bytes >= self.asked / 2 && 2 * bytes <= MOST => 2 * self.asked,
            _ => self.asked,
        }
        .clamp(LEAST_ASKED / GROWTH, MOST_ASKED);
    }
}

/// The approximate memory of a record.
pub(super) fn bytes_in_memory(RecordAndOffset { record, .. }: &RecordAndOffset) -> usize {
    let of = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    let headers = record.headers.iter().map(|(name, value)| name.len() + value.len());
    OF_RECORD + of(&record.key) + of(&record.value) + headers.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{Fetch, LEAST_ASKED, MOST, MOST_ASKED};

    /// Asks again and again of a partition whose records grow so many times.
    fn settled(growth: usize) -> Fetch {
        let mut fetch = Fetch::default();
        for _ in 0..20 {
            fetch.brought(fetch.asked * growth);
        }
        fetch
    }

    #[test]
    fn asks_for_as_much_as_memory_holds_when_records_grow() {
        for (growth, least, most) in [
            (1, MOST_ASKED, MOST_ASKED),
            (4, MOST_ASKED, MOST_ASKED),
            (20, MOST / 80, MOST / 20),
            (1_000, 4 << 10, MOST / 1_000 + 1),
        ] {
            let asked = settled(growth).asked;
            assert!((least..=most).contains(&asked), "{growth}: {asked}");
            assert!(settled(growth).room() <= MOST);
        }
    }

    #[test]
    fn asks_for_little_when_nothing_waits() {
        let mut fetch = settled(4);
        fetch.brought(0);
        assert_eq!(fetch.asked, LEAST_ASKED);
        // A few records are no reason to ask for more.
        fetch.brought(LEAST_ASKED / 10);
        assert_eq!(fetch.asked, LEAST_ASKED);
    }
}
