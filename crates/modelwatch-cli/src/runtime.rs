//! What queries run on.

#[cfg(feature = "drift")]
use std::future::Future;

#[cfg(feature = "drift")]
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Starts the runtime that queries run on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("can't start the runtime: {error}")))
}

/// As many threads as the machine has.
#[cfg(feature = "drift")]
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Waits until this process is told to end. Call it on the runtime.
#[cfg(feature = "drift")]
pub(crate) fn end() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let unheard = |error| Failure::new(format!("can't listen for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
