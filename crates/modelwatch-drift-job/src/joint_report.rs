//! How the numbers of one window go together, against training.

use chrono::{DateTime, Utc};
use modelwatch_drift::joint::JointMeasurement;

/// How the numbers of a window go together, against training.
/// The example of [`DriftJob`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JointReport {
    /// How far it is, or why that is not known.
    pub measurement: Result<JointMeasurement, String>,
    /// Whether drift is detected.
    pub detected: bool,
    /// How many windows in a row, up to this one, were further than usual.
    pub in_a_row: u32,
    /// When the first of them began, as far as windows were looked at.
    pub since: Option<DateTime<Utc>>,
}
