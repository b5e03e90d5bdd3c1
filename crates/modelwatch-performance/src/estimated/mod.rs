//! Performance without labels.

mod boosting;
mod calibration;
mod cbpe;
mod columns;
mod dle;
mod doubt;
mod expected;
mod unlabelled;

pub use cbpe::{Cbpe, MulticlassCbpe};
pub use dle::{Dle, LossCounts, LossReference};
pub use doubt::{CannotEstimate, Doubt, Estimate};
pub use unlabelled::{MulticlassPredictionCounts, PredictionCounts};
