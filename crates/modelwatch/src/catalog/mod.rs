//! Which models and versions exist: live, retired, remembered.
//!
//! [`models`] finds a model by its name, [`versions`] a version of it, and [`recent`] is what one thread found last.

pub(crate) mod models;
pub(crate) mod recent;
pub(crate) mod versions;
