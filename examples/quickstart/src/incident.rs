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
}

/// How much longer a slow canary takes.
pub const DELAY: Duration = Duration::from_millis(400);
/// The feature an upstream forgets to send.
pub const FORGOTTEN: &str = "temp";

impl Kind {
    /// What happens, for the table.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::CanaryErrors => "half of the canary's answers are a 500",
            Self::CanarySlow => "the canary takes 400 ms longer",
            Self::FeatureMissing => "a third of the requests come without temp",
        }
    }
}

/// What is broken, if anything: all that hold a clone see it break and be mended.
#[derive(Clone, Debug, Default)]
pub struct Incident(Arc<Mutex<Option<(Kind, Instant)>>>);

impl Incident {
    /// Begins then.
    #[must_use]
    pub fn at(kind: Kind, begins: Instant) -> Self {
        Self(Arc::new(Mutex::new(Some((kind, begins)))))
    }

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

    /// Breaks this, from now on, in the place of anything else.
    pub fn start(&self, kind: Kind) {
        *self.state() = Some((kind, Instant::now()));
    }

    /// Nothing is broken any more, or will be.
    pub fn mend(&self) {
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
    fn every_clone_sees_it_break_and_be_mended() {
        let incident = Incident::at(Kind::CanarySlow, Instant::now() + Duration::from_hours(1));
        let service = incident.clone();
        assert_eq!(service.now(), None, "it begins in an hour");
        incident.start(Kind::FeatureMissing);
        assert_eq!(service.now(), Some(Kind::FeatureMissing));
        incident.mend();
        assert_eq!(service.now(), None);
    }
}
