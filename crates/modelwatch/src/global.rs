//! One monitor for a whole process, for services that want one line.

use std::sync::LazyLock;

use crate::exposition::Scrape;
use crate::model::{Model, ModelBuilder};
use crate::monitor::Monitor;

static GLOBAL: LazyLock<Monitor> = LazyLock::new(Monitor::new);

/// The process-wide monitor, with the default limits. Libraries and tests are better served by a [`Monitor`] of
/// their own.
#[must_use]
pub fn global() -> &'static Monitor {
    &GLOBAL
}

/// [`Monitor::model`] of the process-wide monitor.
pub fn model(name: impl Into<String>, version: impl Into<String>) -> ModelBuilder<'static> {
    GLOBAL.model(name, version)
}

/// [`Monitor::resolve`] of the process-wide monitor.
///
/// ```
/// modelwatch::resolve("claims-risk", "2026-04-01").record_prediction(0.82);
/// ```
#[must_use]
pub fn resolve(name: &str, version: &str) -> Model {
    GLOBAL.resolve(name, version)
}

/// [`Monitor::scrape`] of the process-wide monitor.
#[must_use]
pub fn scrape(accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
    GLOBAL.scrape(accept, accept_encoding)
}
