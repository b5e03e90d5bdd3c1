//! Worlds: the series that Prometheus would have scraped while an incident happened.
//!
//! Requests are drawn one by one, so what they have in common is right without being said: a slow request is slow in its route,
//! its stage and its version, a score decides a class and the class an outcome. Counters count, histograms are cumulative, and
//! a process that restarts begins at zero.

mod condition;
mod counters;
mod drift_job;
mod made;
mod moment;
mod performance_job;
mod random;
mod requests;
mod series;
mod shares;
mod write;

pub use made::{Settings, World};
pub use series::Series;
