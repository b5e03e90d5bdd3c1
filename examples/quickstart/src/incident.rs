//! What breaks, if anything, so that a user sees how it looks.

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

/// An incident and when it begins; by default none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incident(Option<(Kind, Instant)>);

impl Incident {
    /// Begins then.
    #[must_use]
    pub fn at(kind: Kind, begins: Instant) -> Self {
        Self(Some((kind, begins)))
    }

    /// What is broken now.
    #[must_use]
    pub fn now(self) -> Option<Kind> {
        self.0
            .filter(|(_, begins)| Instant::now() >= *begins)
            .map(|(kind, _)| kind)
    }
}
