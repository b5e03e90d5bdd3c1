//! Spans the time from one moment to another.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Spans the time from the first row to the last.
///
/// [`Baseline`](super::Baseline) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpan {
    /// The time of the earliest row.
    pub from: DateTime<Utc>,
    /// The time of the latest row.
    pub to: DateTime<Utc>,
}
