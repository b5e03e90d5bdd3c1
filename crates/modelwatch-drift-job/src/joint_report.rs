//! Reports how the numbers of one window go together, compared with training.

use chrono::{DateTime, Utc};
use modelwatch_drift::joint::JointMeasurement;

/// Reports how the numbers of a window go together, compared with training.
/// The example of [`DriftJob`](crate::DriftJob) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JointReport {
    /// The measurement, or why there is none.
    pub measurement: Result<JointMeasurement, String>,
    /// Whether drift is detected.
    pub detected: bool,
    /// How many windows in a row, up to this one, were further away than usual.
    pub in_a_row: u32,
    /// When the first of them began, as far as earlier windows were compared.
    pub since: Option<DateTime<Utc>>,
}
