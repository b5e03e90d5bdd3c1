//! How right a model is: by labels, which come late, and by estimate, before they come.
//!
//! Everything here is a function of counts. [`BinaryCounts`], [`MulticlassCounts`] and [`RegressionCounts`] take predictions with their
//! labels one by one, in any order, on any number of threads or machines, merge without a rounding error, and take bounded memory:
//! a window, a version or a segment is one of them. Their [`Performance`] has each [`Measure`] with its value, the interval that
//! holds the truth in 95 % of windows, and the rows it is of; or the reason why it has none.
//!
//! [`Cbpe`] and [`MulticlassCbpe`] learn on a labelled reference what scores mean, and estimate the same measures of predictions whose labels are not
//! known; [`Dle`] does so of predicted numbers.
//! What such an estimate can't know is in [`Estimate::ASSUMPTION`] and [`Estimate::doubts`].
//!
//! [`loss_growth`] tells by how much a measure got worse since the reference, and [`LossByCell`] names the values and ranges of columns whose rows got worse by more than the others did.
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
