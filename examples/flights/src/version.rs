//! The two versions of the model that the demo serves: trained once, and kept as files in `models/`.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::data::{FEATURES, Flight};
use crate::error::Failure;
use crate::model::DelayModel;

/// A version of the model.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Its name.
    pub name: &'static str,
    /// What it was trained on.
    pub features: &'static [&'static str],
    file: &'static str,
}

/// With all features.
pub const STABLE: Version = Version {
    name: "2013q1",
    features: &FEATURES,
    file: include_str!("../models/2013q1.json"),
};

/// Without the weather.
pub const CANARY: Version = Version {
    name: "2013q1-noweather",
    features: &["dep_delay", "distance", "hour"],
    file: include_str!("../models/2013q1-noweather.json"),
};

/// Midnight in New York before 18 February 2013, in seconds since 1970.
const QUIET_BEGINS: u64 = 1_361_163_600;

/// The week of February that no version is trained on: it has the season of training, so nothing drifts in it.
#[must_use]
pub fn quiet() -> Range<SystemTime> {
    let begins = SystemTime::UNIX_EPOCH + Duration::from_secs(QUIET_BEGINS);
    begins..begins + Duration::from_hours(7 * 24)
}

/// Divides the first quarter into the flights of the [`quiet`] week and those that versions are trained on.
#[must_use]
pub fn divide(quarter: Vec<Flight>) -> (Vec<Flight>, Vec<Flight>) {
    let quiet = quiet();
    quarter
        .into_iter()
        .partition(|flight| quiet.contains(&flight.scheduled))
}

impl Version {
    /// The trained model.
    ///
    /// # Errors
    ///
    /// When its file is no model.
    pub fn load(&self) -> Result<DelayModel, Failure> {
        DelayModel::from_json(self.file)
    }
}
