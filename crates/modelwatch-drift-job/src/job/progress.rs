//! Tells how far a run is.

use std::fmt;
use std::sync::Arc;

use crate::time_window::TimeWindow;

/// Reports the progress of the runs of a [`DriftJob`](crate::DriftJob), whose example has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriftProgress {
    /// The rows of a window are being counted: the window that was asked for, after those before it that a rule for drift in a
    /// row needs or that a report shows.
    Counting {
        /// The model.
        model: String,
        /// The window.
        window: TimeWindow,
        /// The number of windows counted so far in this run.
        done: usize,
        /// The number of windows of this run.
        of: usize,
    },
}

type Tell = dyn Fn(&DriftProgress) + Send + Sync;

/// Whom to tell, if anyone.
#[derive(Clone, Default)]
pub(super) struct Listener(Option<Arc<Tell>>);

impl Listener {
    pub(super) fn new(tell: impl Fn(&DriftProgress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self, progress: &DriftProgress) {
        if let Some(tell) = &self.0 {
            tell(progress);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.is_some()).finish()
    }
}
