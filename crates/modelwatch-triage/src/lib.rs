//! What changed: where an excess sits, since when, and which release is to blame.
//!
//! An alert says that a model misbehaves. This crate answers what a person asks next, from counts alone: functions that know no
//! server, no file and no clock, over a [`Source`](source::Source) that does.
//!
//! - [`triage`]: the five questions an operator asks first, answered for a model.
//! - [`localization`]: the combination of labels that explains an excess of errors, slow requests or missing values.
//! - [`onset`]: the moment at which a [`series`] left its usual ratio.
//! - [`release`]: what was released, and what of it is to blame.
//! - [`prometheus`]: Prometheus as a source; [`log`]: the prediction log as a second one.
//! - [`text`] and [`page`]: the answer as a screen of text and as a page of HTML.

pub mod localization;
pub mod log;
pub mod onset;
pub mod page;
pub mod prometheus;
pub mod release;
pub mod series;
pub mod source;
pub mod symptom;
pub mod text;
pub mod triage;
pub mod words;
