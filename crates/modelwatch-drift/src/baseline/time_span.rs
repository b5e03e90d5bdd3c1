//! From one time to another.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// From the first row's time to the last's.
///
/// [`Baseline`](super::Baseline) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpan {
    /// The earliest time of a row.
    pub from: DateTime<Utc>,
    /// The latest time of a row.
    pub to: DateTime<Utc>,
}
