//! What changed: where an excess sits, since when, and which release is to blame.
//!
//! An alert says that a model misbehaves. This crate answers an operator's next questions from counts alone. Its functions know
//! no server, no file and no clock; a [`Source`](source::Source) supplies the counts.
//!
//! - [`triage`]: the five questions an operator asks first, answered for a model.
//! - [`localization`]: the combination of labels that explains an excess of errors, slow requests or missing values.
//! - [`onset`]: the moment at which a [`series`] left its usual ratio.
//! - [`release`]: what was released, and which release is to blame.
//! - [`prometheus`]: Prometheus as a source; [`log`]: the prediction log as a second one.
//! - [`text`] and [`page`]: the answer as plain text and as an HTML page.

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
