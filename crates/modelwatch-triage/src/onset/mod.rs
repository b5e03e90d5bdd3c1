//! Since when: the change point at which a series left its usual ratio.
//!
//! An alert fires when a condition has held for a while. So its own time is late by minutes or hours, and the longer the window,
//! the later. [`onset`] looks for the moment itself. It cuts the series into stretches with one ratio each, as few as the noise
//! of the series warrants (optimal partitioning under a Poisson likelihood, with a penalty for each cut). It returns the
//! beginning of the last run of raised stretches. A burst that is over, a gap, or a season that the usual values describe is not
//! an onset.
//!
//! The uncertainty is a likelihood interval: every moment that explains the series nearly as well, including the gap before it
//! where there are no samples.
//!
//! [`onset`](onset()) has an example.

mod partition;
mod search;

pub use search::{Direction, Moment, Onset, Settings, Unknown, onset};
