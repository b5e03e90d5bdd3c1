//! An outage is told once, and then once a minute as long as it lasts.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

/// Keeps warnings of one kind apart in time.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    last: Option<Instant>,
}

impl Warnings {
    /// Warns if it is time to, and tells whether it did.
    pub(crate) fn warn(&mut self, warn: impl FnOnce()) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= PAUSE);
        if due {
            self.last = Some(Instant::now());
            warn();
        }
        due
    }
}
