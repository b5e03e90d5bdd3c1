//! What a service calls.
//!
//! [`model_builder`] declares a version and [`model`] records what it does; [`route`] and [`in_flight`] record its
//! requests. [`watched`] is a request as an adapter carries it, and [`serving`] says which version serves it; both reach it through
//! [`current`], [`request`] and [`aside`]. Handles hold series and know nothing of scrapes.

pub(crate) mod aside;
pub(crate) mod class;
pub(crate) mod current;
pub(crate) mod generation;
pub(crate) mod in_flight;
pub(crate) mod model;
pub(crate) mod model_builder;
pub(crate) mod prediction;
pub(crate) mod recorded;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod runtime_delay;
pub(crate) mod serving;
pub(crate) mod stage_timer;
pub(crate) mod watched;
