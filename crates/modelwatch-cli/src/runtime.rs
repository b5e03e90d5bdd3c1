//! What queries run on.

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
