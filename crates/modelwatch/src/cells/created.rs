//! When a series began to count.

use std::time::SystemTime;

/// Seconds since the epoch, not above the true time: enough until 2106, and small enough to be in every series.
///
/// A counter that appears with the value 3 had 0 before; a scraper that knows since when sees the growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Created(u32);

impl Created {
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(since_epoch.map_or(0, |since| u32::try_from(since.as_secs()).unwrap_or(u32::MAX)))
    }

    pub(crate) fn seconds(self) -> u64 {
        self.0.into()
    }
}
