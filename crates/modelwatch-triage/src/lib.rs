//! What changed: where an excess sits, since when, and which release is to blame.
//!
//! An alert says that a model misbehaves. This crate answers what a person asks next, from counts alone: pure functions that
//! know no server, no file and no clock.
//!
//! - [`localization`]: the combination of labels that explains an excess of errors, slow requests or missing values.

pub mod localization;
