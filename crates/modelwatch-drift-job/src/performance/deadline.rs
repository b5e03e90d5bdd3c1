//! Until when a run may take.

use std::time::{Duration, Instant};

use super::error::PerformanceError;

/// Until when a run may take, asked wherever it may take long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// This long from now; without a timeout, never.
    pub(super) fn after(timeout: Option<Duration>) -> Self {
        Self(timeout.and_then(|timeout| Some((Instant::now().checked_add(timeout)?, timeout))))
    }

    /// Waits for something until then.
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
