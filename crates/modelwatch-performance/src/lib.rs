//! How right a model is: by labels, which come late, and by estimate, before they come.
//!
//! Every function here works on counts. [`BinaryCounts`], [`MulticlassCounts`] and [`RegressionCounts`] take predictions with
//! their labels one by one, in any order, on any number of threads or machines. They merge without a rounding error and take
//! bounded memory, so you can keep one for each window, version or segment. Their [`Performance`] has each [`Measure`] with its
//! value, the interval that contains the truth in 95 % of windows, and its number of rows; or the reason why it has no value.
//!
//! [`Cbpe`] and [`MulticlassCbpe`] learn from a labelled reference what scores mean, and estimate the same measures for
//! predictions without labels. [`Dle`] does so for predicted numbers. [`Estimate::ASSUMPTION`] and [`Estimate::doubts`] say what
//! such an estimate can't know.
//!
//! [`loss_growth`] computes by how much a measure got worse since the reference. [`LossByCell`] names the values and ranges of
//! columns whose rows got worse by more than the others.
//!
//! This crate reads no files and joins no labels; `modelwatch-drift-job` does.

mod classes;
mod culprits;
mod estimated;
mod exact_sum;
mod growth;
mod interval;
mod mean;
mod measure;
mod realised;
mod scores;

pub use classes::{Classes, ClassesError, Unmergeable};
pub use culprits::{Culprit, LossByCell};
pub use estimated::{
    CannotEstimate, Cbpe, Dle, Doubt, Estimate, LossCounts, LossReference, MulticlassCbpe, MulticlassPredictionCounts,
    PredictionCounts,
};
pub use growth::loss_growth;
pub use measure::{Better, Interval, Measure, Measured, Performance, Undefined};
pub use realised::{BinaryCounts, MulticlassCounts, RegressionCounts};
pub use scores::SCORE_BITS;
