//! The numbers of one thing with labels: a version, a route of it, its scores, its features.
//!
//! Series are storage. A service writes them through `handles`, a scrape reads them through `exposition`, and `catalog`
//! says which of them exist. A [`version`] holds what its [`model`] has in common, and a model holds no version, so
//! nothing keeps itself alive.

pub(crate) mod context;
pub(crate) mod counters;
pub(crate) mod feature_book;
pub(crate) mod feature_cells;
pub(crate) mod features;
pub(crate) mod generation;
pub(crate) mod model;
pub(crate) mod prediction_sink;
pub(crate) mod route;
pub(crate) mod schema;
pub(crate) mod scores;
pub(crate) mod stages;
#[cfg(feature = "tracing")]
pub(crate) mod traces;
pub(crate) mod version;
