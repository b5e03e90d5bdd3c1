//! Performance by labels.

mod binary;
mod calibration_error;
mod multiclass;
mod probabilities;
mod regression;

pub use binary::BinaryCounts;
pub use multiclass::MulticlassCounts;
pub use regression::RegressionCounts;

pub(crate) use multiclass::share;
pub(crate) use probabilities::log_loss;
pub(crate) use regression::root;
