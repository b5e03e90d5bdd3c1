//! What a service calls.
//!
//! [`model_builder`] declares a version and [`model`] records what it does; [`route`] and [`in_flight`] record its
//! requests. Handles hold series and know nothing of scrapes.

pub(crate) mod class;
pub(crate) mod generation;
pub(crate) mod in_flight;
pub(crate) mod model;
pub(crate) mod model_builder;
pub(crate) mod polling;
pub(crate) mod prediction;
pub(crate) mod route;
pub(crate) mod stage_timer;
