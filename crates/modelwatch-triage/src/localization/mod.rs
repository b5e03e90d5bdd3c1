//! Where an excess sits: the combination of labels that explains it.
//!
//! Errors rise, and the alert names a model. The cause may be one version, one route on one replica, or everything. To find out,
//! you have to compare many combinations of labels at once, most of them small and noisy. [`localize`] does so for a [`Table`] of
//! counts: events (errors, slow requests, missing values) among trials (requests, observations), now and in a few intervals
//! before, by label values.
//!
//! - Each combination of up to three labels is expected to go on as in its own past. Some pseudo-trials draw it towards the
//!   overall ratio, so that a combination without a past is no surprise. Only the calmer half of the past counts, because the
//!   interval before an alert often contains the start of the trouble.
//! - Combinations are ranked by their Poisson log-likelihood ratio times the share of the whole excess they explain. The ratio
//!   alone prefers the purest corner of a culprit; the share alone prefers everything.
//! - The p-value is that of a scan: how often chance alone makes *any* combination that unlikely. It comes from replicates of
//!   the table, drawn from a fixed seed, so the same table always has the same answer.
//!
//! [`localize`] has an example.

mod answer;
mod chance;
mod combinations;
mod expectation;
mod scan;
mod settings;
mod table;

pub use answer::{Candidate, Localization, Slice};
pub use scan::{localize, slices};
pub use settings::Settings;
pub use table::Table;
