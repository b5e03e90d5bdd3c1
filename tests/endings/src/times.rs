//! How long things take.

use std::time::Duration;

/// How long the slow pages take before they answer, and between the chunks of a stream.
pub const SLOW: Duration = Duration::from_millis(60);
/// After what a timeout ends a request that would take for ever.
pub const TIMEOUT: Duration = Duration::from_millis(80);
/// Longer than any test waits.
pub const FOR_EVER: Duration = Duration::from_secs(3600);
