//! The flight-delay data and model that the examples serve. The data is described in `examples/data/flights`.

pub mod data;
pub mod error;
pub mod model;
pub mod version;
