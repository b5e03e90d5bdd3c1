//! One monitor for a whole process, for services that want one line.

use std::sync::LazyLock;

use crate::monitor::Monitor;

static GLOBAL: LazyLock<Monitor> = LazyLock::new(Monitor::new);

/// Returns the process-wide monitor, with the default limits. Libraries and tests are better served by a [`Monitor`] of
/// their own.
///
/// ```
/// modelwatch::global().resolve("claims-risk", "2026-04-01").record_prediction(0.82);
/// ```
#[must_use]
pub fn global() -> &'static Monitor {
    &GLOBAL
}
