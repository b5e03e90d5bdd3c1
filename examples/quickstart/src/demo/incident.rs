//! What breaks, if anything, so that a user sees how it looks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;

/// The incidents there are to switch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Half of the canary's answers are a 500.
    CanaryErrors,
    /// The canary takes longer.
    CanarySlow,
    /// A release of the feature pipeline forgets a feature in some requests.
    FeatureMissing,
    /// A release of the feature pipeline sends a feature in another unit.
    FeatureDrift,
}

/// How much longer a slow canary takes.
pub const DELAY: Duration = Duration::from_millis(400);
/// The feature an upstream forgets to send.
pub const FORGOTTEN: &str = "temp";
/// The feature that comes in kilometres instead of miles.
pub const CONVERTED: &str = "distance";
/// Kilometres of a mile.
pub const KILOMETRES: f64 = 1.609_344;

impl Kind {
    /// What happens, for the table.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::CanaryErrors => "half of the canary's answers are a 500",
            Self::CanarySlow => "the canary takes 400 ms longer",
            Self::FeatureMissing => "a third of the requests come without temp",
            Self::FeatureDrift => "distance comes in kilometres instead of miles",
        }
    }

    /// Whether a release of the feature pipeline is at fault.
    #[must_use]
    pub fn is_of_the_pipeline(self) -> bool {
        matches!(self, Self::FeatureMissing | Self::FeatureDrift)
    }
}

/// What is broken, if anything: all that hold a clone see it break and be fixed.
#[derive(Clone, Debug, Default)]
pub struct Incident(Arc<Mutex<Option<(Kind, Instant)>>>);

impl Incident {
    /// What is broken now.
    #[must_use]
    pub fn now(&self) -> Option<Kind> {
        self.begun().map(|(kind, _)| kind)
    }

    /// What is broken now, and since when.
    #[must_use]
    pub fn begun(&self) -> Option<(Kind, Instant)> {
        self.state().filter(|(_, begins)| Instant::now() >= *begins)
    }

    /// What is to break, and when it begins; nothing when it has begun.
    #[must_use]
    pub fn announced(&self) -> Option<(Kind, Instant)> {
        self.state().filter(|(_, begins)| Instant::now() < *begins)
    }

    /// Breaks this from then on, in the place of anything else.
    pub fn start(&self, kind: Kind, begins: Instant) {
        *self.state() = Some((kind, begins));
    }

    /// Nothing is broken any more, or will be.
    pub fn fix(&self) {
        *self.state() = None;
    }

    fn state(&self) -> MutexGuard<'_, Option<(Kind, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_clone_sees_it_break_and_be_fixed() {
        let incident = Incident::default();
        let service = incident.clone();
        incident.start(Kind::CanarySlow, Instant::now() + Duration::from_hours(1));
        assert_eq!(service.now(), None, "it begins in an hour");
        assert_eq!(service.announced().map(|(kind, _)| kind), Some(Kind::CanarySlow));
        incident.start(Kind::FeatureMissing, Instant::now());
        assert_eq!(service.now(), Some(Kind::FeatureMissing));
        assert_eq!(service.announced(), None);
        incident.fix();
        assert_eq!(service.now(), None);
    }
}
