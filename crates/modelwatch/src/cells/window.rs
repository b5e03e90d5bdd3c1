//! The missing ratio over the last minutes, from counters that only grow.
//!
//! Nothing is added to the recording path: now and then the counters are copied (at each scrape, and every few rows
//! where nobody scrapes), at most twenty times a window, and the ratio is that of the growth since the newest copy that is
//! a window old. So it covers the window and at most the gap to the copy before it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const SLICES: u32 = 20;
/// Copies that can be alive at once: the slices, one older than the window, one being made.
const MOST_COPIES: usize = SLICES as usize + 2;

/// Observations and missing ones of one feature, since the start.
pub(crate) type Totals = [u64; 2];

pub(crate) struct Window {
    length: Duration,
    copies: VecDeque<Copy>,
    /// Buffers for further copies, so that making one does not allocate.
    spare: Vec<Vec<Totals>>,
}

struct Copy {
    at: Instant,
    totals: Vec<Totals>,
}

impl Window {
    pub(crate) fn new(length: Duration, now: Instant) -> Self {
        let mut copies = VecDeque::with_capacity(MOST_COPIES);
        copies.push_back(Copy {
            at: now,
            totals: Vec::new(),
        });
        Self {
            length,
            copies,
            spare: Vec::new(),
        }
    }

    /// Makes room for copies of so many features.
    pub(crate) fn reserve(&mut self, features: usize) {
        let buffers = self
            .copies
            .iter_mut()
            .map(|copy| &mut copy.totals)
            .chain(&mut self.spare);
        buffers.for_each(|totals| totals.reserve(features.saturating_sub(totals.len())));
        while self.copies.len() + self.spare.len() < MOST_COPIES {
            self.spare.push(Vec::with_capacity(features));
        }
    }

    /// Whether the last copy is a slice old.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.copies
            .back()
            .is_none_or(|copy| now.saturating_duration_since(copy.at) >= self.length / SLICES)
    }

    /// Keeps a copy of the totals, by feature, and lets go of those no window needs any more.
    pub(crate) fn keep(&mut self, now: Instant, totals: impl FnOnce(&mut Vec<Totals>)) {
        while self.copies.get(1).is_some_and(|second| self.is_past(second, now)) {
            self.spare.extend(self.copies.pop_front().map(|copy| copy.totals));
        }
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        totals(&mut buffer);
        self.copies.push_back(Copy {
            at: now,
            totals: buffer,
        });
    }

    /// What was counted up to a window ago, by feature; a feature that is not in it had not been seen.
    pub(crate) fn base(&self, now: Instant) -> &[Totals] {
        let past = self.copies.iter().rev().find(|copy| self.is_past(copy, now));
        past.or(self.copies.front()).map_or(&[], |copy| &copy.totals)
    }

    fn is_past(&self, copy: &Copy, now: Instant) -> bool {
        now.saturating_duration_since(copy.at) >= self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_the_newest_copy_that_is_a_window_old() {
        let start = Instant::now();
        let mut window = Window::new(Duration::from_secs(300), start);
        for second in 1..=1000u64 {
            let now = start + Duration::from_secs(second);
            if window.is_due(now) {
                window.keep(now, |totals| totals.push([second, 0]));
            }
            let base = window.base(now).first().map_or(0, |[counted, _]| *counted);
            assert!(
                base <= second.saturating_sub(300),
                "{second}: {base} is not a window old"
            );
            assert!(
                base + 315 >= second.max(315),
                "{second}: {base} is older than a window and a slice"
            );
            assert!(window.copies.len() <= MOST_COPIES);
        }
    }
}
