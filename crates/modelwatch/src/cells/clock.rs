//! The clock that latencies and stages are read from.
//!
//! Reading the system's clock is nine tenths of the cost of a recorded request. Where the system's clock is itself the
//! processor's time stamp counter, that [counter] is read directly, at a third of the cost.
//!
//! [counter]: crate::cells::counter

use std::sync::LazyLock;
use std::time::{self, Duration};

use crate::cells::counter::Counter;

static SOURCE: LazyLock<Source> = LazyLock::new(Source::find);

/// Where moments come from: one source for the life of the process, so that they compare.
enum Source {
    Counter(Counter),
    /// Nanoseconds since then.
    System(time::Instant),
}

impl Source {
    fn find() -> Self {
        Counter::find().map_or_else(|| Self::System(time::Instant::now()), Self::Counter)
    }
}

/// A moment, as its source counts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(u64);

impl Instant {
    /// For what has no beginning.
    pub(crate) const NEVER: Self = Self(0);

    /// Gets ready what the first moment needs, which takes two milliseconds where a counter has to be measured: so
    /// that no request waits for it.
    pub(crate) fn prepare() {
        LazyLock::force(&SOURCE);
    }

    #[inline]
    pub(crate) fn now() -> Self {
        Self(match &*SOURCE {
            Source::Counter(counter) => counter.ticks(),
            Source::System(since) => since.elapsed().as_nanos() as u64,
        })
    }

    /// Nanoseconds from an earlier moment to this one, and none from a later one: less than 292 years of them.
    #[inline]
    pub(crate) fn nanoseconds_since(self, earlier: Self) -> u64 {
        let nanoseconds = match &*SOURCE {
            Source::Counter(counter) => counter.nanoseconds(earlier.0, self.0),
            Source::System(_) => self.0.saturating_sub(earlier.0),
        };
        nanoseconds.min(i64::MAX as u64)
    }

    /// Nanoseconds from this moment to now.
    #[inline]
    pub(crate) fn nanoseconds(self) -> u64 {
        Self::now().nanoseconds_since(self)
    }

    #[inline]
    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_nanos(self.nanoseconds())
    }
}
