//! Limits the duration of a run.

use std::time::{Duration, Instant};

use super::error::PerformanceError;

/// Limits the duration of a run. Check it wherever a run may take long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// Creates a deadline `timeout` from now; `None` for no deadline.
    pub(super) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Some((Instant::now().checked_add(timeout)?, timeout))))
    }

    /// Waits for a future until the deadline.
    pub(super) async fn within<T>(&self, something: impl Future<Output = T>) -> Result<T, PerformanceError> {
        match self.0 {
            None => Ok(something.await),
            Some((until, timeout)) => tokio::time::timeout_at(until.into(), something)
                .await
                .map_err(|_| PerformanceError::Timeout(timeout)),
        }
    }

    pub(super) fn check(&self) -> Result<(), PerformanceError> {
        match self.0 {
            Some((until, timeout)) if Instant::now() >= until => Err(PerformanceError::Timeout(timeout)),
            _ => Ok(()),
        }
    }
}
