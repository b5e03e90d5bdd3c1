//! The processor's time stamp counter, where it is a clock.
//!
//! Linux compares the counters of all cores with other clocks and with each other, and counts time by them only where
//! they are steady; where it does, this reads the same counter, without asking the system. Everywhere else there is
//! none.

#[cfg(all(feature = "tsc", target_os = "linux", target_arch = "x86_64"))]
pub(crate) use steady::Counter;

/// There is none here.
#[cfg(not(all(feature = "tsc", target_os = "linux", target_arch = "x86_64")))]
pub(crate) enum Counter {}

#[cfg(not(all(feature = "tsc", target_os = "linux", target_arch = "x86_64")))]
impl Counter {
    pub(crate) fn find() -> Option<Self> {
        None
    }

    pub(crate) fn ticks(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn nanoseconds(&self, _: u64, _: u64) -> u64 {
        match *self {}
    }
}

#[cfg(all(feature = "tsc", target_os = "linux", target_arch = "x86_64"))]
mod steady {
    use std::fs;
    use std::thread;
    use std::time::{Duration, Instant};

    use quanta::Clock;

    const KERNELS_CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    /// Enough for the two clocks to be compared to some twenty millionths.
    const MEASURED_FOR: Duration = Duration::from_millis(1);

    pub(crate) struct Counter {
        clock: Clock,
        /// Nanoseconds of a tick, times 2³².
        scale: u64,
    }

    impl Counter {
        /// Measures how fast the counter is, in about two milliseconds.
        pub(crate) fn find() -> Option<Self> {
            let source = fs::read_to_string(KERNELS_CLOCK).ok()?;
            if source.trim() != "tsc" {
                return None;
            }
            let clock = Clock::new();
            let (began, first) = both(&clock);
            thread::sleep(MEASURED_FOR);
            let (ended, last) = both(&clock);
            let nanoseconds = u64::try_from(ended.duration_since(began).as_nanos()).ok()?;
            let scale = (u128::from(nanoseconds) << 32).checked_div(last.checked_sub(first)?.into())?;
            Some(Self {
                clock,
                scale: u64::try_from(scale).ok()?,
            })
        }

        #[inline]
        pub(crate) fn ticks(&self) -> u64 {
            self.clock.raw()
        }

        /// From one reading to another; none if that came before.
        #[inline]
        pub(crate) fn nanoseconds(&self, earlier: u64, later: u64) -> u64 {
            let ticks = u128::from(later.saturating_sub(earlier));
            ((ticks * u128::from(self.scale)) >> 32) as u64
        }
    }

    /// Both clocks at one moment: the best of several attempts, since the thread may lose its core in any of them. A measurement that
    /// such a pause went into would have every duration wrong for the life of the process, so that of the clock itself is not used.
    fn both(clock: &Clock) -> (Instant, u64) {
        let attempt = || {
            let before = Instant::now();
            let ticks = clock.raw();
            (before.elapsed(), (before, ticks))
        };
        let others = std::iter::repeat_with(attempt).take(15);
        others
            .fold(attempt(), |best, other| if other.0 < best.0 { other } else { best })
            .1
    }
}
