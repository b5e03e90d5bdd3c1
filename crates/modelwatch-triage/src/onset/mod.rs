//! Since when: the change point at which a series left its usual ratio.
//!
//! An alert fires when a condition has held for a while, so its own time is late by minutes or hours, and the longer the
//! window the later. [`onset`] looks for the moment itself. It cuts the series into stretches of one ratio each, as few as the
//! noise of the series warrants (optimal partitioning under Poisson's likelihood, with a penalty for each cut), and answers
//! where the last run of raised stretches begins. A burst that is over, a gap, or a season that the usual values describe is no onset.
//!
//! The uncertainty is a likelihood interval: every moment that explains the series nearly as well, with the gap before it where
//! no sample tells.
//!
//! [`onset`](onset()) has an example.

mod partition;
mod search;

pub use search::{Direction, Moment, Onset, Settings, Unknown, onset};
