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
//! ```
//! use modelwatch_triage::onset::{Onset, Settings, onset};
//! use modelwatch_triage::series::{Series, Step};
//!
//! let steps = (0..120).map(|minute| Some(Step { events: if minute < 90 { 1.0 } else { 25.0 }, trials: 600.0 }));
//! let Onset::Since(moment) = onset(&Series::new(0, 60, steps), &Settings::default()) else { panic!("unknown") };
//! assert_eq!(moment.at, 90 * 60);
//! assert!(moment.earliest <= moment.at && moment.at <= moment.latest && moment.latest <= 92 * 60);
//! ```

mod partition;
mod search;

pub use search::{Direction, Moment, Onset, Settings, Unknown, onset};
